/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD: what no server on loopback can do. A resolver that does not answer for
 * PRELOAD_SILENT_DNS seconds, where that is set; a clock that has gone on: preload_skip(seconds);
 * and a libcurl without TLS (PRELOAD_NO_TLS), or one that does not know the option PRELOAD_REFUSED.
 */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static atomic_long skipped;

void preload_skip(long seconds)
{
    atomic_fetch_add(&skipped, seconds);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed)
        now->tv_sec += atomic_load(&skipped);
    return failed;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    const char *silent = getenv("PRELOAD_SILENT_DNS");
    if (silent)
        sleep((unsigned)atoi(silent));
    return real(name, service, hints, found);
}

/* libcurl's own: it may be there for one library alone, behind the back of RTLD_NEXT. */
static void *curls(const char *name)
{
    return dlsym(dlopen("libcurl.so.4", RTLD_LAZY | RTLD_NOLOAD), name);
}

#undef curl_version_info
curl_version_info_data *curl_version_info(CURLversion age)
{
    static curl_version_info_data told;
    curl_version_info_data *(*real)(CURLversion) = curls("curl_version_info");
    told = *real(age);
    if (getenv("PRELOAD_NO_TLS"))
        told.features &= ~CURL_VERSION_SSL;
    return &told;
}

#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode (*real)(CURL *, CURLoption, ...) = curls("curl_easy_setopt");
    const char *refused = getenv("PRELOAD_REFUSED");
    va_list rest;
    va_start(rest, option);
    void *value = va_arg(rest, void *); /* a long is as long */
    va_end(rest);
    return refused && option == (CURLoption)atoi(refused) ? CURLE_UNKNOWN_OPTION
                                                          : real(easy, option, value);
}
