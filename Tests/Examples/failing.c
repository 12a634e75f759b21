/* SPDX-License-Identifier: MIT */
/*
 * Memory that fails when told, for LD_PRELOAD: the COUNTth allocation from then on, or it and all
 * after it. Only where a plugin, libpaysession or libjansson asks for it. What a shell or a
 * database does without memory is its own affair: bash ends with status 2.
 *
 * A bash builtin too, `failing COUNT once|lasting`, which prints how many there were since the last
 * one. COUNT 0 lets all succeed, and counts.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadables.h"

long failing_set(long count, int lasts);

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static int is_set, is_lasting; /* single-threaded, and each process has its own */
static long made, failing;

/* Begins to count anew; gives how many there were. */
long failing_set(long count, int lasts)
{
    long before = made;

    made = 0;
    failing = count;
    is_lasting = lasts;
    is_set = count >= 0;
    return before;
}

static int is_ours(const void *caller)
{
    /* What dladdr said of a page: it looks through all symbols of a library, and TLS has many. */
    static struct page {
        uintptr_t number;
        int is_ours;
    } pages[4096];
    uintptr_t number = (uintptr_t)caller >> 12;
    struct page *page = &pages[number % (sizeof pages / sizeof *pages)];
    Dl_info where;
    const char *name;

    if (page->number == number)
        return page->is_ours;
    page->number = number;
    page->is_ours = 0;
    if (dladdr(caller, &where) && where.dli_fname) {
        name = strrchr(where.dli_fname, '/');
        name = name ? name + 1 : where.dli_fname;
        page->is_ours = strstr(name, "paysession.so") || strstr(name, "libjansson.so");
    }
    return page->is_ours;
}

static int fails(const void *caller)
{
    if (!is_set || !is_ours(caller))
        return 0;
    made++;
    if (!failing || (is_lasting ? made < failing : made != failing))
        return 0;
    errno = ENOMEM;
    return 1;
}

#define FAILS fails(__builtin_return_address(0))

void *malloc(size_t size)
{
    return FAILS ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return FAILS ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return FAILS ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return FAILS ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    return FAILS || !(*block = __libc_memalign(alignment, size)) ? ENOMEM : 0;
}

char *strdup(const char *text) /* else the C library would be the one to ask */
{
    char *copy = FAILS ? NULL : __libc_malloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

/* ---- The builtin --------------------------------------------------------------------------- */

static int set(WORD_LIST *words)
{
    int lasts = words && words->next && !strcmp(words->next->word->word, "lasting");

    printf("%ld\n", failing_set(words ? atol(words->word->word) : -1, lasts));
    return fflush(stdout) ? EXECUTION_FAILURE : EXECUTION_SUCCESS;
}

static char *const description[] = {"Memory that fails.", NULL};

struct builtin failing_struct = {
    "failing", set, BUILTIN_ENABLED, (char **)description, "failing COUNT once|lasting", 0};
