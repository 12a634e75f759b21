/* SPDX-License-Identifier: MIT */
/*
 * allocations CONFIG STRIDE [NAME...]: each allocation in turn (every STRIDEth) fails, once, and
 * from then on, in whatever library it is made: opening a client, reading, a batch, judging a
 * document. Each time in a process of its own, which must come to its end with a result; and when
 * there is memory again all must be well. Prints how often that was, the results, in which
 * libraries a process ended otherwise, and how often it was not well afterwards.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <sys/mman.h>

#include "common.h"

/* ---- malloc, that fails when told ------------------------------------------------------------ */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static int armed, lasting; /* single-threaded, and each process has its own */
static long made, failing;

static int fails(void)
{
    if (!armed)
        return 0;
    made++;
    if (!failing || (lasting ? made < failing : made != failing))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}
void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}
void *realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}
void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}
int posix_memalign(void **block, size_t alignment, size_t size)
{
    return fails() || !(*block = __libc_memalign(alignment, size)) ? ENOMEM : 0;
}

/* ---- What is tried
 * ---------------------------------------------------------------------------- */

static const char *config;
static session_client *ready; /* one that has read before has its token */

static const char document[] =
    "{\"session_id\":\"a\",\"status\":\"FINALIZED\",\"order_amount\":2000,\"purchase_currency\":\"SEK\","
    "\"merchant_reference1\":\"A long reference of a merchant, longer than what fits into a word\"}";

/* Whatever went wrong, the answer is one, and no answer says that goods may go. */
static session_result checked(session_result result, session_answer **told)
{
    session_answer *answer = *told;
    if (!answer || session_answer_result(answer) != result)
        fail("result %d, another in the answer", result);
    if (result != SESSION_OK && session_answer_paid(answer) != SESSION_PAID_UNKNOWN)
        fail("paid");
    if (!*session_answer_json(answer, NULL))
        fail("no text");
    session_answer_free(answer);
    return result;
}

static session_result opening(void)
{
    session_client *client;
    session_answer *answer;
    session_result result = checked(session_client_open(config, &client, &answer), &answer);
    if ((result == SESSION_OK) != (client != NULL))
        fail("client");
    session_client_close(client);
    return result;
}

static session_result reading(void)
{
    session_answer *answer;
    return checked(session_get(ready, "kustom:a", NULL, &answer), &answer);
}

static session_result reading_with_token(void)
{
    session_answer *answer;
    return checked(session_get(ready, "ledyer:a", NULL, &answer), &answer);
}

static session_result batch(void)
{
    static const char *const references[] = {"kustom:a", "ledyer:a", "inbank:" SHOP "/a",
                                             "nonsense"};
    session_batch *batch;
    session_answer *answer;
    session_result worst = checked(session_batch_open(ready, NULL, &batch, &answer), &answer),
                   result;
    uint64_t tag, seen = 0, added = 0, each;
    if ((worst == SESSION_OK) != (batch != NULL))
        fail("batch");
    if (!batch)
        return worst;
    for (each = 0; each < 4; each++) {
        result = session_batch_add(batch, references[each], NULL, each);
        if (result == SESSION_OK)
            added |= 1ULL << each;
        else if (result != SESSION_OUT_OF_MEMORY && each < 3)
            fail("add: %d", result);
        else
            worst = result;
    }
    for (;;) {
        result = session_batch_next(batch, 5000, &tag, &answer);
        if (result == SESSION_DONE)
            break;
        if (result == SESSION_AGAIN)
            fail("again");
        if (!answer)
            fail("no answer from next: %d", result);
        if (seen & 1ULL << tag)
            fail("twice");
        seen |= 1ULL << tag;
        if (checked(result, &answer) != SESSION_OK && tag < 3)
            worst = result;
    }
    if (seen != added)
        fail("%llx of %llx came back", (unsigned long long)seen, (unsigned long long)added);
    session_batch_close(batch);
    return worst;
}

static session_result judging(void)
{
    session_answer *answer;
    return checked(session_normalize("kustom", document, "{\"expect\":{\"amount\":2000}}", &answer),
                   &answer);
}

