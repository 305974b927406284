/* What the program needs of the machine that it runs on. */
#ifndef AFP_SYSTEM_H
#define AFP_SYSTEM_H

#include <stdint.h>

int system_open_input(void);  /* "inputs.bin"; 0 if it worked, as the others */
int system_open_output(void); /* "outputs.bin" */
int system_read(void *to, uint32_t bytes);
int system_write(const void *from, uint32_t bytes);
void system_exit(int code);

#endif
