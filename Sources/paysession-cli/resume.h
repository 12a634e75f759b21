/* SPDX-License-Identifier: MIT */
/* What an earlier batch has left in its file. */
#ifndef PAYSESSION_CLI_RESUME_H
#define PAYSESSION_CLI_RESUME_H

#include <stdbool.h>
#include <stddef.h>

#include "tally.h"

struct resume;

/* resume_open() - opens the file, made if it is missing, for this process alone; cuts off a last
 * line that was not written to its end; and reads which answers it holds. What failed and may be
 * read now is no answer, unless `keeps_failed`, and a session without its proof is none if
 * `wants_proof`. A file that could be another's is refused: a symbolic link, another user's, one
 * that others may write, one with a byte that batch has not written. Owned by the caller; free with resume_close(). NULL after it has complained: then
 * nothing was changed. */
struct resume *resume_open(const char *path, bool keeps_failed, bool wants_proof);

/* resume_fd() - where to append. Borrowed from the resume. */
int resume_fd(const struct resume *resume);

/* resume_head() - what a line of batch begins with, up to the answer's own first key: the input, as
 * text, and the expectation that it is judged under, as JSON. Owned by the caller; free with
 * free(). NULL when memory has run out. */
char *resume_head(const char *input, const char *expect);

/* resume_take() - whether it holds a line with this head once more: one that stands there twice is
 * taken twice. -1 after it has complained that the file cannot be read any more. */
int resume_take(struct resume *resume, const char *head);

/* resume_lines() - how many lines it held when it was opened. */
unsigned long resume_lines(const struct resume *resume);

/* resume_tally() - what all its lines come to now, those that were appended since too. Of
 * several lines with one input the last counts. What resume_take() knew is gone then. false
 * after it has complained that the file cannot be read any more. */
bool resume_tally(struct resume *resume, struct tally *tally);

void resume_close(struct resume *resume);

#endif
