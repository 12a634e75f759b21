/* SPDX-License-Identifier: MIT */
/* What an earlier batch has left in its file. */
#ifndef PAYSESSION_CLI_RESUME_H
#define PAYSESSION_CLI_RESUME_H

#include <stdbool.h>
#include <stddef.h>

struct resume;

/* resume_open() - opens the file, made if it is missing, for this process alone; cuts off a last
 * line that was not written to its end; and reads which references it holds. Owned by the caller;
 * free with resume_close(). NULL after it has complained: then nothing was changed. */
struct resume *resume_open(const char *path);

/* resume_fd() - where to append. Borrowed from the resume. */
int resume_fd(const struct resume *resume);

/* resume_count() - how many lines it held. */
size_t resume_count(const struct resume *resume);

/* resume_take() - whether it holds this input once more: a line that stands there twice is taken
 * twice. -1 after it has complained that the file cannot be read any more. */
int resume_take(struct resume *resume, const char *input);

void resume_close(struct resume *resume);

#endif
