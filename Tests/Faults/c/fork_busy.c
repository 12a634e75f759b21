/* SPDX-License-Identifier: MIT */
/* fork_busy CONFIG ROUNDS: threads that never stop reading, and two that never stop asking for
 * reports and opening clients, which is where locks are held; meanwhile the main thread forks eight
 * children again and again. Each child reads twenty sessions with the client it inherited, forks
 * once more, and ends by itself or by its alarm, which is then told as a failure. */
#include "common.h"

enum { THREADS = 4, CHILDREN = 8, CALLS = 20 };
static session_client *client;
static char *config;
static int stop;
#define STOPPED __atomic_load_n(&stop, __ATOMIC_RELAXED)
static long done[THREADS];

static void *work(void *number)
{
    int caller = (int)(size_t)number;
    for (int nth = 0; !STOPPED; nth++, done[caller]++)
        session_answer_free(get_own(client, EVERY, caller, nth));
    return NULL;
}

static void one_report(void)
{
    session_answer *answer;
    if (session_client_report(client, &answer))
        fail("report");
    session_answer_free(answer);
}

static void *talk(void *unused)
{
    (void)unused;
    while (!STOPPED) {
        for (int nth = 0; nth < 50; nth++)
            one_report();
        session_client *other;
        if (session_client_open(config, &other, NULL))
            fail("open");
        session_client_close(other);
    }
    return NULL;
}

static void child(void)
{
    alarm(20);
    one_report();
    /* Over one of these it could read the parent's answers. */
    if (connections())
        fail("a child has %d connections", connections());
    for (int nth = 0; nth < CALLS; nth++)
        session_answer_free(get_own(client, EVERY, 50, nth));
    if (getpid() % 4 == 0) {
        pid_t grandchild = fork();
        int status;
        if (!grandchild) {
            alarm(20);
            session_answer_free(get_own(client, EVERY, 51, 0));
            session_client_close(client);
            _exit(0);
        }
        if (waitpid(grandchild, &status, 0) != grandchild || status)
            fail("grandchild: %x", status);
    }
    session_client *own;
    if (session_client_open(config, &own, NULL))
        fail("open");
    session_answer_free(get_own(own, EVERY, 52, 0));
    session_client_close(own);
    session_client_close(client);
    exit(0);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    pthread_t ids[THREADS];
    int rounds = atoi(arguments[2]);
    double longest = 0;
    pthread_t talkers[2];
    config = contents(arguments[1]);
    client = opened(arguments[1]);
    for (int i = 0; i < 2; i++)
        pthread_create(&talkers[i], NULL, talk, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int round = 0; round < rounds; round++) {
        pid_t children[CHILDREN];
        for (int i = 0; i < CHILDREN; i++) {
            double start = seconds();
            children[i] = fork();
            if (children[i] < 0)
                fail("fork");
            if (!children[i])
                child();
            if (seconds() - start > longest)
                longest = seconds() - start;
        }
        for (int i = 0; i < CHILDREN; i++) {
            int status;
            if (waitpid(children[i], &status, 0) != children[i])
                fail("wait");
            if (WIFSIGNALED(status))
                fail("a child ended by signal %d", WTERMSIG(status));
            if (status)
                fail("a child ended with %d", WEXITSTATUS(status));
        }
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    long calls = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(talkers[i], NULL);
    for (int i = 0; i < THREADS; i++)
        calls += done[i];
    session_answer *answer;
    session_client_report(client, &answer);
    printf("{\"calls\": %ld, \"longest_fork_s\": %.3f, \"report\": %s}\n", calls, longest,
           session_answer_json(answer, NULL));
    session_answer_free(answer);
    session_client_close(client);
    free(config);
    return 0;
}
