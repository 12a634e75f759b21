/* SPDX-License-Identifier: MIT */
/*
 * held CONFIG IN_FLIGHT: what a client has of malloc, in KiB, after one session, after a batch that
 * was read to its end, after one that was closed half way, and after another session. One thread,
 * so that malloc's main arena has all of it.
 */
#include <malloc.h>

#include "common.h"

enum { MANY = 1000 };
static int nth;

static size_t held(void)
{
#if __GLIBC_PREREQ(2, 33)
    struct mallinfo2 info = mallinfo2();
#else /* counts in int, which is enough here */
    struct mallinfo info = mallinfo();
#endif
    return (size_t)(info.uordblks + info.hblkhd) / 1024;
}

static void read_many(session_client *client, const char *in_flight, int wanted)
{
    char options[64], reference[128], quoted[128];
    session_batch *batch;
    session_answer *answer;
    snprintf(options, sizeof options, "{\"in_flight\": %s}", in_flight);
    if (session_batch_open(client, options, &batch, NULL))
        fail("batch");
    for (int i = 0; i < MANY; i++) {
        name_session(reference, quoted, sizeof reference, 1, 1, ++nth);
        if (session_batch_add(batch, reference, NULL, (uint64_t)i))
            fail("add");
    }
    for (int i = 0; i < wanted; i++) {
        if (session_batch_next(batch, 20000, NULL, &answer))
            fail("%s", session_answer_json(answer, NULL));
        session_answer_free(answer);
    }
    session_batch_close(batch);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    session_client *client = opened(arguments[1]);
    session_answer_free(get_own(client, 1, 0, ++nth));
    size_t single = held();
    read_many(client, arguments[2], MANY);
    size_t whole = held();
    read_many(client, arguments[2], MANY / 2);
    size_t half = held();
    session_answer_free(get_own(client, 1, 0, ++nth));
    printf("{\"single\": %zu, \"whole\": %zu, \"half\": %zu, \"again\": %zu}\n", single, whole,
           half, held());
    session_client_close(client);
    return 0;
}
