/* Threads for generated code: what a network compiled for several threads calls on a host.
 *
 * A *team* runs one function on several threads at a time: the caller, and workers from a pool that the
 * process has one of. Workers are created when a team needs more of them than are idle, and wait for the
 * next team from then on; none is created before the first call.
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

/* Calls body(context, thread) on `threads` threads at a time, thread = 0 to threads - 1, of which 0 is the
 * caller, and waits for all of them. What they wrote is visible to the caller.
 * Returns 0, or 1 if the system refuses a thread (too few, memory): then nothing was called. */
int afp_pool_run(int threads, void (*body)(void *context, size_t thread), void *context);

/* Waits until every thread of the team that the calling thread belongs to has called it as many times.
 * What they wrote before is visible behind it. Outside of a team it does nothing. */
void afp_runtime_barrier(void);

#ifdef __cplusplus
}
#endif

#endif
