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
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { SPINS = 300, YIELDS = 100, LINE = 64 };

/* What a caller waits, in nanoseconds, before it asks whether the others run. If they did not, it works alone for TIMES
 * as long as it has waited; for twice that if it last waited less than RECENT ago, and so on; never for longer than
 * LONGEST. */
static const int64_t PATIENCE = 200000, TIMES = 8, MOST_TIMES = 1024, RECENT = 2000000000, LONGEST = 1000000000;

struct team {
  void (*body)(void *context);
  void *context;
  size_t threads;
  /* Threads that have the shares 1, 2, ... first. Those behind are the caller's. */
  struct worker *workers;
  size_t worker_count;
  /* The step that the caller's first share is to be taken in next. Polled, like all with lines of their own. */
  _Alignas(LINE) atomic_size_t step;
  /* Shares that are done, of all steps. */
  _Alignas(LINE) atomic_size_t done;
  /* Whether the caller goes on alone. */
  atomic_int is_closed;
  /* Workers that have not left the team. */
  _Alignas(LINE) atomic_size_t working;
};

struct worker {
  pthread_t handle;
  struct worker *next;
  /* Its share. */
  size_t share;
  /* What it had computed when the caller began to wait, in nanoseconds. */
  int64_t computed;
  /* The step that its share is to be taken in next. */
  _Alignas(LINE) atomic_size_t step;
  /* The team to join; none while idle, and as soon as it has joined. */
  _Alignas(LINE) _Atomic(struct team *) team;
  /* Guarded by `lock`: whether the worker ends. */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int ends;
};

/* A thread in a team. */
struct member {
  struct team *team;
  /* None for the caller. */
  struct worker *worker;
  size_t step;
  /* Whether it has a share in hand. */
  int is_busy;
  /* Whether it has asked for the share in this step that is its own; and, of the caller's further ones, the next. */
  int has_begun;
  size_t further;
};

/* The process-wide object: workers without a team. */
static struct {
  pthread_mutex_t lock;
  struct worker *idle;
  int watches_fork;
} pool = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

/* What the thread is in the team that it works for. */
static _Thread_local struct member *current;

/* Until when this thread calls without workers, and by how many times what it had waited. */
static _Thread_local int64_t alone_until, alone_times;

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Nanoseconds of a clock; 0 if there is none. */
static int64_t now(clockid_t clock) {
  struct timespec time;
  return clock_gettime(clock, &time) == 0 ? (int64_t)time.tv_sec * 1000000000 + time.tv_nsec : 0;
}

/* What the worker that computed least has computed since the last time this was asked. */
static int64_t least_computed(struct team *team) {
  int64_t least = INT64_MAX;
  for (struct worker *worker = team->workers; worker; worker = worker->next) {
    clockid_t clock;
    int64_t computed = pthread_getcpuclockid(worker->handle, &clock) == 0 ? now(clock) : 0;
    if (computed - worker->computed < least) least = computed - worker->computed;
    worker->computed = computed;
  }
  return least;
}

/* Whether as many shares are done. */
static int are_done(struct team *team, size_t count) {
  return atomic_load_explicit(&team->done, memory_order_acquire) >= count;
}

/* Whether all workers have left. */
static int have_left(struct team *team, size_t count) {
  return atomic_load_explicit(&team->working, memory_order_acquire) == count;
}

static int is_closed(struct team *team) {
  return atomic_load_explicit(&team->is_closed, memory_order_relaxed);
}

/* The caller waits. If that lasts, and a worker had no processor for most of it, the team is closed. */
static void await(struct team *team, int (*is_over)(struct team *, size_t), size_t count) {
  for (unsigned polls = 0; polls < SPINS; ++polls) {
    if (is_over(team, count)) return;
    pause_briefly();
  }
  int64_t begun = now(CLOCK_MONOTONIC);
  least_computed(team);
  while (!is_over(team, count)) sched_yield();
  int64_t end = now(CLOCK_MONOTONIC), waited = end - begun;
  if (waited < PATIENCE || 2 * least_computed(team) > waited) return;
  if (is_closed(team)) return;
  atomic_store_explicit(&team->is_closed, 1, memory_order_relaxed);
  if (alone_times == 0 || end - alone_until >= RECENT)
    alone_times = TIMES;
  else if (alone_times < MOST_TIMES)
    alone_times *= 2;
  alone_until = end + (waited < LONGEST / alone_times ? waited * alone_times : LONGEST);
}

