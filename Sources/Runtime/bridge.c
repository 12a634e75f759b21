/* SPDX-License-Identifier: MIT */
/*
 * Embedded Swift's swift_bridgeObjectRetain, which holds a text or an array once more, returns its
 * argument without the bits that are no address. The compiler counts on getting its argument back
 * and goes on with what was returned: on arm64 a text of up to 15 bytes, which is nothing but such
 * bits, becomes a pointer to nowhere ("SEK" from 0xE3... to 0x83...). x86-64 happens not to look.
 *
 * Until a Swift is asked for that has https://github.com/swiftlang/swift/pull/91151 (merged
 * 2026-08; 6.3.1 has it not). These are for the library that ships, in the place of the toolchain's
 * weak ones; full Swift, which the tests build, has a runtime of its own.
 */
#include <stdint.h>

extern void *swift_retain(void *object);
extern void *swift_retain_n(void *object, uint32_t count);
void *swift_bridgeObjectRetain(void *object);
void *swift_bridgeObjectRetain_n(void *object, uint32_t count);

/* HeapObject.bridgeObjectToPlainObjectMask of 64 bits. swift_retain leaves alone what is no
 * object: zero, and what has the highest bit. */
static void *address(void *object)
{
    _Static_assert(sizeof object == 8, "the bits of 32-bit machines are others");
    return (void *)((uintptr_t)object & 0x8FFFFFFFFFFFFFF8);
}

void *swift_bridgeObjectRetain(void *object)
{
    swift_retain(address(object));
    return object;
}

void *swift_bridgeObjectRetain_n(void *object, uint32_t count)
{
    swift_retain_n(address(object), count);
    return object;
}
