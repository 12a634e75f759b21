/* SPDX-License-Identifier: MIT */
/*
 * Memory for Swift's objects when malloc has none left: see Platform/Allocation.swift. Pages that
 * are never written to are never there.
 */
#ifndef PAYSESSION_CPLATFORM_RESERVE_H
#define PAYSESSION_CPLATFORM_RESERVE_H

#include <stddef.h>
#include <stdint.h>

enum {
    CPLATFORM_RESERVE_UNIT = 64,
    CPLATFORM_RESERVE_UNITS = 4096,
    CPLATFORM_RESERVE_FREE = 0,
    CPLATFORM_RESERVE_FIRST = 1, /* of a block */
    CPLATFORM_RESERVE_MORE = 2
};

/* Weak and hidden, as the gate. (No section of its own: Swift 6.3 takes a variable that has one for a
 * constant.) The lock is only held inside the gate: a forked child finds it free. */
struct cplatform_reserve {
    _Alignas(64) unsigned char memory[CPLATFORM_RESERVE_UNITS][CPLATFORM_RESERVE_UNIT];
    unsigned char state[CPLATFORM_RESERVE_UNITS];
    int used; /* units */
    int lock;
};
__attribute__((weak, visibility("hidden"))) struct cplatform_reserve cplatform_reserve = {
    .lock = 0};

static inline void cplatform_reserve_lock(void) {
    while (__atomic_exchange_n(&cplatform_reserve.lock, 1, __ATOMIC_ACQUIRE)) {}
}
static inline void cplatform_reserve_unlock(void) {
    __atomic_store_n(&cplatform_reserve.lock, 0, __ATOMIC_RELEASE);
}

/* NULL when there is no room for `size` in one piece. Aligned to 64. */
static inline void *cplatform_reserve_take(size_t size) {
    unsigned char *state = cplatform_reserve.state;
    int wanted, found = 0, i, first;
    if (size > sizeof cplatform_reserve.memory) return NULL;
    wanted = size ? (int)((size + CPLATFORM_RESERVE_UNIT - 1) / CPLATFORM_RESERVE_UNIT) : 1;
    cplatform_reserve_lock();
    for (i = 0; i < CPLATFORM_RESERVE_UNITS && found < wanted; i++)
        found = state[i] == CPLATFORM_RESERVE_FREE ? found + 1 : 0;
    first = i - wanted;
    if (found == wanted) {
        for (i = 1; i < wanted; i++) state[first + i] = CPLATFORM_RESERVE_MORE;
        state[first] = CPLATFORM_RESERVE_FIRST;
        cplatform_reserve.used += wanted;
    }
    cplatform_reserve_unlock();
    return found == wanted ? cplatform_reserve.memory[first] : NULL;
}

/* 0 when the block is not from here. */
static inline int cplatform_reserve_give(void *block) {
    uintptr_t offset = (uintptr_t)block - (uintptr_t)cplatform_reserve.memory;
    unsigned char *state = cplatform_reserve.state;
    int i;
    if (offset >= sizeof cplatform_reserve.memory) return 0;
    cplatform_reserve_lock();
    i = (int)(offset / CPLATFORM_RESERVE_UNIT);
    do {
        state[i++] = CPLATFORM_RESERVE_FREE;
        cplatform_reserve.used--;
    } while (i < CPLATFORM_RESERVE_UNITS && state[i] == CPLATFORM_RESERVE_MORE);
    cplatform_reserve_unlock();
    return 1;
}

/* So much is used that only what is under way may have more. */
static inline int cplatform_reserve_is_low(void) {
    return __atomic_load_n(&cplatform_reserve.used, __ATOMIC_RELAXED) > CPLATFORM_RESERVE_UNITS / 4;
}

/* Whether malloc has so much in one piece. Compilers know malloc, and that one that is freed at once
 * need not be made: hence the volatile. */
static inline int cplatform_has_room(size_t size) {
    void *volatile block = malloc(size);
    free(block);
    return block != NULL;
}

/* free itself, behind the linker's --wrap=free; in the tests' build there is neither. */
extern void __real_free(void *block) __attribute__((weak));
static inline void cplatform_free(void *block) { __real_free(block); }

#endif
