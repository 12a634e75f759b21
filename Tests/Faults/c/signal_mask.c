/* SPDX-License-Identifier: MIT */
/* signal_mask CONFIG: what a handler finds that comes while session_get waits: the mask that the
 * caller has, once without SIGPIPE and once with it; and whether one that the caller left
 * pending is still there. Prints "free" and "held", what was found of both, and "pending". */
#include "common.h"
#include <sys/time.h>

static volatile sig_atomic_t found = -1;

static void look(int number)
{
    sigset_t mask;
    (void)number;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    found = sigismember(&mask, SIGPIPE);
}

static int found_while_waiting(session_client *client)
{
    session_answer *answer;
    struct itimerval soon = {.it_value = {.tv_usec = 100000}};
    found = -1;
    setitimer(ITIMER_REAL, &soon, NULL);
    session_get(client, "inbank:" SHOP "/silent", NULL, &answer);
    session_answer_free(answer);
    return found;
}

int main(int count, char **arguments)
{
    struct sigaction action = {.sa_handler = look};
    sigset_t pipe, pending;
    if (count != 2)
        return 2;
    sigaction(SIGALRM, &action, NULL);
    session_client *client = opened(arguments[1]);
    int without = found_while_waiting(client);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    pthread_kill(pthread_self(), SIGPIPE);
    int with = found_while_waiting(client);
    session_client_close(client);
    sigpending(&pending);
    printf("{\"free\": %d, \"held\": %d, \"pending\": %d}\n", without, with,
           sigismember(&pending, SIGPIPE));
    return 0;
}
