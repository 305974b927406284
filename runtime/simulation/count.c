/* A plugin of QEMU that writes how many instructions each call of a network executes.
 *
 * Arguments: begin=ADDRESS, of the call instruction; end=ADDRESS, that it returns to; out=FILE. Each
 * block of translated code adds its length to a counter when it is entered. The blocks at the two
 * addresses read the counter before they add theirs: the difference is the call instruction, which is
 * taken off, and what was called.
 *
 * The declarations are those of QEMU's plugin interface, version 1. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum plugin_flags { NO_REGISTERS };
enum plugin_op { ADD_U64 };
typedef void (*translated)(plugin_id, struct qemu_plugin_tb *);
typedef void (*executed)(unsigned cpu, void *data);
typedef void (*ended)(plugin_id, void *data);

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, translated);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, executed, enum plugin_flags, void *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum plugin_op, void *, uint64_t);
extern void qemu_plugin_register_atexit_cb(plugin_id, ended, void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

static uint64_t executed_count, count_at_call, begin, end;
static FILE *out;

static void on_call(unsigned cpu, void *data) {
  (void)cpu, (void)data;
  count_at_call = executed_count;
}

static void on_return(unsigned cpu, void *data) {
  (void)cpu, (void)data;
  fprintf(out, "%llu\n", (unsigned long long)(executed_count - count_at_call - 1));
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *block) {
  (void)id;
  uint64_t address = qemu_plugin_tb_vaddr(block);
  if (address == begin) qemu_plugin_register_vcpu_tb_exec_cb(block, on_call, NO_REGISTERS, NULL);
  if (address == end) qemu_plugin_register_vcpu_tb_exec_cb(block, on_return, NO_REGISTERS, NULL);
  qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &executed_count, qemu_plugin_tb_n_insns(block));
}

static void on_end(plugin_id id, void *data) {
  (void)id, (void)data;
  fclose(out);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments) {
  (void)info;
  for (int i = 0; i < count; i++) {
    if (!strncmp(arguments[i], "begin=", 6)) begin = strtoull(arguments[i] + 6, NULL, 0);
    if (!strncmp(arguments[i], "end=", 4)) end = strtoull(arguments[i] + 4, NULL, 0);
    if (!strncmp(arguments[i], "out=", 4)) out = fopen(arguments[i] + 4, "w");
  }
  if (!begin || !end || !out) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_end, NULL);
  return 0;
}
