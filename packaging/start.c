/* SPDX-License-Identifier: MIT */
/*
 * Where a program begins, for glibc and musl alike: the C library's own first instructions name
 * functions that the other has not. Both take main, the words and what the loader wants called at
 * the end; constructors, which the tool has none of, are theirs to find.
 */
#ifdef __x86_64__
__asm__(".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rdx, %r9\n"
        "    pop %rsi\n"
        "    mov %rsp, %rdx\n"
        "    and $-16, %rsp\n"
        "    push %rax\n"
        "    push %rsp\n"
        "    xor %r8d, %r8d\n"
        "    xor %ecx, %ecx\n"
        "    mov main@GOTPCREL(%rip), %rdi\n"
        "    call *__libc_start_main@GOTPCREL(%rip)\n"
        "    hlt\n");
#else
__asm__(".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x30, #0\n"
        "    mov x5, x0\n"
        "    ldr x1, [sp]\n"
        "    add x2, sp, #8\n"
        "    mov x6, sp\n"
        "    adrp x0, :got:main\n"
        "    ldr x0, [x0, #:got_lo12:main]\n"
        "    mov x3, #0\n"
        "    mov x4, #0\n"
        "    bl __libc_start_main\n"
        "    brk #0\n");
#endif
