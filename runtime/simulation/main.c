/* Calls networks on samples: inputs from a file, outputs to a file.
 *
 * Before each call the arena and the outputs hold garbage, and guards lie around every tensor. The
 * status that the program ends with says what went wrong:
 *   2  a file cannot be read or written      4  something was written beside outputs and arena
 *   3  a network's status was not 0          5  an input was changed                              */
#include "networks.h"
#include "system.h"

int afp_call(const void *const *inputs, void *const *outputs, void *arena,
             int (*run)(const void *const *, void *const *, void *));

static void fill(unsigned char *at, uint32_t bytes, unsigned char value) {
  for (uint32_t i = 0; i < bytes; i++) at[i] = value;
}

/* A sum in which the place of a byte counts. */
static uint32_t sum(const unsigned char *at, uint32_t bytes) {
  uint32_t total = 1;
  for (uint32_t i = 0; i < bytes; i++) total = total * 31 + at[i];
  return total;
}

static uint32_t aligned(uint32_t bytes) {
  return (bytes + AFP_ALIGNMENT - 1) / AFP_ALIGNMENT * AFP_ALIGNMENT;
}

static int is_filled(const unsigned char *at, uint32_t bytes, unsigned char value) {
  for (uint32_t i = 0; i < bytes; i++)
    if (at[i] != value) return 0;
  return 1;
}

static int run_sample(const struct afp_network *network, unsigned char garbage) {
  const unsigned char guard = 0xA5;
  uint32_t tensors = network->inputs + network->outputs, before = 0;
  unsigned char **place = afp_places, *next = afp_memory;
  for (uint32_t t = 0; t <= tensors; t++) {
    uint32_t bytes = t < tensors ? network->bytes[t] : network->arena_bytes;
    fill(next, AFP_GUARD, guard);
    place[t] = next + AFP_GUARD;
    fill(place[t], bytes, garbage);
    fill(place[t] + bytes, aligned(bytes) - bytes, guard);
    next = place[t] + aligned(bytes);
  }
  fill(next, AFP_GUARD, guard);
  for (uint32_t t = 0; t < network->inputs; t++) {
    if (system_read(place[t], network->bytes[t])) return 2;
    before ^= sum(place[t], network->bytes[t]);
  }
  if (afp_call((const void *const *)place, (void *const *)(place + network->inputs), place[tensors],
               network->run))
    return 3;
  for (uint32_t t = 0; t < network->inputs; t++) before ^= sum(place[t], network->bytes[t]);
  if (before) return 5;
  for (uint32_t t = 0; t <= tensors; t++) {
    uint32_t bytes = t < tensors ? network->bytes[t] : network->arena_bytes;
    if (!is_filled(place[t] - AFP_GUARD, AFP_GUARD, guard)) return 4;
    if (!is_filled(place[t] + bytes, aligned(bytes) - bytes + AFP_GUARD, guard)) return 4;
  }
  for (uint32_t t = network->inputs; t < tensors; t++)
    if (system_write(place[t], network->bytes[t])) return 2;
  return 0;
}

int main(void) {
  int status = system_open_input() || system_open_output() ? 2 : 0;
  for (uint32_t n = 0; n < afp_network_count && !status; n++)
    for (uint32_t s = 0; s < afp_networks[n].samples && !status; s++)
      status = run_sample(&afp_networks[n], (unsigned char)(0x5A + 77 * s));
  system_exit(status);
  return status;
}