/* As many lines as no order has, and a text as long as no reference is. */
static session_result judging_much(void)
{
    static char much[1 << 20];
    session_answer *answer;
    if (!*much) {
        char *at =
            much
            + sprintf(much, "{\"session_id\":\"a\",\"status\":\"FINALIZED\",\"order_amount\":2000,"
                            "\"purchase_currency\":\"SEK\",\"order_items\":[");
        for (int line = 0; line < 100; line++)
            at += sprintf(
                at, "{\"reference\":\"a reference that takes its own memory\",\"name\":\"n\"},");
        at += sprintf(at - 1, "],\"merchant_reference1\":\"") - 1;
        memset(at, 'r', 100000);
        strcpy(at + 100000, "\"}");
    }
    return checked(session_normalize("kustom", much, NULL, &answer), &answer);
}

/* What came to the shop: one of Kustom's, and one of Dintero's with many
 * parameters. Their secrets are a configuration's, which is opened for them. */
static session_result verifying(void)
{
    static const char *const secrets =
        "{\"kustom\":{\"base_url\":\"http://localhost\",\"api_key\":\"k\",\"callback_secret\":"
        "[\"whsec_MDEyMzQ1Njc4OWFiY2RlZg==\",\"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"]},"
        "\"dintero\":{\"base_url\":\"http://localhost\",\"token\":\"t\",\"account_id\":\"T12345678\","
        "\"callback_secret\":\"s\"}}";
    static const char *const request =
        "{\"method\":\"POST\",\"url\":\"https://shop.example/\",\"headers\":{\"webhook-id\":\"msg_demo_1\","
        "\"webhook-timestamp\":\"1750000000\","
        "\"webhook-signature\":\"v1,xxL2jqYIN2yy2BNn6rjAZNdbfZYTEtHw2YFV16havKM=\"}}";
    static const char *const body = "{\"type\":\"ipp.session.finalized\"}";
    static const char *const at = "{\"received_at\":\"2025-06-15T15:06:40Z\"}";
    static char many[1024];
    session_client *client;
    session_answer *answer;
    session_result result = session_client_open(secrets, &client, &answer);
    if (checked(result, &answer) != SESSION_OK)
        return result;
    if (!*many) {
        char *place = many + sprintf(many, "{\"method\":\"GET\",\"url\":\"https://shop.example/?");
        while (place < many + sizeof many - 400)
            place += sprintf(place, "%d&", rand() % 10);
        sprintf(place,
                "\",\"headers\":{\"dintero-signature\":\"t=1750000000,v0-hmac-sha256=%064d\"}}", 0);
    }
    result = session_callback_verify(client, "kustom", request, body, strlen(body), at, &answer);
    if (checked(result, &answer) == SESSION_OK) {
        result = session_callback_verify(client, "dintero", many, NULL, 0, at, &answer);
        if (checked(result, &answer) == SESSION_NOT_GENUINE)
            result = SESSION_OK;
    }
    session_client_close(client);
    return result;
}

static session_result reporting(void)
{
    session_answer *answer;
    return checked(session_client_report(ready, &answer), &answer);
}

static const struct {
    const char *name;
    session_result (*run)(void);
    /* The parent has not used the library before, or has opened a client, or has read with it. */
    enum { FIRST, OPENED, READ } after;
} tried[] = {{"normalize_first", judging, FIRST},
             {"open_first", opening, FIRST},
             {"get_first", reading, OPENED},
             {"open", opening, READ},
             {"get", reading, READ},
             {"get_with_token", reading_with_token, READ},
             {"batch", batch, READ},
             {"normalize", judging, READ},
             {"normalize_much", judging_much, READ},
             {"callback", verifying, READ},
             {"report", reporting, READ}};

/* ---- Crashes: in whose code
 * ------------------------------------------------------------------- */

enum { LIBRARIES = 16, RESULT = 2, RESULTS = 42, CRASHED = 98, NOT_WELL = 99 }; /* fail() is 1 */
static struct {
    char name[64];
    long crashes;
} *libraries; /* shared by all processes */

/* Ours, in front of the C library's: where it finds the heap in pieces, somebody else broke it. */
static int is_malloc(const void *function)
{
    return function == (void *)malloc || function == (void *)calloc || function == (void *)realloc
           || function == (void *)aligned_alloc || function == (void *)posix_memalign;
}

