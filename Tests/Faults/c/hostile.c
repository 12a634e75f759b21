/* SPDX-License-Identifier: MIT */
/*
 * hostile CONFIG get|wait|batch REFERENCE TIMEOUT_MS deadline|cancel: asks for that session, alone
 * or in a batch with one of an honest provider, and tells how late the call was. With "cancel"
 * another thread forks at 100 ms and cancels at 200.
 *
 * Late is told twice: by the clock, which a busy machine adds to, and by what the call's own thread
 * had of the processor from when it should have ended until it did, which no machine adds to. The
 * same of the fork: what the call used up while fork() was held.
 */
#include "common.h"

enum { FORK_MS = 100, CANCEL_MS = 200 };
static session_client *client;
static const char *reference;
static clockid_t cpu_of_call;
static int has_ended, cancels;
static double start, due, cpu_at_due = -1, fork_s = -1, fork_cpu = -1;

static double of_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#define ENDED __atomic_load_n(&has_ended, __ATOMIC_ACQUIRE)

/* Until then, or until the call has ended. */
static void wait_until(double when)
{
    while (!ENDED && seconds() < when)
        pause_ms(1);
}

/* Notes what the call has used when it is due. Never waits for anything of the library's. */
static void *watch(void *unused)
{
    (void)unused;
    wait_until(due);
    if (ENDED)
        return NULL;
    cpu_at_due = of_clock(cpu_of_call);
    if (cancels)
        session_client_cancel(client);
    return NULL;
}

static void *forks(void *unused)
{
    (void)unused;
    wait_until(start + FORK_MS / 1000.0);
    if (ENDED)
        return NULL;
    double begin = seconds(), cpu = of_clock(cpu_of_call);
    pid_t child = fork();
    if (!child)
        _exit(0);
    fork_s = seconds() - begin;
    fork_cpu = of_clock(cpu_of_call) - cpu;
    if (child < 0 || waitpid(child, NULL, 0) != child)
        fail("fork");
    return NULL;
}

struct told {
    double at;
    session_answer *answer;
};

static const char *json(struct told told)
{
    return session_answer_json(told.answer, NULL);
}

/* Of this program, in KiB: what getrusage tells began with who started it. */
static long largest(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[200];
    long kib = -1;
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld kB", &kib);
    if (file)
        fclose(file);
    return kib;
}

int main(int count, char **arguments)
{
    if (count != 6)
        return 2;
    int is_batch = !strcmp(arguments[2], "batch");
    double timeout = atof(arguments[4]) / 1000;
    pthread_t watcher, forker;
    session_answer *answer = NULL;
    session_batch *batch = NULL;
    struct told asked = {0}, honest = {0};
    reference = arguments[3];
    cancels = !strcmp(arguments[5], "cancel");
    if (session_client_open(arguments[1], &client, &answer))
        fail("open: %s", session_answer_json(answer, NULL));
    session_answer_free(answer);
    if (is_batch && session_batch_open(client, NULL, &batch, NULL))
        fail("batch");
    pthread_getcpuclockid(pthread_self(), &cpu_of_call);
    start = seconds();
    due = start + (cancels ? CANCEL_MS / 1000.0 : timeout);
    pthread_create(&watcher, NULL, watch, NULL);
    if (cancels)
        pthread_create(&forker, NULL, forks, NULL);
    if (is_batch) {
        if (session_batch_add(batch, reference, NULL, 0)
            || session_batch_add(batch, "ledyer:y", NULL, 1))
            fail("add");
        for (int i = 0; i < 2; i++) {
            uint64_t tag;
            session_result result = session_batch_next(batch, -1, &tag, &answer);
            if (!answer)
                fail("batch: %d", (int)result);
            *(tag ? &honest : &asked) = (struct told){seconds(), answer};
        }
    } else {
        (strcmp(arguments[2], "wait") ? session_get : session_wait)(client, reference, NULL,
                                                                    &asked.answer);
    }
    double end = seconds(), cpu = of_clock(cpu_of_call);
    __atomic_store_n(&has_ended, 1, __ATOMIC_RELEASE);
    pthread_join(watcher, NULL);
    if (cancels)
        pthread_join(forker, NULL);
    session_batch_close(batch);
    session_client_close(client);
    printf(
        "{\"seconds\": %.3f, \"late\": %.3f, \"late_cpu\": %.3f, \"fork\": %.3f, \"fork_cpu\": %.3f, "
        "\"memory_kib\": %ld, \"answer\": %s",
        end - start, end > due ? end - due : 0, cpu_at_due < 0 ? 0 : cpu - cpu_at_due, fork_s,
        fork_cpu, largest(), json(asked));
    if (is_batch)
        printf(", \"honest\": %s, \"honest_seconds\": %.3f", json(honest), honest.at - start);
    puts("}");
    session_answer_free(asked.answer);
    session_answer_free(honest.answer);
    return 0;
}
