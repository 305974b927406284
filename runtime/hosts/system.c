/* Files by the C library. With AFP_COUNT_STEPS defined, the program itself counts the instructions of
 * its first call, for machines that no simulator has (x86-64): see below. */
#define _GNU_SOURCE
#include "system.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *input, *output;

#if defined(AFP_COUNT_STEPS)
#include <signal.h>
#include <ucontext.h>

/* afp_call sets the processor's trap flag in front of its call instruction: a signal then follows that
 * instruction and each one that is called, the last of them with the address behind the call. */
extern char afp_call_end[];
int afp_step = 1;
static unsigned long long steps;

static void on_trap(int number, siginfo_t *info, void *context) {
  ucontext_t *at = context;
  (void)number, (void)info;
  if ((char *)at->uc_mcontext.gregs[REG_RIP] != afp_call_end) {
    steps++;
    return;
  }
  FILE *counts = fopen("counts.txt", "w");
  if (counts) fprintf(counts, "%llu\n", steps), fclose(counts);
  at->uc_mcontext.gregs[REG_EFL] &= ~0x100LL;
  afp_step = 0;
}

static void watch_steps(void) {
  struct sigaction action = {0};
  action.sa_sigaction = on_trap;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, NULL);
}
#else
static void watch_steps(void) {}
#endif

int system_open_input(void) {
  watch_steps();
  input = fopen("inputs.bin", "rb");
  return !input;
}

int system_open_output(void) {
  output = fopen("outputs.bin", "wb");
  return !output;
}

int system_read(void *to, uint32_t bytes) { return fread(to, 1, bytes, input) != bytes; }

int system_write(const void *from, uint32_t bytes) { return fwrite(from, 1, bytes, output) != bytes; }

void system_exit(int code) {
  if (output && fclose(output) && !code) code = 2;
  exit(code);
}
