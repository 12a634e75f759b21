/* SPDX-License-Identifier: MIT */
/* The line on stderr that says how far a batch has come; only where that is a terminal. */
#ifndef PAYSESSION_CLI_PROGRESS_H
#define PAYSESSION_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    bool is_on;
    unsigned long done, failed;
    unsigned long total;  /* 0: not known */
    unsigned long before; /* done by an earlier run: they say nothing of the rate */
    double start, shown;  /* in seconds, on the monotonic clock */
    bool is_visible;
};

void progress_begin(struct progress *progress, bool is_on, unsigned long total);

/* progress_show() - writes the line anew, five times a second at most. */
void progress_show(struct progress *progress);

/* progress_hide() - takes it away, for a line of output in the same terminal. */
void progress_hide(struct progress *progress);

/* progress_end() - writes it a last time, with a line end. */
void progress_end(struct progress *progress);

/* grouped() - 12345 as 12,345. Returns room. */
const char *grouped(unsigned long number, char *room, size_t size);

#endif
