/* SPDX-License-Identifier: MIT */
/* cancel CONFIG REFERENCE HOW: cancels from a signal handler while the main thread waits.
 *   once       one signal, 200 ms into a call that would take long; the next call works
 *   storm      a signal each 1 to 8 ms, whatever the main thread is doing: a handshake takes longer
 *              than the shortest, and is done within the longest
 *   unrelated  the same, but the handler has nothing to do with the library
 * Prints what became of the calls. */
#include "common.h"
#include <sys/time.h>

static session_client *client;
static volatile sig_atomic_t handled, is_errno_kept = 1, does_cancel = 1;

static void handler(int number)
{
    (void)number;
    int before = errno;
    errno = 4711;
    if (does_cancel)
        session_client_cancel(client);
    if (errno != 4711)
        is_errno_kept = 0;
    errno = before;
    handled++;
}

static void signal_each(int first_ms, int each_ms)
{
    struct itimerval when = {{0, each_ms * 1000}, {first_ms / 1000, first_ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &when, NULL);
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    const char *how = arguments[3];
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    client = opened(arguments[1]);
    session_answer *answer;
    int ok = 0, aborted = 0, others = 0;
    double took = 0;
    if (!strcmp(how, "once")) {
        /* Without a connection yet as well as with one. */
        for (int nth = 0; nth < 3; nth++) {
            signal_each(200, 0);
            double start = seconds();
            session_result result = session_get(client, arguments[2], NULL, &answer);
            took = seconds() - start - 0.2;
            aborted += result == SESSION_ABORTED;
            session_answer_free(answer);
        }
        session_answer_free(get_own(client, 1, 0, 0));
        ok++;
    } else {
        does_cancel = !strcmp(how, "storm");
        double start = seconds(), end = start + 2;
        int each = 0;
        for (int nth = 0; seconds() < end; nth++) {
            char reference[128], quoted[128];
            name_session(reference, quoted, sizeof reference, EVERY, 1, nth);
            /* Another one each 50 ms, so that each provider meets each of them. */
            int wanted = does_cancel ? 1 + (int)((seconds() - start) * 20) % 8 : 1;
            if (wanted != each)
                signal_each(each = wanted, wanted);
            session_result result = session_get(client, reference, NULL, &answer);
            ok += result == SESSION_OK;
            aborted += result == SESSION_ABORTED;
            if (result != SESSION_OK && result != SESSION_ABORTED) {
                others++;
                fprintf(stderr, "%s\n", session_answer_json(answer, NULL));
            }
            session_answer_free(answer);
            /* Opening and closing, malloc and locks are interrupted too. */
            if (nth % 16 == 0)
                session_client_close(opened(arguments[1]));
        }
        signal_each(0, 0);
        session_answer_free(get_own(client, EVERY, 2, 0));
    }
    printf("{\"ok\": %d, \"aborted\": %d, \"others\": %d, \"handled\": %d, \"errno_kept\": %s, "
           "\"late_s\": %.3f}\n",
           ok, aborted, others, (int)handled, is_errno_kept ? "true" : "false", took);
    session_client_close(client);
    return 0;
}
