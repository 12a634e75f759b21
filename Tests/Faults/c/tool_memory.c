/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD into the shell tool: of the allocations that it makes, or the C library and
 * libjansson for it, the one number FAIL_NTH fails, and with FAIL_LASTING all that follow.
 * FAIL_TOLD names a file that is made when one fails. Allocations of the library, also those that
 * libjansson makes for it, are the business of allocations.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

enum owner { THE_TOOL, ON_BEHALF, ANOTHER };

/* Where each is loaded. dladdr() would look through all symbols of a library, at each frame. */
static struct {
    uintptr_t from, to;
    enum owner owner;
} ranges[8];
static int range_count;
static long made, failing;
static int lasting;
static __thread int is_looking; /* backtrace() may allocate itself */

static int take_range(struct dl_phdr_info *about, size_t size, void *unused)
{
    uintptr_t from = UINTPTR_MAX, to = 0;
    (void)size, (void)unused;
    for (int i = 0; i < about->dlpi_phnum; i++) {
        if (about->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        uintptr_t begin = about->dlpi_addr + about->dlpi_phdr[i].p_vaddr;
        if (begin < from)
            from = begin;
        if (begin + about->dlpi_phdr[i].p_memsz > to)
            to = begin + about->dlpi_phdr[i].p_memsz;
    }
    /* The program itself has no name here. */
    int is_tool = !*about->dlpi_name;
    int is_behalf = strstr(about->dlpi_name, "/libc.so") || strstr(about->dlpi_name, "/libjansson")
                    || ((uintptr_t)&made >= from && (uintptr_t)&made < to);
    if (!is_tool && !is_behalf)
        return 0;
    ranges[range_count].from = from;
    ranges[range_count].to = to;
    ranges[range_count].owner = is_tool ? THE_TOOL : ON_BEHALF;
    return ++range_count == sizeof ranges / sizeof *ranges;
}

static enum owner owner_of(void *address)
{
    for (int i = 0; i < range_count; i++)
        if ((uintptr_t)address >= ranges[i].from && (uintptr_t)address < ranges[i].to)
            return ranges[i].owner;
    return ANOTHER;
}

static int fails(void *caller)
{
    void *frames[64];
    enum owner owner;
    int count, i;
    if (!failing || is_looking)
        return 0;
    is_looking = 1;
    owner = owner_of(caller);
    if (owner == ON_BEHALF) {
        count = backtrace(frames, 64);
        for (i = 0; i < count && (owner = owner_of(frames[i])) == ON_BEHALF; i++) {
        }
    }
    is_looking = 0;
    /* What the C library does before main() and after it is called by nobody. */
    if (owner != THE_TOOL)
        return 0;
    made++;
    if (lasting ? made < failing : made != failing)
        return 0;
    close(open(getenv("FAIL_TOLD"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    errno = ENOMEM;
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *nth = getenv("FAIL_NTH"), *all = getenv("FAIL_LASTING");
    void *frames[2];
    backtrace(frames, 2); /* loads what it needs */
    dl_iterate_phdr(take_range, NULL);
    lasting = all && *all;
    failing = nth ? atol(nth) : 0;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}
void *realloc(void *block, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(block, size);
}
