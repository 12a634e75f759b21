/* SPDX-License-Identifier: MIT */
/* threads CONFIG THREADS CALLS ROUNDS: threads that share one client, and come and go. Prints what
 * was open before, after each round, and after all is closed. */
#include "common.h"

static session_client *client;
static int calls;

static void *work(void *number)
{
    for (int nth = 0; nth < calls; nth++)
        session_answer_free(get_own(client, EVERY, (int)(size_t)number, nth));
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 5)
        return 2;
    int threads = atoi(arguments[2]), rounds = atoi(arguments[4]);
    calls = atoi(arguments[3]);
    printf("{\"before\": %d, \"rounds\": [", descriptors(""));
    client = opened(arguments[1]);
    for (int round = 0; round < rounds; round++) {
        pthread_t ids[64];
        for (int i = 0; i < threads; i++)
            if (pthread_create(&ids[i], NULL, work, (void *)(size_t)(round * 100 + i)))
                fail("no thread");
        for (int i = 0; i < threads; i++)
            pthread_join(ids[i], NULL);
        session_answer *answer;
        session_client_report(client, &answer);
        printf("%s{\"open\": %d, \"answer\": %s}", round ? ", " : "", descriptors(""),
               session_answer_json(answer, NULL));
        session_answer_free(answer);
    }
    session_client_close(client);
    printf("], \"after\": %d}\n", descriptors(""));
    return 0;
}
