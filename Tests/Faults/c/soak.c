/* SPDX-License-Identifier: MIT */
/*
 * soak CONFIG SECONDS: what a host does in a day. Two threads read sessions of all providers with a
 * client that stays, good ones and every fault the server knows; one opens and closes clients,
 * shared and not, waits, and asks for reports; one has batches, some of them given up half way; the
 * first thread forks children that read, and each second, at a moment without a client that comes
 * and goes, prints how memory, descriptors and threads stand. Fails at the first answer that is
 * another's, or paid when it must not be, and if more descriptors are left in the end than a first
 * client left.
 */
#include <malloc.h>
#include <poll.h>

#include "common.h"

enum { THREADS = 4 };
static const char *const faults[] = {"wrong-", "page-", "cut-",  "e400-", "e401-", "e403-", "e404-",
                                     "e418-",  "e302-", "e429-", "e500-", "e502-", "gone-"};
static char *config, *shared_config;
static session_client *staying;
static int over;
static long calls, batched, opened_clients, forked;
/* Held while a client is open that is closed again: what it has would tell nothing about what
 * stays. */
static pthread_mutex_t passing = PTHREAD_MUTEX_INITIALIZER;

static void add(long *counter, long number)
{
    __atomic_fetch_add(counter, number, __ATOMIC_RELAXED);
}

static int is_over(void)
{
    return __atomic_load_n(&over, __ATOMIC_RELAXED);
}

/* A reference whose session goes well (1), or with one of the faults (0). */
static int choose(char *reference, size_t room, unsigned *seed)
{
    int number = rand_r(seed), is_good = number % 3 != 0;
    snprintf(reference, room, "%s%ss-%d", prefixes[number / 3 % EVERY],
             is_good ? "" : faults[number / 12 % (int)(sizeof faults / sizeof *faults)], number);
    return is_good;
}

static void look_at(const char *reference, int is_good, session_result result,
                    session_answer *answer)
{
    const char *json = session_answer_json(answer, NULL);
    session_paid paid = session_answer_paid(answer);
    int is_dintero = reference[0] == 'd';
    if (!is_good && (result == SESSION_OK || paid != SESSION_PAID_UNKNOWN))
        fail("%s: %s", reference, json);
    if (is_good && result == SESSION_OK) {
        const char *name =
            strrchr(reference, reference[0] == 'k' || reference[0] == 'l' ? ':' : '/') + 1;
        if (!strstr(strstr(json, "\"raw\":"), name))
            fail("%s got another's answer: %s", reference, json);
        if (paid != (is_dintero ? SESSION_PAID_UNKNOWN : SESSION_PAID_YES))
            fail("%s: %s", reference, json);
    } else if (is_good && result != SESSION_UNREACHABLE && result != SESSION_TIMED_OUT) {
        /* A fault breaks the connection that others are on: that much may happen to a good one. */
        fail("%s: %s", reference, json);
    }
    session_answer_free(answer);
}

static void read_one(session_client *client, unsigned *seed)
{
    char reference[128];
    session_answer *answer;
    int is_good = choose(reference, sizeof reference, seed);
    session_result result = session_get(client, reference, "{\"timeout_ms\": 5000}", &answer);
    look_at(reference, is_good, result, answer);
    add(&calls, 1);
}

static void *reading(void *number)
{
    unsigned seed = (unsigned)(size_t)number;
    while (!is_over()) {
        read_one(staying, &seed);
        pause_ms(4);
    }
    return NULL;
}

/* A client's whole life. */
static void open_and_close(const char *with, unsigned *seed)
{
    session_client *client;
    session_answer *answer;
    if (session_client_open(with, &client, NULL))
        fail("open");
    for (int i = 0; i < 3; i++)
        read_one(client, seed);
    session_wait(client, "kustom:s-1", "{\"timeout_ms\": 2000, \"interval_ms\": 1}", &answer);
    session_answer_free(answer);
    session_client_report(client, &answer);
    session_answer_free(answer);
    session_client_close(client);
}

static void *opening(void *number)
{
    unsigned seed = (unsigned)(size_t)number;
    while (!is_over()) {
        pthread_mutex_lock(&passing);
        open_and_close(rand_r(&seed) % 2 ? config : shared_config, &seed);
        pthread_mutex_unlock(&passing);
        add(&opened_clients, 1);
        pause_ms(20);
    }
    return NULL;
}

/* The next answer of a batch, waited for in the library or, as an event loop does, at its
 * descriptor. */
