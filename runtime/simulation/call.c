/* afp_call(inputs, outputs, arena, run) calls run(inputs, outputs, arena).
 *
 * The counter notices the call by two labels. A jump leads to the first, at which the machine's call
 * instruction stands alone, so that a block of translated code begins there; the second is where the
 * call returns to. Between lie the instructions of `run` and nothing else. */

#if defined(__thumb__)
__asm__(".syntax unified\n.text\n.thumb\n"
        ".global afp_call, afp_call_begin, afp_call_end\n"
        ".type afp_call, %function\n.thumb_func\n"
        "afp_call:\n push {r4, lr}\n mov r4, r3\n b.n afp_call_begin\n nop\n"
        "afp_call_begin:\n blx r4\n"
        "afp_call_end:\n pop {r4, pc}\n");
#elif defined(__aarch64__)
__asm__(".text\n.global afp_call, afp_call_begin, afp_call_end\n.type afp_call, %function\n"
        "afp_call:\n stp x29, x30, [sp, #-16]!\n b afp_call_begin\n"
        "afp_call_begin:\n blr x3\n"
        "afp_call_end:\n ldp x29, x30, [sp], #16\n ret\n");
#elif defined(__x86_64__)
__asm__(".text\n.global afp_call, afp_call_begin, afp_call_end\n.type afp_call, @function\n"
        "afp_call:\n sub $8, %rsp\n"
#if defined(AFP_COUNT_STEPS)
        " cmpl $0, afp_step(%rip)\n je afp_call_begin\n"
        " pushfq\n orq $0x100, (%rsp)\n popfq\n" /* traps from the call instruction on */
#else
        " jmp afp_call_begin\n"
#endif
        "afp_call_begin:\n call *%rcx\n"
        "afp_call_end:\n add $8, %rsp\n ret\n");
#else
#error "no call for this machine"
#endif

#if !defined(__thumb__)
__asm__(".section .note.GNU-stack,\"\",%progbits\n");
#endif
