/* SPDX-License-Identifier: MIT */
#include "siphash.h"

/* The least significant byte first, whatever the machine does. */
static uint64_t word(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;

    while (count)
        value = value << 8 | bytes[--count];
    return value;
}

static uint64_t turned(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
    while (count--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turned(v[1], 13) ^ v[0];
        v[3] = turned(v[3], 16) ^ v[2];
        v[0] = turned(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turned(v[1], 17) ^ v[2];
        v[3] = turned(v[3], 21) ^ v[0];
        v[2] = turned(v[2], 32);
    }
}

uint64_t siphash(const unsigned char key[16], const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t k0 = word(key, 8), k1 = word(key + 8, 8), m;
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                     k1 ^ 0x7465646279746573};
    size_t left = length;

    for (; left >= 8; at += 8, left -= 8) {
        m = word(at, 8);
        v[3] ^= m;
        rounds(v, 2);
        v[0] ^= m;
    }
    /* The last word carries the length in its highest byte. */
    m = word(at, left) | (uint64_t)length << 56;
    v[3] ^= m;
    rounds(v, 2);
    v[0] ^= m;
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
