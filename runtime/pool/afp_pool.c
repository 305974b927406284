/* See afp_pool.h. C11 and POSIX threads.
 *
 * Waiting is in three steps: SPINS polls with a pause between them, since the layers of a small network
 * last microseconds; then sched_yield, so that a team of more threads than processors makes progress; and
 * for workers without a team, after YIELDS of these, a condition variable. */
#define _POSIX_C_SOURCE 200809L

#include "afp_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SPINS = 300, YIELDS = 100, LINE = 64 };

struct team {
  void (*body)(void *context, size_t thread);
  void *context;
  unsigned threads;
  /* Threads that arrived at the barrier, and how often it opened: polled, so each on a line of its own. */
  _Alignas(LINE) atomic_uint arrived;
  _Alignas(LINE) atomic_uint opened;
  /* Workers that have not left the team. */
  _Alignas(LINE) atomic_uint working;
};

struct worker {
  pthread_t handle;
  struct worker *next;
  size_t thread;
  /* The team to work for; none while idle. Polled. */
  _Alignas(LINE) _Atomic(struct team *) team;
  /* Guarded by `lock`: whether the worker sleeps or ends. */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int ends;
};

/* The process-wide object: workers without a team. */
static struct {
  pthread_mutex_t lock;
  struct worker *idle;
  int watches_fork;
} pool = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

/* The team that the thread works for. */
static _Thread_local struct team *current;

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Between two polls, of which `polls` were before. */
static void wait_a_little(unsigned polls) {
  if (polls < SPINS)
    pause_briefly();
  else
    sched_yield();
}

void afp_runtime_barrier(void) {
  struct team *team = current;
  if (!team || team->threads == 1) return;
  /* It cannot open between this line and the arrival below, for which it waits. */
  unsigned before = atomic_load_explicit(&team->opened, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 == team->threads) {
    atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&team->opened, before + 1, memory_order_release);
    return;
  }
  for (unsigned polls = 0; atomic_load_explicit(&team->opened, memory_order_acquire) == before; ++polls)
    wait_a_little(polls < SPINS ? polls : SPINS);
}

static void work(struct team *team, size_t thread) {
  struct team *outer = current;
  current = team;
  team->body(team->context, thread);
  current = outer;
}

/* The next team of a worker; none if it is to end. */
static struct team *next_team(struct worker *self) {
  for (unsigned polls = 0; polls < SPINS + YIELDS; ++polls) {
    struct team *team = atomic_load_explicit(&self->team, memory_order_acquire);
    if (team) return team;
    wait_a_little(polls);
  }
  pthread_mutex_lock(&self->lock);
  while (!atomic_load_explicit(&self->team, memory_order_acquire) && !self->ends)
    pthread_cond_wait(&self->wake, &self->lock);
  pthread_mutex_unlock(&self->lock);
  return atomic_load_explicit(&self->team, memory_order_acquire);
}

static void *work_for_teams(void *argument) {
  struct worker *self = argument;
  struct team *team;
  while ((team = next_team(self))) {
    work(team, self->thread);
    atomic_store_explicit(&self->team, NULL, memory_order_relaxed);
    /* The last touch: the caller may then give the worker to another team, and its own goes away. */
    atomic_fetch_sub_explicit(&team->working, 1, memory_order_release);
  }
  return NULL;
}

/* Hands a team, or the end, to a worker that may sleep. */
static void rouse(struct worker *worker, struct team *team) {
  pthread_mutex_lock(&worker->lock);
  atomic_store_explicit(&worker->team, team, memory_order_release);
  worker->ends = !team;
  pthread_cond_signal(&worker->wake);
  pthread_mutex_unlock(&worker->lock);
}

static struct worker *create_worker(void) {
  struct worker *worker = aligned_alloc(LINE, (sizeof *worker + LINE - 1) / LINE * LINE);
  if (!worker) return NULL;
  worker->next = NULL;
  worker->thread = 0;
  worker->ends = 0;
  atomic_init(&worker->team, NULL);
  pthread_mutex_init(&worker->lock, NULL);
  pthread_cond_init(&worker->wake, NULL);
  if (pthread_create(&worker->handle, NULL, work_for_teams, worker) == 0) return worker;
  pthread_cond_destroy(&worker->wake);
  pthread_mutex_destroy(&worker->lock);
  free(worker);
  return NULL;
}

static void before_fork(void) { pthread_mutex_lock(&pool.lock); }
static void after_fork(void) { pthread_mutex_unlock(&pool.lock); }

/* The workers of the parent are not here: they are forgotten, with the little memory they take. */
static void in_child(void) {
  pool.idle = NULL;
  pthread_mutex_unlock(&pool.lock);
}

/* A list of `count` workers; none if there are not enough. */
static struct worker *take_workers(unsigned count) {
  struct worker *taken = NULL;
  pthread_mutex_lock(&pool.lock);
  if (!pool.watches_fork) pool.watches_fork = pthread_atfork(before_fork, after_fork, in_child) == 0;
  for (; count > 0; --count) {
    struct worker *worker = pool.idle;
    if (worker)
      pool.idle = worker->next;
    else
      worker = create_worker();
    if (!worker) break;
    worker->next = taken;
    taken = worker;
  }
  while (count > 0 && taken) {
    struct worker *worker = taken;
    taken = worker->next;
    worker->next = pool.idle;
    pool.idle = worker;
  }
  pthread_mutex_unlock(&pool.lock);
  return taken;
}

static void give_back(struct worker *first) {
  struct worker *last = first;
  while (last->next) last = last->next;
  pthread_mutex_lock(&pool.lock);
  last->next = pool.idle;
  pool.idle = first;
  pthread_mutex_unlock(&pool.lock);
}

int afp_pool_run(int threads, void (*body)(void *context, size_t thread), void *context) {
  struct team team = {.body = body, .context = context, .threads = threads > 1 ? (unsigned)threads : 1};
  atomic_init(&team.arrived, 0);
  atomic_init(&team.opened, 0);
  atomic_init(&team.working, team.threads - 1);
  struct worker *workers = NULL;
  if (team.threads > 1) {
    workers = take_workers(team.threads - 1);
    if (!workers) return 1;
  }
  size_t thread = 1;
  for (struct worker *worker = workers; worker; worker = worker->next) {
    worker->thread = thread++;
    rouse(worker, &team);
  }
  work(&team, 0);
  for (unsigned polls = 0; atomic_load_explicit(&team.working, memory_order_acquire) != 0; ++polls)
    wait_a_little(polls < SPINS ? polls : SPINS);
  if (workers) give_back(workers);
  return 0;
}

/* Idle workers end before the code that they run is unloaded. */
__attribute__((destructor)) static void end_workers(void) {
  pthread_mutex_lock(&pool.lock);
  struct worker *worker = pool.idle;
  pool.idle = NULL;
  pthread_mutex_unlock(&pool.lock);
  while (worker) {
    struct worker *next = worker->next;
    rouse(worker, NULL);
    pthread_join(worker->handle, NULL);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
    worker = next;
  }
}