/* The innermost library on the stack that is not the C library: the one that called it. */
static void crashed(int signal)
{
    void *frames[48];
    Dl_info where;
    const char *name = "?";
    int count, i, known;
    (void)signal;
    armed = 0;
    count = backtrace(frames, 48);
    for (i = 2; i < count; i++) { /* this function, and the kernel's frame */
        if (!dladdr(frames[i], &where) || !where.dli_fname || is_malloc(where.dli_saddr))
            continue;
        name = strrchr(where.dli_fname, '/') ? strrchr(where.dli_fname, '/') + 1 : where.dli_fname;
        if (strncmp(name, "libc.so", 7))
            break;
    }
    for (known = 0; known < LIBRARIES; known++) {
        if (!*libraries[known].name)
            snprintf(libraries[known].name, sizeof libraries[known].name, "%s", name);
        if (strcmp(libraries[known].name, name))
            continue;
        libraries[known].crashes++;
        break;
    }
    _exit(CRASHED);
}

static void watch_crashes(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGALRM};
    static char stack[1 << 16];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};
    void *frames[2];
    backtrace(frames, 2); /* loads what it needs */
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

/* ---- One process for each failure
 * -------------------------------------------------------------- */

static void child(int which, int report)
{
    session_result result;
    int tries;
    alarm(30);
    armed = 1;
    result = tried[which].run();
    armed = 0;
    if (report >= 0 && write(report, &made, sizeof made) != sizeof made)
        _exit(3);
    failing = 0;
    /* As often as a call tries by itself: a connection may have broken. */
    for (tries = 0; tried[which].run() != SESSION_OK; tries++)
        if (tries == 2)
            _exit(NOT_WELL);
    session_client_close(ready);
    _exit(RESULT + (int)result);
}

int main(int count, char **arguments)
{
    int status, ends[2], stride = atoi(arguments[2]), is_first = 1;
    if (count < 3)
        return 2;
    config = contents(arguments[1]);
    libraries = mmap(NULL, LIBRARIES * sizeof *libraries, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    watch_crashes();
    printf("{");
    for (int which = 0; which < (int)(sizeof tried / sizeof *tried); which++) {
        long number, all = 0, not_well = 0, results[RESULTS] = {0};
        int chosen = count == 3;
        for (int i = 3; i < count; i++)
            chosen |= !strcmp(arguments[i], tried[which].name);
        if (!chosen)
            continue;
        if (tried[which].after > FIRST && !ready)
            ready = opened(arguments[1]);
        if (tried[which].after == READ && reading() != SESSION_OK)
            fail("reading");
        if (pipe(ends))
            fail("pipe");
        failing = 0;
        fflush(NULL);
        if (!fork())
            child(which, ends[1]);
        wait(&status);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != RESULT
            || read(ends[0], &all, sizeof all) != sizeof all)
            fail("%s without a failure: status %x", tried[which].name, status);
        close(ends[0]), close(ends[1]);
        for (lasting = 0; lasting < 2; lasting++) {
            for (number = 1; number <= all; number += stride) {
                pid_t process;
                failing = number;
                process = fork();
                if (!process)
                    child(which, -1);
                if (waitpid(process, &status, 0) != process)
                    fail("wait");
                int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
                if (code >= RESULT && code < RESULT + RESULTS) {
                    results[code - RESULT]++;
                } else if (code == NOT_WELL) {
                    not_well++;
                } else if (code != CRASHED) {
                    fail("%s, allocation %ld: status %x", tried[which].name, number, status);
                }
            }
        }
        printf("%s\"%s\": {\"allocations\": %ld, \"results\": {", is_first ? "" : ", ",
               tried[which].name, all);
        is_first = 0;
        for (int result = 0, first = 1; result < RESULTS; result++)
            if (results[result]) {
                printf("%s\"%d\": %ld", first ? "" : ", ", result, results[result]);
                first = 0;
            }
        printf("}, \"not_well\": %ld, \"crashes\": {", not_well);
        for (int i = 0; i < LIBRARIES && *libraries[i].name; i++)
            printf("%s\"%s\": %ld", i ? ", " : "", libraries[i].name, libraries[i].crashes);
        printf("}}");
        memset(libraries, 0, LIBRARIES * sizeof *libraries);
    }
    session_client_close(ready);
    puts("}");
    return 0;
}
