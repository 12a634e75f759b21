/* SPDX-License-Identifier: MIT */
#ifndef PAYSESSION_CLI_SIPHASH_H
#define PAYSESSION_CLI_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* siphash() - SipHash-2-4 of some bytes (Aumasson and Bernstein, 2012). Whoever does not know the
 * key cannot make bytes that collide, as anyone can for a hash without one. */
uint64_t siphash(const unsigned char key[16], const void *bytes, size_t length);

#endif
