/* SPDX-License-Identifier: MIT */
/* exec CONFIG HOW: starts a program in one of the ways there are, while a client, a batch and its
 * descriptor are open, and prints what that program has open beside 0, 1 and 2. */
#include "common.h"
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>

extern char **environ;

/* libcurl's own wake-up pair inside a multi handle: 7.88 leaves it open across exec, and nobody but
 * libcurl knows its numbers. It leads nowhere; it is left out of what is looked at here. */
static void leave_out_wakeup_pairs(void)
{
    for (int fd = 3; fd < 256; fd++) {
        int domain = 0;
        socklen_t size = sizeof domain;
        if (!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) && domain == AF_UNIX)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    const char *how = arguments[2];
    /* The listing itself opens a folder: ls closes it before it prints, so it shows as dangling. */
    char *const list[] = {"/bin/sh", "-c",
                          "for f in /proc/$$/fd/*; do "
                          "printf '%s ' \"${f##*/}\"; readlink \"$f\" || echo; done",
                          NULL};
    session_client *client = opened(arguments[1]);
    session_batch *batch;
    session_answer *answer;
    for (int nth = 0; nth < 4; nth++)
        session_answer_free(get_own(client, EVERY, 1, nth));
    if (session_batch_open(client, NULL, &batch, NULL))
        fail("batch");
    if (session_batch_fd(batch) < 0)
        fail("descriptor");
    if (session_batch_add(batch, "kustom:x", NULL, 1))
        fail("add");
    if (session_batch_next(batch, -1, NULL, &answer))
        fail("next");
    session_answer_free(answer);
    fflush(stdout);
    leave_out_wakeup_pairs();

    pid_t child = 0;
    int status;
    if (!strcmp(how, "posix_spawn")) {
        if (posix_spawn(&child, list[0], NULL, NULL, list, environ))
            fail("posix_spawn");
    } else if (!strcmp(how, "vfork")) {
        child = vfork();
        if (!child) {
            execve(list[0], list, environ);
            _exit(127);
        }
    } else if (!strcmp(how, "fork")) {
        child = fork();
        if (!child) {
            execve(list[0], list, environ);
            _exit(127);
        }
    } else if (!strcmp(how, "exec")) {
        execve(list[0], list, environ);
        fail("exec");
    }
    if (waitpid(child, &status, 0) != child || status)
        fail("child: %x", status);
    /* The child that never forked properly did no harm. */
    session_answer_free(get_own(client, EVERY, 2, 0));
    session_batch_close(batch);
    session_client_close(client);
    return 0;
}
