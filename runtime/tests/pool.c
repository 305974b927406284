/* Teams that sum numbers in steps with barriers in between: pool THREADS TEAMS CALLERS */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "afp_pool.h"

enum { NUMBERS = 64, MOST = 64 };

struct sum {
  int threads;
  long parts[MOST];
  long total;
};

static void add_up(void *context, size_t thread) {
  struct sum *sum = context;
  for (long round = 0; round < 3; ++round) {
    long part = 0;
    for (long i = (long)thread; i < NUMBERS; i += sum->threads) part += i + round;
    sum->parts[thread] = part;
    afp_runtime_barrier();
    if (thread == 0) {
      for (int i = 0; i < sum->threads; ++i) sum->total += sum->parts[i];
    }
    afp_runtime_barrier();
  }
}

static long expected(void) { return 3L * NUMBERS * (NUMBERS - 1) / 2 + 3L * NUMBERS; }

static int threads, teams;

static void *call(void *failures) {
  for (int i = 0; i < teams; ++i) {
    struct sum sum = {.threads = threads};
    if (afp_pool_run(threads, add_up, &sum) != 0 || sum.total != expected()) ++*(int *)failures;
  }
  return NULL;
}

/* A team inside each thread of a team. */
static void nest(void *context, size_t thread) {
  struct sum sum = {.threads = 2};
  afp_runtime_barrier();
  int status = afp_pool_run(2, add_up, &sum);
  afp_runtime_barrier();
  ((int *)context)[thread] = status != 0 || sum.total != expected();
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  threads = atoi(argv[1]);
  teams = atoi(argv[2]);
  int callers = atoi(argv[3]), failures[MOST] = {0}, bad = 0;
  pthread_t handles[MOST];
  if (threads > MOST || callers > MOST) return 2;
  afp_runtime_barrier();
  for (int i = 0; i < callers; ++i)
    if (pthread_create(&handles[i], NULL, call, &failures[i]) != 0) return 3;
  for (int i = 0; i < callers; ++i) pthread_join(handles[i], NULL);
  for (int i = 0; i < callers; ++i) bad += failures[i];
  int inner[3] = {1, 1, 1};
  bad += afp_pool_run(3, nest, inner);
  bad += inner[0] + inner[1] + inner[2];
#ifdef FORK
  pid_t child = fork();
  if (child == 0) {
    int failed = 0;
    teams = 3;
    call(&failed);
    exit(failed != 0);
  }
  int status = 1;
  if (waitpid(child, &status, 0) != child || status != 0) bad += 1;
  call(&bad);
#endif
  printf("%d wrong\n", bad);
  return bad != 0;
}
