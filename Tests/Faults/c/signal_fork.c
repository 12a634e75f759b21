/* SPDX-License-Identifier: MIT */
/* signal_fork CONFIG CALL CHILD HOW SECONDS: signals, a millisecond apart, whose handler forks,
 * whatever the main thread is doing. Crash reporters do this.
 *   CALL   normalize, get, wait, batch; slow: get, of a session that takes a while, with one
 *          signal in the middle of each wait; pause: wait, between two reads; threads: slow, while
 *          other threads read without end (fork() itself waits for ever there if it interrupted
 *          malloc()); idle: no call at all in the thread that forks, while others read; fork:
 *          fork() itself
 *   CHILD  ends: at once
 *          calls: the handler calls the library in the child, and ends
 *          returns: the handler returns in the child, whose call must not end as the parent's
 *          none: no child; the handler itself calls the library
 *   HOW    fork, _Fork, clone
 * Only what interrupts a call is looked at: outside, calls are as ever, and malloc may be
 * interrupted. Prints how many children there were and how many of each kind. */
#include "common.h"
#include <sys/syscall.h>
#include <sys/time.h>

enum { READERS = 2 };
static session_client *client;
static session_batch *batch;
static const char *child_does, *how;
/* From glibc 2.34 on. */
extern pid_t _Fork(void) __attribute__((weak));
static volatile sig_atomic_t in_call, is_slow, children, refused, taken, in_child, stopped;
static volatile double longest;

/* Each has to be refused: with an answer that says so, where there is one. */
static int is_refused(void)
{
    session_answer *answer = NULL;
    session_client *other = NULL;
    uint64_t tag;
    if (session_get(client, "kustom:from-a-handler", NULL, &answer) != SESSION_INVALID_ARGUMENT)
        return 0;
    if (session_answer_result(answer) != SESSION_INVALID_ARGUMENT || session_answer_paid(answer))
        return 0;
    if (!strstr(session_answer_json(answer, NULL), "neither in the middle of another call"))
        return 0;
    session_answer_free(answer);
    if (session_wait(client, "kustom:from-a-handler", NULL, NULL) != SESSION_INVALID_ARGUMENT)
        return 0;
    if (session_normalize("kustom", "{}", NULL, &answer) != SESSION_INVALID_ARGUMENT)
        return 0;
    session_answer_free(answer);
    if (session_paid_normalized("kustom", "{}") != SESSION_PAID_UNKNOWN)
        return 0;
    if (session_client_open("{}", &other, &answer) != SESSION_INVALID_ARGUMENT || other)
        return 0;
    session_answer_free(answer);
    if (session_client_report(client, &answer) != SESSION_INVALID_ARGUMENT)
        return 0;
    session_answer_free(answer);
    if (batch) {
        if (session_batch_add(batch, "kustom:from-a-handler", NULL, 7) != SESSION_INVALID_ARGUMENT)
            return 0;
        if (session_batch_next(batch, -1, &tag, &answer) != SESSION_INVALID_ARGUMENT)
            return 0;
        session_answer_free(answer);
        if (session_batch_fd(batch) != -1)
            return 0;
        session_batch_close(batch);
    }
    /* Not under the feet of the call that goes on. */
    session_client_close(client);
    return 1;
}

/* Counted from the end of the handler, or a slow machine did nothing but handle signals. */
static void signal_soon(void)
{
    struct itimerval once = {{0, 0}, {0, is_slow ? 30000 : 1000}};
    setitimer(ITIMER_REAL, &once, NULL);
}

static void interrupt(void)
{
    int kept = errno, status;
    if (!strcmp(child_does, "none")) {
        children++;
        if (is_refused())
            refused++;
        else
            taken++;
        errno = kept;
        return;
    }
    double start = seconds();
    pid_t child = !strcmp(how, "fork")             ? fork()
                  : !strcmp(how, "_Fork") && _Fork ? _Fork()
                                                   : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child < 0)
        fail("fork");
    if (!child) {
        signal(SIGALRM, SIG_DFL);
        alarm(5);
        if (!strcmp(child_does, "calls"))
            _exit(is_refused() ? 10 : 11);
        if (strcmp(child_does, "returns"))
            _exit(10);
        in_child = 1;
        errno = kept;
        return;
    }
    if (waitpid(child, &status, 0) != child)
        fail("wait");
    if (!WIFEXITED(status))
        fail("a child ended by signal %d", WTERMSIG(status));
    children++;
    if (WEXITSTATUS(status) == 10)
        refused++;
    else if (WEXITSTATUS(status) == 11)
        taken++;
    else
        fail("a child ended with %d", WEXITSTATUS(status));
    if (seconds() - start > longest)
        longest = seconds() - start;
    errno = kept;
}

