/* SPDX-License-Identifier: MIT */
/* thread_cancel CONFIG TYPE ROUNDS: a thread that reads without end is cancelled somewhere in
 * the middle of a call, TYPE deferred or asynchronous, and joined; then the process forks, and
 * its child reads too. Prints how many calls there were, in how many rounds the thread was still
 * in one, and what was left open. */
#include "common.h"

static session_client *client;
static int is_asynchronous;
static long calls;
static volatile int in_call;

static void *work(void *number)
{
    int type;
    for (int nth = 0;; nth++) {
        char reference[128], quoted[128];
        session_answer *answer;
        name_session(reference, quoted, sizeof reference, 2, (int)(size_t)number, nth);
        pthread_setcanceltype(
            is_asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, &type);
        in_call = 1;
        session_result result = session_get(client, reference, NULL, &answer);
        in_call = 0;
        pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
        calls++;
        if (result != SESSION_OK)
            fail("%s", session_answer_json(answer, NULL));
        session_answer_free(answer);
        pthread_testcancel();
    }
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    int rounds = atoi(arguments[3]), interrupted = 0, warm = 0;
    double longest_fork = 0;
    is_asynchronous = !strcmp(arguments[2], "asynchronous");
    client = opened(arguments[1]);
    alarm(60);
    for (int round = 0; round < rounds; round++) {
        pthread_t thread;
        int status;
        in_call = 0;
        pthread_create(&thread, NULL, work, (void *)(size_t)round);
        pause_ms(2 + round % 4);
        pthread_cancel(thread);
        /* glibc 2.36 forgets to say PTHREAD_CANCELED where a cancel state is put back. */
        if (pthread_join(thread, NULL))
            fail("join");
        interrupted += in_call;
        double start = seconds();
        pid_t child = fork();
        if (!child) {
            alarm(10);
            if (round % 8 == 0)
                session_answer_free(get_own(client, 1, 1, 0));
            _exit(0);
        }
        if (seconds() - start > longest_fork)
            longest_fork = seconds() - start;
        if (waitpid(child, &status, 0) != child || status)
            fail("child: %x", status);
        if (round == rounds / 2)
            warm = descriptors("");
    }
    int left = descriptors("");
    session_answer_free(get_own(client, 2, 2, 1));
    session_client_close(client);
    printf(
        "{\"calls\": %ld, \"interrupted\": %d, \"longest_fork_s\": %.3f, \"warm\": %d, \"left\": %d, "
        "\"closed\": %d}\n",
        calls, interrupted, longest_fork, warm, left, descriptors(""));
    return 0;
}
