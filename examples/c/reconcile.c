/* SPDX-License-Identifier: MIT */
/*
 * Many sessions at once in an event loop, without threads: the batch gives one descriptor, which
 * poll(2) watches beside whatever else the program waits for, here the references on stdin.
 * usage: reconcile CONFIG < references
 */
#include <paysession.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char lines[4096];
static size_t used;

/* Adds the whole lines that have come; what there is no room for waits for the next time. */
static void add_lines(session_batch *batch)
{
    char *end;

    while ((end = memchr(lines, '\n', used))) {
        size_t length = (size_t)(end - lines) + 1;
        *end = '\0';
        if (session_batch_add(batch, lines, NULL, 0) == SESSION_AGAIN) {
            *end = '\n';
            return;
        }
        memmove(lines, lines + length, used -= length);
    }
}

int main(int argc, char **argv)
{
    session_client *client;
    session_batch *batch;
    session_answer *answer;
    int is_over = 0;

    if (argc != 2 || session_client_open(argv[1], &client, NULL) != SESSION_OK
        || session_batch_open(client, NULL, &batch, NULL) != SESSION_OK) {
        fprintf(stderr, "usage: %s CONFIG < references\n", argv[0]);
        return 2;
    }
    for (;;) {
        struct pollfd fds[2] = {{0, POLLIN, 0}, {0, POLLIN, 0}};
        session_result result;

        add_lines(batch);
        while ((result = session_batch_next(batch, 0, NULL, &answer)) != SESSION_AGAIN
               && result != SESSION_DONE) {
            printf("%s\n", session_answer_json(answer, NULL));
            session_answer_free(answer);
        }
        if (result == SESSION_DONE && is_over)
            break;
        fds[0].fd = is_over || used == sizeof lines ? -1 : STDIN_FILENO;
        fds[1].fd = session_batch_fd(batch);
        poll(fds, 2, -1);
        if (fds[0].revents) {
            ssize_t got = read(STDIN_FILENO, lines + used, sizeof lines - used);
            is_over = got <= 0;
            used += is_over ? 0 : (size_t)got;
        }
    }
    session_batch_close(batch);
    session_client_close(client);
    return 0;
}
