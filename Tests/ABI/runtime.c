/* SPDX-License-Identifier: MIT */
/* Linked with the objects of the library: what Embedded Swift's runtime does in it. Says on
 * stdout what is not as it should be. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *swift_bridgeObjectRetain(void *object);
extern void *swift_bridgeObjectRetain_n(void *object, uint32_t count);
/* The library's own, see Platform/Allocation.swift; and here aligned_alloc is in between
 * (--wrap). */
extern int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);
extern void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

/* A Swift object's head in Embedded Swift. */
struct object {
    const void *metadata;
    intptr_t references;
};

static int failures;

static void expect(const char *what, uintmax_t found, uintmax_t wanted)
{
    if (found == wanted)
        return;
    printf("%s: %#" PRIxMAX ", expected %#" PRIxMAX "\n", what, found, wanted);
    failures++;
}

/* Whoever keeps a text goes on with what retain returns. */
static void retain(uint64_t bits)
{
    void *object = (void *)(uintptr_t)bits;

    expect("swift_bridgeObjectRetain", (uintptr_t)swift_bridgeObjectRetain(object), bits);
    expect("swift_bridgeObjectRetain_n", (uintptr_t)swift_bridgeObjectRetain_n(object, 2), bits);
}

static size_t asked;

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    asked = size;
    return __real_aligned_alloc(alignment, size);
}

/* C11: the size is a multiple of the alignment. `wanted`: 0 when there is no such block. */
static void make(size_t alignment, size_t size, size_t wanted)
{
    void *block = NULL;
    int result;

    asked = 0;
    result = __wrap_posix_memalign(&block, alignment, size);
    expect("posix_memalign", (uintmax_t)result, wanted ? 0 : ENOMEM);
    if (wanted) {
        expect("size", asked, wanted);
        expect("address", (uintptr_t)block % alignment, 0);
    }
    free(block);
}

static void texts(void)
{
    struct object text = {NULL, 1};

    /* The second word of a short text: how long it is, and the bytes from the ninth on. */
    retain(0xE300000000000000); /* SEK */
    retain(0xEB00000000353433); /* ORDER-12345 */
    retain(0);
    /* Of a long one: the object that holds it, without and with marks of where its bytes are. */
    retain((uintptr_t)&text);
    expect("references", (uintmax_t)text.references, 4);
    retain((uintptr_t)&text | 0x5000000000000000);
    expect("references", (uintmax_t)text.references, 7);
}

static void sizes(void)
{
    make(32, 1, 32);
    make(32, 33, 64);
    make(64, 128, 128);
    make(4096, 100, 4096);
    make(64, PTRDIFF_MAX, 0);
    make(64, SIZE_MAX, 0);
    make(64, SIZE_MAX - 63, 0);
}

int main(int argc, char **argv)
{
    (argc > 1 && !strcmp(argv[1], "sizes") ? sizes : texts)();
    return failures != 0;
}
