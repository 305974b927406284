/* Threads for generated code: what a network compiled for several threads calls on a host.
 *
 * A *team* runs one function, which goes through a sequence of steps; the work of each step is in so many
 * *shares* as the team has threads. A thread takes its own share, and then those that no other has begun.
 * So the caller never waits for a thread that the system has not given a processor, only for a share that
 * such a thread has in hand. Where it has waited long for one that did not run, it does the rest of the
 * call alone, and so the next calls: more threads than processors are about as fast as one.
 *
 * Workers are from a pool that the process has one of. They are created when a team needs more of them than
 * are idle, and wait for the next team from then on; none is created before the first call. Where the system
 * refuses a thread, the team has fewer.
 *
 * Any number of teams may run at a time, each with workers of its own, also one from inside another.
 * After a fork the child has no workers, and creates its own. Workers end when the process does, or when
 * the shared library that holds this file is unloaded, which must not be while a team runs. */
#ifndef AFP_POOL_H
#define AFP_POOL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Calls body(context) on the caller, and on up to `threads` - 1 other threads that have the time, and waits for
 * those that have begun. What they wrote is visible to the caller. */
void afp_pool_run(int threads, void (*body)(void *context), void *context);

/* The next share of the current step for the calling thread, 0 to `threads` - 1 of its team. The one it got before
 * in this step counts as done. Once all have begun, the number of threads: then the step has ended. The next call is
 * for the step behind it.
 *
 * What was written for the shares of a step is visible in the next ones. A body goes through the same steps on every
 * thread, and calls this until each ends; nothing else may call it. */
size_t afp_runtime_share(void);

#ifdef __cplusplus
}
#endif

#endif
