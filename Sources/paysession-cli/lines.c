/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Behind the raw line stands room for it as text: each byte can become three. */
enum { ROOM = 64 * 1024, TEXT = 3 * LONGEST_LINE + 8 };

bool lines_open(struct lines *lines, int fd)
{
    memset(lines, 0, sizeof *lines);
    lines->fd = fd;
    lines->room = ROOM;
    lines->buffer = malloc(ROOM + TEXT);
    return lines->buffer != NULL;
}

bool lines_fill(struct lines *lines)
{
    ssize_t got;

    memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
    lines->end -= lines->begin;
    lines->begin = 0;
    do
        got = read(lines->fd, lines->buffer + lines->end, lines->room - lines->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN;
    lines->is_over = got == 0;
    lines->end += (size_t)got;
    return true;
}

static char *as_text(struct lines *lines, const char *line, size_t length, bool is_cut)
{
    char *text = lines->buffer + ROOM;
    size_t used = 0, i = 0;

    while (i < length) {
        size_t valid = utf8_sequence(line + i, length - i);
        if (valid) {
            memcpy(text + used, line + i, valid);
            used += valid;
            i += valid;
        } else {
            memcpy(text + used, "\xEF\xBF\xBD", 3);
            used += 3;
            i++;
        }
    }
    if (is_cut) {
        memcpy(text + used, "\xE2\x80\xA6", 3);
        used += 3;
    }
    text[used] = '\0';
    return text;
}

char *lines_next(struct lines *lines)
{
    for (;;) {
        char *line = lines->buffer + lines->begin;
        size_t left = lines->end - lines->begin;
        char *end = left ? memchr(line, '\n', left) : NULL;
        size_t length = end ? (size_t)(end - line) : left;
        bool was_long = lines->is_long;

        if (!end && !was_long && length > LONGEST_LINE) {
            lines->has_begun = true;
            lines->is_long = true;
            lines->begin = lines->end;
            return as_text(lines, line, LONGEST_LINE, true);
        }
        if (!end && !lines->is_over) {
            if (was_long)
                lines->begin = lines->end;
            return NULL;
        }
        if (!lines->has_begun) {
            lines->has_begun = true;
            if (length >= 3 && !memcmp(line, "\xEF\xBB\xBF", 3)) {
                lines->begin += 3;
                continue;
            }
        }
        if (!end && !left)
            return NULL;
        lines->begin += length + (end != NULL);
        lines->is_long = false;
        if (was_long)
            continue;
        if (length > LONGEST_LINE)
            return as_text(lines, line, LONGEST_LINE, true);
        if (length && line[length - 1] == '\r')
            length--;
        return as_text(lines, line, length, false);
    }
}

void lines_close(struct lines *lines)
{
    free(lines->buffer);
}
