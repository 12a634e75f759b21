/* SPDX-License-Identifier: MIT */
/* reserve: threads take blocks of all sizes from the reserve and give them back, as fast as they
 * can. A block is its taker's alone, and in the end the reserve is whole. */
#include "common.h"

#include "../../../Sources/CPlatform/reserve.h"

enum { THREADS = 8, ROUNDS = 200000, KEPT = 3 };
static long taken, refused;

static void *work(void *number)
{
    unsigned seed = (unsigned)(size_t)number;
    unsigned char *blocks[KEPT] = {0};
    size_t sizes[KEPT] = {0};
    for (int round = 0; round < ROUNDS + KEPT; round++) {
        int which = round % KEPT;
        unsigned char mark = (unsigned char)(seed % 251 + 1);
        if (blocks[which]) {
            for (size_t i = 1; i < sizes[which]; i++)
                if (blocks[which][i] != blocks[which][0])
                    fail("a block is not its taker's alone");
            if (!cplatform_reserve_give(blocks[which]))
                fail("not from here");
            blocks[which] = NULL;
        }
        if (round >= ROUNDS)
            continue;
        sizes[which] = 1 + (size_t)rand_r(&seed) % (rand_r(&seed) % 200 ? 300 : 100000);
        blocks[which] = cplatform_reserve_take(sizes[which]);
        __atomic_add_fetch(blocks[which] ? &taken : &refused, 1, __ATOMIC_RELAXED);
        if (!blocks[which])
            continue;
        if ((size_t)blocks[which] % CPLATFORM_RESERVE_UNIT)
            fail("not aligned");
        memset(blocks[which], mark, sizes[which]);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int outside;
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (cplatform_reserve_give(&outside))
        fail("a block of another is taken for one of the reserve");
    for (int i = 0; i < CPLATFORM_RESERVE_UNITS; i++)
        if (cplatform_reserve.state[i])
            fail("unit %d is lost", i);
    if (cplatform_reserve_take(CPLATFORM_RESERVE_UNITS * CPLATFORM_RESERVE_UNIT + 1))
        fail("more than there is");
    if (!cplatform_reserve_take(CPLATFORM_RESERVE_UNITS * CPLATFORM_RESERVE_UNIT))
        fail("not whole");
    printf("{\"taken\": %ld, \"refused\": %ld, \"used\": %d}\n", taken, refused,
           cplatform_reserve.used);
    return 0;
}
