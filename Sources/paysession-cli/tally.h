/* SPDX-License-Identifier: MIT */
/* What the lines of a batch came to, counted. */
#ifndef PAYSESSION_CLI_TALLY_H
#define PAYSESSION_CLI_TALLY_H

#include "cli.h"

/* What became of one line. */
struct outcome {
    session_result result;
    session_paid paid;
    bool is_open; /* it failed, and asking again may help: see outcome_is_open() */
};

/* outcome_is_open() - whether a failure says nothing lasting about its session: the library
 * calls it retryable, or what was wrong is on this side (credentials, TLS, memory) and can be
 * mended. */
bool outcome_is_open(session_result result, bool is_retryable);

struct tally {
    unsigned long yes, no, unknown, failed;
    unsigned long open;  /* of the failed */
    enum exit_code code; /* 0 where none failed */
};

void tally_add(struct tally *tally, struct outcome outcome);

/* tally_tell() - the counts on stderr, in one line that begins with what they are of. `says_open`:
 * those that the same command would ask again too. */
void tally_tell(const struct tally *tally, const char *what, bool says_open);

#endif
