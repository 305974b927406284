/* Teams that sum numbers in steps: pool THREADS TEAMS CALLERS DELAY */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "afp_pool.h"

enum { NUMBERS = 64, MOST = 64 };

struct sum {
  int threads;
  /* What workers sleep before their first share, in microseconds. */
  unsigned delay;
  pthread_t caller;
  long parts[MOST];
  long total;
};

/* Sums in the first step of a round, and the sum of the sums in the second. */
static void add_up(void *context) {
  struct sum *sum = context;
  size_t share, threads = (size_t)sum->threads;
  if (sum->delay && !pthread_equal(pthread_self(), sum->caller)) usleep(sum->delay);
  for (long round = 0; round < 3; ++round) {
    while ((share = afp_runtime_share()) < threads) {
      long part = 0;
      for (long i = (long)share; i < NUMBERS; i += sum->threads) part += i + round;
      sum->parts[share] = part;
    }
    while ((share = afp_runtime_share()) < threads) {
      for (int i = 0; share == 0 && i < sum->threads; ++i) sum->total += sum->parts[i];
    }
  }
}

static int is_wrong(int threads, unsigned delay) {
  struct sum sum = {.threads = threads, .delay = delay, .caller = pthread_self()};
  afp_pool_run(threads, add_up, &sum);
  return sum.total != 3L * NUMBERS * (NUMBERS - 1) / 2 + 3L * NUMBERS;
}

static int threads, teams;
static unsigned delay;

static void *call(void *failures) {
  for (int i = 0; i < teams; ++i) *(int *)failures += is_wrong(threads, delay);
  return NULL;
}

/* A team for each share of a team. */
static void nest(void *context) {
  for (int round = 0; round < 2; ++round) {
    size_t share;
    while ((share = afp_runtime_share()) < 3) ((int *)context)[share] = is_wrong(2, 0);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  threads = atoi(argv[1]);
  teams = atoi(argv[2]);
  delay = (unsigned)atoi(argv[4]);
  int callers = atoi(argv[3]), failures[MOST] = {0}, bad = 0;
  pthread_t handles[MOST];
  if (threads > MOST || callers > MOST) return 2;
  for (int i = 0; i < callers; ++i)
    if (pthread_create(&handles[i], NULL, call, &failures[i]) != 0) return 3;
  for (int i = 0; i < callers; ++i) pthread_join(handles[i], NULL);
  for (int i = 0; i < callers; ++i) bad += failures[i];
  int inner[3] = {1, 1, 1};
  afp_pool_run(3, nest, inner);
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
