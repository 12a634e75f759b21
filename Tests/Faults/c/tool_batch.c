/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD into the shell tool, between it and the library, each where its variable is set:
 *
 *   TOOL_STUCK=FILE   session_batch_next() makes the file and does not come back
 *   TOOL_STOP=N       the signal SIGTERM comes while session_batch_next() has its Nth answer in
 *                     hand
 *   TOOL_ROOM=N       session_batch_add() has room for N references of each provider, as the
 *                     library says of more of them
 *   TOOL_ADDED=FILE   what session_batch_add() took, one a line
 *   TOOL_READS=FILE   how often pread() was called, at the end
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <paysession.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAGS = 1 << 16 };

static int lanes[TAGS], waiting[256]; /* a lane is its provider's first letter */
static long answers, reads;

session_result session_batch_add(session_batch *batch, const char *reference, const char *options,
                                 uint64_t tag)
{
    session_result (*real)(session_batch *, const char *, const char *, uint64_t) =
        dlsym(RTLD_NEXT, "session_batch_add");
    const char *room = getenv("TOOL_ROOM"), *added = getenv("TOOL_ADDED");
    int lane = (unsigned char)*reference;
    session_result result;
    if (room && waiting[lane] >= atoi(room))
        return SESSION_AGAIN;
    result = real(batch, reference, options, tag);
    if (result != SESSION_OK)
        return result;
    lanes[tag % TAGS] = lane;
    waiting[lane]++;
    if (added) {
        FILE *file = fopen(added, "a");
        if (file) {
            fprintf(file, "%s\n", reference);
            fclose(file);
        }
    }
    return result;
}

session_result session_batch_next(session_batch *batch, int64_t timeout_ms, uint64_t *tag,
                                  session_answer **answer)
{
    session_result (*real)(session_batch *, int64_t, uint64_t *, session_answer **) =
        dlsym(RTLD_NEXT, "session_batch_next");
    const char *stuck = getenv("TOOL_STUCK"), *stop = getenv("TOOL_STOP");
    session_result result;
    if (stuck) {
        close(open(stuck, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        for (;;)
            pause();
    }
    result = real(batch, timeout_ms, tag, answer);
    if (result == SESSION_DONE || result == SESSION_AGAIN)
        return result;
    waiting[lanes[*tag % TAGS]]--;
    if (stop && ++answers == atol(stop))
        raise(SIGTERM);
    return result;
}

ssize_t pread(int fd, void *room, size_t size, off_t place)
{
    ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
    reads++;
    return real(fd, room, size, place);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("TOOL_READS");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", reads);
    fclose(file);
}
