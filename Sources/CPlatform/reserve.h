/* SPDX-License-Identifier: MIT */
/*
 * Memory for Swift's objects when malloc has none left: see Platform/Allocation.swift. Pages that
 * are never written to are never there. No locks, which fork could find held: a block is units in a
 * row, each claimed and given back by itself.
 */
#ifndef PAYSESSION_CPLATFORM_RESERVE_H
#define PAYSESSION_CPLATFORM_RESERVE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    CPLATFORM_RESERVE_UNIT = 64,
    CPLATFORM_RESERVE_UNITS = 4096,
    CPLATFORM_RESERVE_FREE = 0,
    CPLATFORM_RESERVE_CLAIMED = 1, /* by someone who looks whether there is enough in a row */
    CPLATFORM_RESERVE_FIRST = 2,   /* of a block */
    CPLATFORM_RESERVE_MORE = 3
};

/* Weak and hidden, as the gate. (No section of its own: Swift 6.3 takes a variable that has one
 * for a constant.) */
struct cplatform_reserve {
    _Alignas(64) unsigned char memory[CPLATFORM_RESERVE_UNITS][CPLATFORM_RESERVE_UNIT];
    unsigned char state[CPLATFORM_RESERVE_UNITS];
    int used; /* units */
};
__attribute__((weak, visibility("hidden"))) struct cplatform_reserve cplatform_reserve = {0};

static inline int cplatform_reserve_claim(unsigned char *unit)
{
    unsigned char free_unit = CPLATFORM_RESERVE_FREE;
    return __atomic_compare_exchange_n(unit, &free_unit, CPLATFORM_RESERVE_CLAIMED, 0,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* From the last to the first: whoever looks at what is left of the block sees a block. */
static inline void cplatform_reserve_set(unsigned char *first, int count, unsigned char rest,
                                         unsigned char head)
{
    while (--count > 0)
        __atomic_store_n(&first[count], rest, __ATOMIC_RELEASE);
    __atomic_store_n(first, head, __ATOMIC_RELEASE);
}

/* NULL when there is no room for `size` in one piece. Aligned to 64. */
static inline void *cplatform_reserve_take(size_t size)
{
    unsigned char *state = cplatform_reserve.state;
    int wanted, claimed = 0, i;
    if (size > sizeof cplatform_reserve.memory)
        return NULL;
    wanted = size ? (int)((size + CPLATFORM_RESERVE_UNIT - 1) / CPLATFORM_RESERVE_UNIT) : 1;
    for (i = 0; i < CPLATFORM_RESERVE_UNITS; i++) {
        if (!cplatform_reserve_claim(&state[i])) {
            if (claimed)
                cplatform_reserve_set(&state[i - claimed], claimed, CPLATFORM_RESERVE_FREE,
                                      CPLATFORM_RESERVE_FREE);
            claimed = 0;
        } else if (++claimed == wanted) {
            i -= wanted - 1;
            cplatform_reserve_set(&state[i], wanted, CPLATFORM_RESERVE_MORE,
                                  CPLATFORM_RESERVE_FIRST);
            __atomic_add_fetch(&cplatform_reserve.used, wanted, __ATOMIC_RELAXED);
            return cplatform_reserve.memory[i];
        }
    }
    if (claimed)
        cplatform_reserve_set(&state[i - claimed], claimed, CPLATFORM_RESERVE_FREE,
                              CPLATFORM_RESERVE_FREE);
    return NULL;
}

/* 0 when the block is not from here. */
static inline int cplatform_reserve_give(void *block)
{
    uintptr_t offset = (uintptr_t)block - (uintptr_t)cplatform_reserve.memory;
    unsigned char *first;
    int count = 1;
    if (offset >= sizeof cplatform_reserve.memory)
        return 0;
    first = &cplatform_reserve.state[offset / CPLATFORM_RESERVE_UNIT];
    while (first + count < cplatform_reserve.state + CPLATFORM_RESERVE_UNITS
           && __atomic_load_n(&first[count], __ATOMIC_RELAXED) == CPLATFORM_RESERVE_MORE)
        count++;
    __atomic_sub_fetch(&cplatform_reserve.used, count, __ATOMIC_RELAXED);
    cplatform_reserve_set(first, count, CPLATFORM_RESERVE_FREE, CPLATFORM_RESERVE_FREE);
    return 1;
}

/* So much is used that only what is under way may have more. */
static inline int cplatform_reserve_is_low(void)
{
    return __atomic_load_n(&cplatform_reserve.used, __ATOMIC_RELAXED) > CPLATFORM_RESERVE_UNITS / 4;
}

/* Whether malloc has so much in one piece. Compilers know malloc, and that one that is freed at
 * once need not be made: hence the volatile. */
static inline int cplatform_has_room(size_t size)
{
    void *volatile block = malloc(size);
    free(block);
    return block != NULL;
}

/* free itself, behind the linker's --wrap=free; in the tests' build there is neither. */
extern void __real_free(void *block) __attribute__((weak));
static inline void cplatform_free(void *block)
{
    __real_free(block);
}

#endif
