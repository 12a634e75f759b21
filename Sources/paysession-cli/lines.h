/* SPDX-License-Identifier: MIT */
/* Lines of text from a descriptor that may be a pipe. */
#ifndef PAYSESSION_CLI_LINES_H
#define PAYSESSION_CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    int fd;
    char *buffer;
    size_t begin, end, room;
    bool is_over;   /* the descriptor has given its last byte */
    bool has_begun; /* behind the first line, before which a byte order mark may stand */
    bool is_long;   /* in the middle of a line that is too long: the rest of it is skipped */
};

/* A reference that is longer than this is none. */
enum { LONGEST_LINE = 8192 };

/* lines_open() - reads from that descriptor. false when memory has run out. */
bool lines_open(struct lines *lines, int fd);

/* lines_fill() - reads once what there is; may wait, unless poll() has said that it will not.
 * false when reading fails: errno says why. */
bool lines_fill(struct lines *lines);

/* lines_next() - the next line as text, without its end and, if it is the first, without a byte
 * order mark: what is no UTF-8, and NUL, as U+FFFD, and a line that is too long cut off, with
 * U+2026 behind it. Neither is a reference then, or could be taken for another. NULL if there is
 * no whole line yet. Borrowed from lines until the next call. */
char *lines_next(struct lines *lines);

void lines_close(struct lines *lines);

#endif
