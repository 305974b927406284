/* Reset, faults, and the functions of memory that generated code may call. */
#include <stddef.h>
#include <stdint.h>

extern uint32_t data_begin[], data_end[], data_image[], bss_begin[], bss_end[], stack_end[];
int main(void);
void system_exit(int code);

static void on_reset(void) {
  for (uint32_t *to = data_begin, *from = data_image; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_begin; to < bss_end;) *to++ = 0;
  main();
}

static void on_fault(void) { system_exit(6); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_end, on_reset, on_fault, on_fault, on_fault, on_fault, on_fault,
};

/* Without this attribute gcc makes calls of themselves of the loops below. */
#define PLAIN __attribute__((used, optimize("no-tree-loop-distribute-patterns")))

PLAIN void *memcpy(void *to, const void *from, size_t bytes) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (!(((uintptr_t)t | (uintptr_t)f) & 3))
    for (; bytes >= 4; bytes -= 4, t += 4, f += 4) *(uint32_t *)t = *(const uint32_t *)f;
  while (bytes--) *t++ = *f++;
  return to;
}

PLAIN void *memmove(void *to, const void *from, size_t bytes) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t <= f) return memcpy(to, from, bytes);
  while (bytes--) t[bytes] = f[bytes];
  return to;
}

PLAIN void *memset(void *at, int value, size_t bytes) {
  unsigned char *a = at;
  uint32_t word = (unsigned char)value * 0x01010101u;
  for (; bytes && ((uintptr_t)a & 3); bytes--) *a++ = (unsigned char)value;
  for (; bytes >= 4; bytes -= 4, a += 4) *(uint32_t *)a = word;
  while (bytes--) *a++ = (unsigned char)value;
  return at;
}

/* The same by the names of the Arm EABI, where memset has its arguments in another order. */
#define SAME_AS(function) __attribute__((alias(#function)))
void *__aeabi_memcpy(void *, const void *, size_t) SAME_AS(memcpy);
void *__aeabi_memcpy4(void *, const void *, size_t) SAME_AS(memcpy);
void *__aeabi_memcpy8(void *, const void *, size_t) SAME_AS(memcpy);
void *__aeabi_memmove(void *, const void *, size_t) SAME_AS(memmove);
void *__aeabi_memmove4(void *, const void *, size_t) SAME_AS(memmove);
void *__aeabi_memmove8(void *, const void *, size_t) SAME_AS(memmove);
void __aeabi_memset(void *at, size_t bytes, int value) { memset(at, value, bytes); }
void __aeabi_memset4(void *, size_t, int) SAME_AS(__aeabi_memset);
void __aeabi_memset8(void *, size_t, int) SAME_AS(__aeabi_memset);
void __aeabi_memclr(void *at, size_t bytes) { memset(at, 0, bytes); }
void __aeabi_memclr4(void *, size_t) SAME_AS(__aeabi_memclr);
void __aeabi_memclr8(void *, size_t) SAME_AS(__aeabi_memclr);
