/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include "progress.h"

bool outcome_is_open(session_result result, bool is_retryable)
{
    switch (result) {
    case SESSION_OK:
        return false;
    case SESSION_INVALID_CONFIG:
    case SESSION_NOT_CONFIGURED:
    case SESSION_UNAUTHORIZED:
    case SESSION_FORBIDDEN:
    case SESSION_TLS_FAILED:
    case SESSION_OUT_OF_MEMORY:
    case SESSION_ABORTED:
        return true;
    default:
        return is_retryable;
    }
}

void tally_add(struct tally *tally, struct outcome outcome)
{
    if (outcome.result != SESSION_OK) {
        tally->failed++;
        tally->open += outcome.is_open;
        tally->code = worse(tally->code, exit_code_of_failure(outcome.result));
    } else if (outcome.paid == SESSION_PAID_YES) {
        tally->yes++;
    } else if (outcome.paid == SESSION_PAID_NO) {
        tally->no++;
    } else {
        tally->unknown++;
    }
}

void tally_tell(const struct tally *tally, const char *what, bool says_open)
{
    char yes[32], no[32], unknown[32], failed[32], open[32], again[96] = "";

    if (says_open && tally->open)
        snprintf(again, sizeof again, "; the same command asks %s of them again",
                 grouped(tally->open, open, sizeof open));
    complain("%s: %s yes, %s no, %s unknown, %s failed%s", what,
             grouped(tally->yes, yes, sizeof yes), grouped(tally->no, no, sizeof no),
             grouped(tally->unknown, unknown, sizeof unknown),
             grouped(tally->failed, failed, sizeof failed), again);
}
