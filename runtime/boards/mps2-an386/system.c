/* Files of the host, by semihosting: a breakpoint that the simulator takes as a call. */
#include "system.h"

enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, EXIT_EXTENDED = 0x20 };
enum { READ_BINARY = 1, WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };

static uint32_t input, output;

static uint32_t call(uint32_t operation, const void *arguments) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static uint32_t open_file(const char *name, uint32_t length, uint32_t mode) {
  uint32_t arguments[3] = {(uint32_t)name, mode, length};
  return call(OPEN, arguments);
}

int system_open_input(void) {
  input = open_file("inputs.bin", 10, READ_BINARY);
  return input == UINT32_MAX;
}

int system_open_output(void) {
  output = open_file("outputs.bin", 11, WRITE_BINARY);
  return output == UINT32_MAX;
}

/* Both calls return how many bytes are left. */
int system_read(void *to, uint32_t bytes) {
  uint32_t arguments[3] = {input, (uint32_t)to, bytes};
  return call(READ, arguments) != 0;
}

int system_write(const void *from, uint32_t bytes) {
  uint32_t arguments[3] = {output, (uint32_t)from, bytes};
  return call(WRITE, arguments) != 0;
}

void system_exit(int code) {
  uint32_t arguments[2] = {APPLICATION_EXIT, (uint32_t)code};
  call(EXIT_EXTENDED, arguments);
  for (;;) {}
}
