/* SPDX-License-Identifier: MIT */
/* taken_away CONFIG CALL HOW: the host takes the library's descriptors away, one after the
 * other, each from a client of its own: HOW closed, or file: a file of its own is put there. It
 * happens
 *   idle    between two calls
 *   batch   between two answers of a batch whose descriptor is known
 *   wait    in the pause of session_wait, by another thread
 *   inside  while session_get waits for an answer that does not come
 * timeout_ms is 400. Prints, of each: what it was, what the next call came to and when, what
 * processor it took, whether later calls are good, one of a new batch among them, and can be
 * cancelled, how many bytes stand in the file, and whether it is still open after the client was
 * closed. */
#include "common.h"
#include <sys/stat.h>

enum { MOST = 256 };
static int is_file, of_ours[MOST], number_of_ours, file;
static char was[64];
static session_client *client;

static int is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static double processor(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void take_away(int fd)
{
    char path[64];
    int domain = 0;
    socklen_t size = sizeof domain;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, was, sizeof was - 1);
    was[length < 0 ? 0 : length] = 0;
    if (!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size))
        strcpy(was, domain == AF_UNIX ? "pair" : "connection");
    if (is_file) {
        if (dup2(file, fd) < 0)
            fail("dup2");
    } else {
        close(fd);
    }
}

static void *later(void *fd)
{
    pause_ms(60);
    take_away((int)(size_t)fd);
    return NULL;
}

static void *cancel(void *unused)
{
    (void)unused;
    pause_ms(30);
    session_client_cancel(client);
    return NULL;
}

static session_result asked(const char *reference)
{
    session_answer *answer = NULL;
    session_result result = session_get(client, reference, NULL, &answer);
    session_answer_free(answer);
    return result;
}

static session_result added(session_batch *batch)
{
    session_answer *answer = NULL;
    if (session_batch_add(batch, "kustom:x", NULL, 1))
        fail("add");
    session_result result = session_batch_next(batch, -1, NULL, &answer);
    session_answer_free(answer);
    return result;
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    char *config = contents(arguments[1]);
    struct stat mine, there;
    const char *call = arguments[2];
    is_file = !strcmp(arguments[3], "file");
    char name[] = "taken_away_XXXXXX";
    file = mkstemp(name);
    if (file < 0 || unlink(name) || fstat(file, &mine))
        fail("file");
    printf("[");
    for (int nth = 0, more = 1; more; nth++) {
        char before[MOST];
        session_batch *batch = NULL;
        session_answer *answer;
        session_result result;
        pthread_t thread;
        for (int fd = 0; fd < MOST; fd++)
            before[fd] = (char)is_open(fd);
        if (session_client_open(config, &client, NULL))
            fail("open");
        if (asked("kustom:warm"))
            fail("warm");
        if (!strcmp(call, "batch")) {
            if (session_batch_open(client, NULL, &batch, NULL) || session_batch_fd(batch) < 0)
                fail("batch");
            if (added(batch))
                fail("warm batch");
        }
        number_of_ours = 0;
        for (int fd = 0; fd < MOST; fd++)
            if (is_open(fd) && !before[fd])
                of_ours[number_of_ours++] = fd;
        if (nth + 1 >= number_of_ours)
            more = 0;
        int taken = of_ours[nth];
        double start = seconds(), used = processor();
        int is_during = !strcmp(call, "wait") || !strcmp(call, "inside");
        if (is_during)
            pthread_create(&thread, NULL, later, (void *)(size_t)taken);
        else
            take_away(taken);
        if (batch) {
            result = added(batch);
        } else if (!strcmp(call, "wait")) {
            result = session_wait(client, "kustom:open", "{\"interval_ms\": 250}", &answer);
            session_answer_free(answer);
        } else {
            result = asked(is_during ? "kustom:silent" : "kustom:x");
        }
        double took = seconds() - start;
        used = processor() - used;
        if (is_during)
            pthread_join(thread, NULL);
        session_batch_close(batch);
        asked("kustom:x");
        session_result after = asked("kustom:x"), cancelled;
        if (!after)
            after = session_batch_open(client, NULL, &batch, NULL);
        if (!after) {
            after = added(batch);
            session_batch_close(batch);
        }
        pthread_create(&thread, NULL, cancel, NULL);
        cancelled = asked("kustom:silent");
        pthread_join(thread, NULL);
        session_client_close(client);
        int is_kept = !is_file || (!fstat(taken, &there) && there.st_ino == mine.st_ino);
        if (is_file && is_kept)
            close(taken);
        fstat(file, &there);
        printf(
            "%s{\"was\": \"%s\", \"result\": %d, \"took\": %.3f, \"used\": %.3f, \"after\": %d, \"cancelled\": %d, "
            "\"bytes\": %d, \"kept\": %s}",
            nth ? ", " : "", was, (int)result, took, used, (int)after, (int)cancelled,
            (int)there.st_size, is_kept ? "true" : "false");
    }
    puts("]");
    free(config);
    return 0;
}
