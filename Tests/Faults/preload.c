/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD: what no server on loopback can do. A resolver that does not answer for
 * PRELOAD_SILENT_DNS seconds, where that is set, and a clock that has gone on: preload_skip(seconds).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static atomic_long skipped;

void preload_skip(long seconds) { atomic_fetch_add(&skipped, seconds); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed) now->tv_sec += atomic_load(&skipped);
    return failed;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    const char *silent = getenv("PRELOAD_SILENT_DNS");
    if (silent) sleep((unsigned)atoi(silent));
    return real(name, service, hints, found);
}
