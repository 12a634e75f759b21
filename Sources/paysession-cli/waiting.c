/* SPDX-License-Identifier: MIT */
/*
 * session_wait() comes back when all is over, so another process writes the line: a child that ends
 * with this one, however that ends. It is forked before there is a client, and touches none.
 */
#include "waiting.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

static void write_line(const char *reference, long seconds, long long limit_ms)
{
    struct winsize window = {0};
    char text[4352], limit[48] = "";
    size_t width =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col ? window.ws_col : 80;

    if (limit_ms)
        snprintf(limit, sizeof limit, " of %.3g s", (double)limit_ms / 1000);
    snprintf(text, sizeof text, "%ld s%s, waiting for %s", seconds, limit, printable(reference));
    /* A line that wraps cannot be rewritten. */
    fprintf(stderr, "\r%.*s\033[K", (int)display_fit(text, width - 1), text);
    fflush(stderr);
}

/* Signals are as they were: one that ends the group ends this too. */
static void write_lines(int alive, const char *reference, long long limit_ms)
{
    struct pollfd end = {alive, 0, 0};
    long seconds;

    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    /* What is there at once needs no line. */
    if (poll(&end, 1, 300) != 0)
        _exit(0);
    for (seconds = 0;; seconds++) {
        write_line(reference, seconds, limit_ms);
        if (poll(&end, 1, seconds ? 1000 : 700) != 0)
            _exit(0);
    }
}

void waiting_begin(struct waiting *waiting, const char *reference, long long limit_ms)
{
    const char *terminal = getenv("TERM");
    int ends[2];

    waiting->writer = 0;
    if (!isatty(STDERR_FILENO) || !terminal || !strcmp(terminal, "dumb")
        || pipe2(ends, O_CLOEXEC) != 0)
        return;
    waiting->alive = ends[1];
    waiting->writer = fork();
    if (waiting->writer == 0) {
        close(ends[1]);
        write_lines(ends[0], reference, limit_ms);
    }
    close(ends[0]);
    if (waiting->writer < 0) {
        close(ends[1]);
        waiting->writer = 0;
    }
}

void waiting_end(struct waiting *waiting)
{
    if (!waiting || !waiting->writer)
        return;
    close(waiting->alive);
    waitpid(waiting->writer, NULL, 0);
    waiting->writer = 0;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
