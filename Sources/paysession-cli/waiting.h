/* SPDX-License-Identifier: MIT */
/* The line on stderr that says what is waited for; only where that is a terminal. */
#ifndef PAYSESSION_CLI_WAITING_H
#define PAYSESSION_CLI_WAITING_H

#include <sys/types.h>

struct waiting {
    pid_t writer; /* 0 where there is none */
    int alive;    /* open as long as this process waits */
};

/* waiting_begin() - shows for how long, of `limit_ms` where that is not 0, has been waited for
 * it. */
void waiting_begin(struct waiting *waiting, const char *reference, long long limit_ms);

/* waiting_end() - takes the line away; nothing for NULL, and a second time. */
void waiting_end(struct waiting *waiting);

#endif
