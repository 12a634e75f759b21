/* SPDX-License-Identifier: MIT */
/*
 * Many sessions at once in an event loop, without threads: the batch gives one descriptor, which
 * poll(2) watches beside whatever else the program waits for, here the references on stdin, one a
 * line. Prints each answer as a line of JSON. Ends with 0 if every line was asked.
 *
 *     cc reconcile.c $(pkg-config --cflags --libs paysession) -o reconcile
 *     ./reconcile config.json < references
 */
#include <errno.h>
#include <paysession.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char lines[4096];
static size_t used;
static unsigned long number = 1; /* of the line that is at the buffer's beginning */
static int is_over;              /* stdin has given its last byte */
static int is_cut;               /* the beginning of this line was too long: so the rest goes too */
static int is_refused;           /* a line was not asked, or stdin could not be read */

static void refuse(const char *why)
{
    fprintf(stderr, "line %lu: %s\n", number, why);
    is_refused = 1;
}

/* Adds the buffer's first line, or refuses it. Returns 0 while the batch has no room for it. */
static int add_line(session_batch *batch, size_t length)
{
    char reference[sizeof lines];

    if (length && lines[length - 1] == '\r')
        length--;
    memcpy(reference, lines, length);
    reference[length] = '\0';
    if (!length)
        return 1;
    if (strlen(reference) != length) {
        refuse("a NUL is no part of a reference");
        return 1;
    }
    switch (session_batch_add(batch, reference, NULL, number)) {
    case SESSION_OK:
        return 1;
    case SESSION_AGAIN:
        return 0;
    default:
        refuse("memory has run out");
        return 1;
    }
}

/* Adds the lines that have come, the last one with or without its end. Returns 0 while there is one
 * that the batch has no room for. */
static int add_lines(session_batch *batch)
{
    while (used) {
        const char *end = memchr(lines, '\n', used);
        size_t length = end ? (size_t)(end - lines) : used;
        int is_long = !end && used == sizeof lines;

        if (!end && !is_long && !is_over)
            return 1; /* the rest of it is still to come */
        if (is_long && !is_cut)
            refuse("longer than 4,095 bytes");
        if (!is_long && !is_cut && !add_line(batch, length))
            return 0;
        is_cut = is_long;
        if (end) {
            length++;
            number++;
        }
        used -= length;
        memmove(lines, lines + length, used);
    }
    return 1;
}

static void read_more(void)
{
    ssize_t got = read(STDIN_FILENO, lines + used, sizeof lines - used);

    if (got > 0) {
        used += (size_t)got;
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        is_over = 1;
        if (got < 0)
            refuse("stdin cannot be read further");
    }
}

int main(int argc, char **argv)
{
    session_client *client;
    session_batch *batch;
    session_answer *answer;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CONFIG < references\n", argv[0]);
        return 2;
    }
    if (session_client_open_file(argv[1], &client, &answer) != SESSION_OK) {
        fprintf(stderr, "%s\n", session_answer_text(answer, "/error/message"));
        session_answer_free(answer);
        return 2;
    }
    session_answer_free(answer);
    if (session_batch_open(client, NULL, &batch, NULL) != SESSION_OK) {
        fprintf(stderr, "memory has run out\n");
        session_client_close(client);
        return 2;
    }
    for (;;) {
        struct pollfd fds[2] = {{0, POLLIN, 0}, {0, POLLIN, 0}};
        int is_all_added = add_lines(batch);
        session_result result;

        while ((result = session_batch_next(batch, 0, NULL, &answer)) != SESSION_AGAIN
               && result != SESSION_DONE) {
            printf("%s\n", session_answer_json(answer, NULL));
            session_answer_free(answer);
        }
        if (result == SESSION_DONE && !is_all_added)
            continue;
        if (result == SESSION_DONE && is_over)
            break;
        fflush(stdout);
        fds[0].fd = is_over || used == sizeof lines ? -1 : STDIN_FILENO;
        fds[1].fd = session_batch_fd(batch);
        /* Where there is no descriptor, time has to do. */
        poll(fds, 2, fds[1].fd < 0 ? 100 : -1);
        if (fds[0].revents)
            read_more();
    }
    session_batch_close(batch);
    session_client_close(client);
    return is_refused || fflush(stdout) || ferror(stdout);
}