static void handler(int number)
{
    (void)number;
    if (in_call)
        interrupt();
    if (!in_child && !is_slow && !stopped)
        signal_soon();
}

static void in_the_child(session_result result, session_answer *answer)
{
    if (!in_child)
        return;
    if (result == SESSION_OK)
        _exit(11);
    if (!answer || session_answer_paid(answer))
        _exit(12);
    /* The client is there to be closed. */
    session_batch_close(batch);
    session_client_close(client);
    _exit(10);
}

static void *read_on(void *number)
{
    for (int nth = 0; !stopped; nth++)
        session_answer_free(get_own(client, 1, 10 + (int)(size_t)number, nth));
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 6)
        return 2;
    const char *call = arguments[2];
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    pthread_t readers[READERS];
    sigset_t alarms;
    long calls = 0;
    child_does = arguments[3];
    how = arguments[4];
    client = opened(arguments[1]);
    session_answer_free(get_own(client, 1, 1, 0));
    if (!strcmp(call, "batch") && session_batch_open(client, NULL, &batch, NULL))
        fail("batch");
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    int threads = !strcmp(call, "threads") || !strcmp(call, "idle") ? READERS : 0;
    int is_wait = !strcmp(call, "wait") || !strcmp(call, "pause");
    is_slow = !strcmp(call, "threads") || !strcmp(call, "slow") || !strcmp(call, "pause");
    for (int i = 0; i < threads; i++)
        pthread_create(&readers[i], NULL, read_on, (void *)(size_t)i);
    sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    if (!is_slow)
        signal_soon();
    for (double end = seconds() + atof(arguments[5]); seconds() < end; calls++) {
        char reference[128], quoted[128];
        session_answer *answer = NULL;
        session_result result;
        if (!strcmp(call, "idle")) {
            interrupt();
            pause_ms(5);
            continue;
        }
        if (!strcmp(call, "fork")) {
            int status;
            in_call = 1;
            pid_t child = fork();
            in_call = 0;
            if (in_child)
                _exit(10);
            if (!child)
                _exit(0);
            if (waitpid(child, &status, 0) != child || status)
                fail("its own child: %x", status);
            continue;
        }
        /* The second provider is the slow one. */
        name_session(reference, quoted, sizeof reference, 2, 1, 2 * (int)calls + is_slow);
        if (is_slow)
            signal_soon();
        if (!strcmp(call, "normalize")) {
            in_call = 1;
            session_paid paid = session_paid_normalized(
                "kustom",
                "{\"session_id\": \"x\", \"status\": \"FINALIZED\", \"order_amount\": 100, "
                "\"purchase_currency\": \"EUR\"}");
            in_call = 0;
            if (paid != SESSION_PAID_YES)
                fail("paid %d", (int)paid);
            continue;
        }
        if (batch && session_batch_add(batch, reference, NULL, 1))
            fail("add");
        in_call = 1;
        result = batch     ? session_batch_next(batch, -1, NULL, &answer)
                 : is_wait ? session_wait(client, reference, "{\"interval_ms\": 2000}", &answer)
                           : session_get(client, reference, NULL, &answer);
        in_call = 0;
        in_the_child(result, answer);
        if (result || !strstr(session_answer_json(answer, NULL), quoted))
            fail("%s", session_answer_json(answer, NULL));
        session_answer_free(answer);
    }
    stopped = 1;
    for (int i = 0; i < threads; i++)
        pthread_join(readers[i], NULL);
    session_answer_free(get_own(client, 1, 2, 0));
    session_batch_close(batch);
    session_answer *report;
    session_client_report(client, &report);
    printf(
        "{\"calls\": %ld, \"children\": %d, \"refused\": %d, \"taken\": %d, \"longest_s\": %.3f, "
        "\"pid\": %d, \"report\": %s}\n",
        calls, (int)children, (int)refused, (int)taken, longest, (int)getpid(),
        session_answer_json(report, NULL));
    session_answer_free(report);
    session_client_close(client);
    return 0;
}