/* Whether a share was not taken in this step yet, and is now. */
static int take(atomic_size_t *of_share, size_t step) {
  size_t expected = step;
  return atomic_load_explicit(of_share, memory_order_relaxed) == step &&
         atomic_compare_exchange_strong_explicit(of_share, &expected, step + 1, memory_order_relaxed,
                                                 memory_order_relaxed);
}

/* A share that nobody has begun; `threads` if there is none. */
static size_t take_any(struct member *self) {
  struct team *team = self->team;
  struct worker *own = self->worker;
  if (!self->has_begun) {
    self->has_begun = 1;
    if (take(own ? &own->step : &team->step, self->step)) return own ? own->share : 0;
  }
  if (!own && self->further < team->threads) return self->further++;
  for (struct worker *other = team->workers; other; other = other->next)
    if (take(&other->step, self->step)) return other->share;
  return own && take(&team->step, self->step) ? 0 : team->threads;
}

size_t afp_runtime_share(void) {
  struct member *self = current;
  struct team *team = self->team;
  if (self->is_busy) atomic_fetch_add_explicit(&team->done, 1, memory_order_acq_rel);
  self->is_busy = 0;
  if (!self->worker || !is_closed(team)) {
    size_t share = take_any(self);
    if (share < team->threads) {
      self->is_busy = 1;
      return share;
    }
    size_t count = (self->step + 1) * team->threads;
    if (!self->worker)
      await(team, are_done, count);
    else
      for (unsigned polls = 0; !are_done(team, count) && !is_closed(team); ++polls) {
        if (polls < SPINS)
          pause_briefly();
        else
          sched_yield();
      }
  }
  self->step += 1;
  self->has_begun = 0;
  self->further = team->worker_count + 1;
  return team->threads;
}

static void work(struct team *team, struct worker *worker) {
  struct member *outer = current;
  struct member self = {.team = team, .worker = worker, .further = team->worker_count + 1};
  current = &self;
  team->body(team->context);
  current = outer;
}

/* The next team of a worker, which it has joined; none if it is to end. */
static struct team *next_team(struct worker *self) {
  for (unsigned polls = 0;;) {
    /* The caller may have done all by itself, and taken the team back. */
    if (atomic_load_explicit(&self->team, memory_order_relaxed)) {
      struct team *team = atomic_exchange_explicit(&self->team, NULL, memory_order_acq_rel);
      if (team) return team;
    }
    if (++polls < SPINS) {
      pause_briefly();
    } else if (polls < SPINS + YIELDS) {
      sched_yield();
    } else {
      pthread_mutex_lock(&self->lock);
      while (!atomic_load_explicit(&self->team, memory_order_relaxed) && !self->ends)
        pthread_cond_wait(&self->wake, &self->lock);
      int ends = self->ends;
      pthread_mutex_unlock(&self->lock);
      if (ends) return NULL;
    }
  }
}

static void *work_for_teams(void *argument) {
  struct worker *self = argument;
  struct team *team;
  while ((team = next_team(self))) {
    work(team, self);
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
  worker->share = 0;
  worker->computed = 0;
  worker->ends = 0;
  atomic_init(&worker->step, 0);
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

/* A list of `count` workers, or as many as there can be. */
static struct worker *take_workers(size_t count) {
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

void afp_pool_run(int threads, void (*body)(void *context), void *context) {
  struct team team = {.body = body, .context = context, .threads = threads > 1 ? (size_t)threads : 1};
  atomic_init(&team.step, 0);
  atomic_init(&team.done, 0);
  atomic_init(&team.is_closed, 0);
  if (team.threads > 1 && (alone_until == 0 || now(CLOCK_MONOTONIC) >= alone_until))
    team.workers = take_workers(team.threads - 1);
  for (struct worker *worker = team.workers; worker; worker = worker->next) {
    worker->share = ++team.worker_count;
    atomic_store_explicit(&worker->step, 0, memory_order_relaxed);
  }
  atomic_init(&team.working, team.worker_count);
  for (struct worker *worker = team.workers; worker; worker = worker->next) rouse(worker, &team);
  work(&team, NULL);
  if (!team.workers) return;
  size_t absent = 0;
  for (struct worker *worker = team.workers; worker; worker = worker->next)
    if (atomic_exchange_explicit(&worker->team, NULL, memory_order_acq_rel)) ++absent;
  await(&team, have_left, absent);
  give_back(team.workers);
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
