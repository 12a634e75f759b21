/* SPDX-License-Identifier: MIT */
/* shared CONFIG SECONDS: eight threads open and close one shared configuration, and read with it,
 * as fast as they can. Prints what was open before and after. */
#include "common.h"

enum { THREADS = 8 };
static char *config;
static double end;

static void *work(void *number)
{
    long rounds = 0;
    int caller = (int)(size_t)number;
    unsigned seed = (unsigned)caller;
    for (; seconds() < end; rounds++) {
        session_client *client, *second = NULL;
        if (session_client_open(config, &client, NULL))
            fail("open");
        if (rand_r(&seed) % 4 == 0) {
            if (session_client_open(config, &second, NULL))
                fail("open again");
            /* Held twice by this thread alone, it cannot have ended between. */
            if (second != client)
                fail("two clients");
        }
        if (rand_r(&seed) % 3 == 0)
            session_answer_free(get_own(client, EVERY, caller, (int)rounds));
        session_client_close(client);
        if (second && rand_r(&seed) % 2)
            session_answer_free(get_own(second, EVERY, caller, 1));
        session_client_close(second);
    }
    return (void *)rounds;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    pthread_t ids[THREADS];
    long opens = 0;
    config = contents(arguments[1]);
    /* libcurl and OpenSSL keep what they open once: one client before what is compared. */
    session_client_close(opened(arguments[1]));
    int before = descriptors("");
    end = seconds() + atof(arguments[2]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < THREADS; i++) {
        void *rounds;
        pthread_join(ids[i], &rounds);
        opens += (long)rounds;
    }
    printf("{\"opens\": %ld, \"threads\": %d, \"before\": %d, \"after\": %d}\n", opens, THREADS,
           before, descriptors(""));
    free(config);
    return 0;
}