static session_result next_of(session_batch *batch, int at_descriptor, uint64_t *tag,
                              session_answer **answer)
{
    double until = seconds() + 20;
    if (!at_descriptor)
        return session_batch_next(batch, 20000, tag, answer);
    for (;;) {
        struct pollfd ready = {session_batch_fd(batch), POLLIN, 0};
        session_result result = session_batch_next(batch, 0, tag, answer);
        if (result != SESSION_AGAIN || seconds() > until)
            return result;
        if (ready.fd < 0 || poll(&ready, 1, 20000) != 1)
            fail("the batch's descriptor");
    }
}

static void *batches(void *number)
{
    unsigned seed = (unsigned)(size_t)number;
    while (!is_over()) {
        enum { MANY = 64 };
        static char references[MANY][128];
        int is_good[MANY], left, i, at_descriptor = rand_r(&seed) % 2;
        session_batch *batch;
        session_answer *answer;
        uint64_t tag;
        if (session_batch_open(staying, "{\"in_flight\": 16}", &batch, NULL))
            fail("batch");
        for (i = 0; i < MANY; i++) {
            is_good[i] = choose(references[i], sizeof references[i], &seed);
            if (session_batch_add(batch, references[i], NULL, (uint64_t)i))
                fail("add");
        }
        left = rand_r(&seed) % 4 ? MANY : rand_r(&seed) % MANY; /* some are given up */
        for (i = 0; i < left; i++) {
            session_result result = next_of(batch, at_descriptor, &tag, &answer);
            if (result == SESSION_AGAIN || result == SESSION_DONE)
                fail("next: %d", result);
            look_at(references[tag], is_good[tag], result, answer);
        }
        session_batch_close(batch);
        add(&batched, left);
        pause_ms(200);
    }
    return NULL;
}

/* A field of /proc/self/status. */
static long status_of(const char *field)
{
    char text[8192], *at;
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        fail("status");
    text[length] = 0;
    at = strstr(text, field);
    return at ? atol(at + strlen(field)) : -1;
}

/* The last number behind this in malloc_info()'s XML: the sum over all arenas. */
static long last_of(const char *xml, const char *what)
{
    const char *found = NULL, *next = xml;
    while ((next = strstr(next, what)))
        found = next += strlen(what);
    if (!found || !(found = strstr(found, "size=\"")))
        fail("malloc_info: no %s", what);
    return atol(found + 6);
}

/* What the process has of malloc and has not given back, in all arenas; threads' small caches
 * count. */
static long allocated(void)
{
    char *xml;
    size_t length;
    FILE *stream = open_memstream(&xml, &length);
    if (!stream || malloc_info(0, stream) || fclose(stream))
        fail("malloc_info");
    long bytes = last_of(xml, "<system type=\"current\"") - last_of(xml, "<total type=\"rest\"")
                 - last_of(xml, "<total type=\"fast\"") + last_of(xml, "<total type=\"mmap\"");
    free(xml);
    return bytes;
}

int main(int count, char **arguments)
{
    static void *(*const work[THREADS])(void *) = {reading, reading, opening, batches};
    pthread_t threads[THREADS];
    if (count != 3)
        return 2;
    config = contents(arguments[1]);
    shared_config = malloc(strlen(config) + 32);
    sprintf(shared_config, "{\"shared\": true, %s", strchr(config, '{') + 1);
    unsigned seed = 99;
    /* The shared client is kept when nobody holds it any more, with its connection. */
    open_and_close(shared_config, &seed);
    int kept = descriptors("");
    staying = opened(arguments[1]);
    double begun = seconds(), end = begun + atof(arguments[2]);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work[i], (void *)(i + 1));
    while (seconds() < end) {
        pid_t child = fork();
        int status;
        if (!child) {
            alarm(60);
            for (int i = 0; i < 2; i++)
                read_one(staying, &seed);
            session_client_close(staying);
            _exit(0);
        }
        rand_r(&seed);
        if (waitpid(child, &status, 0) != child || status)
            fail("child: %x", status);
        forked++;
        pause_ms(700);
        pthread_mutex_lock(&passing);
        printf("{\"seconds\": %.1f, \"resident_kib\": %ld, \"allocated_kib\": %ld, "
               "\"descriptors\": %d, \"threads\": %ld, "
               "\"calls\": %ld, \"batched\": %ld, \"clients\": %ld, \"forks\": %ld}\n",
               seconds() - begun, status_of("VmRSS:"), allocated() / 1024, descriptors(""),
               status_of("Threads:"), calls, batched, opened_clients, forked);
        pthread_mutex_unlock(&passing);
        fflush(stdout);
    }
    __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    session_client_close(staying);
    int left = descriptors("");
    if (left > kept)
        fail("%d descriptors are left, the first client left %d", left, kept);
    return 0;
}
