/* SPDX-License-Identifier: MIT */
/* What a line of a list asks for: a session, and what is expected of it. */
#ifndef PAYSESSION_CLI_LIST_H
#define PAYSESSION_CLI_LIST_H

#include "cli.h"

enum { MOST_COLUMNS = 4 };

struct list {
    const json_t *usual; /* what the command expects of all */
    const char
        *columns[MOST_COLUMNS]; /* of CSV: parts of an expectation, and NULL for the reference */
    size_t column_count;        /* 0: lines are no CSV */
    bool has_begun;             /* behind the first row, which may be a header */
};

/* list_open() - lines as words, or with `csv` as rows with these columns. false after it has
 * complained of their names. */
bool list_open(struct list *list, const char *csv, const json_t *usual);

/* list_skips() - whether a line asks for nothing: an empty one, a comment, the header of CSV. In
 * CSV a # begins no comment: a column may hold one. To be asked once of each line. */
bool list_skips(struct list *list, const char *line);

/* list_count() - how many lines of a regular file, from here on, ask for something; 0 for what is
 * none. */
unsigned long list_count(struct list list, int fd);

struct item {
    char *input; /* the line without blanks around it and without its comment. Borrowed from line */
    char *reference; /* what the library is asked for */
    char *expect;    /* as JSON, all of it; NULL if the line adds nothing to the command's */
    char *flaw; /* what is wrong, and then `expect` is a text, which the library refuses; or NULL */
};

/* list_read() - takes a line apart. Its texts: Owned by the caller; free with item_free(). false
 * when memory has run out. */
bool list_read(const struct list *list, char *line, struct item *item);
void item_free(struct item *item);

#endif
