/* The table of networks that a simulation runs. */
#ifndef AFP_NETWORKS_H
#define AFP_NETWORKS_H

#include <stdint.h>

struct afp_network {
  int (*run)(const void *const *inputs, void *const *outputs, void *arena);
  uint32_t samples;
  uint32_t inputs, outputs;          /* how many tensors */
  const uint32_t *bytes;             /* of each input, then of each output */
  uint32_t arena_bytes;
};

extern const struct afp_network afp_networks[];
extern const uint32_t afp_network_count;

/* Room for the tensors and the arena of the largest network, with guards around each, and for where
 * they lie: one pointer more than there are tensors. */
extern unsigned char afp_memory[];
extern unsigned char *afp_places[];

enum { AFP_ALIGNMENT = 64, AFP_GUARD = 64 };

#endif
