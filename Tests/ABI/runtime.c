/* SPDX-License-Identifier: MIT */
/* Linked with the objects of the library: what Embedded Swift's runtime does in it. Says on stdout what
 * is not as it should be. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

extern void *swift_bridgeObjectRetain(void *object);
extern void *swift_bridgeObjectRetain_n(void *object, uint32_t count);

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

int main(void)
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
    return failures != 0;
}
