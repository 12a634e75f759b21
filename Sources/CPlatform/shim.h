/* SPDX-License-Identifier: MIT */
/*
 * The C library as the core sees it. Wrappers stand for what Swift cannot call: errno (a macro),
 * open (variable arguments), sigset_t arithmetic, epoll_data (a union).
 */
#ifndef PAYSESSION_CPLATFORM_SHIM_H
#define PAYSESSION_CPLATFORM_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "gate.h"
#include "reserve.h"

static inline int cplatform_errno(void)
{
    return errno;
}
static inline void cplatform_set_errno(int value)
{
    errno = value;
}

/* The last failure was for want of memory or descriptors, not for what was asked. */
static inline int cplatform_is_exhausted(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* open for reading; O_NONBLOCK, so that a FIFO without a writer does not hang the host. */
static inline int cplatform_open(const char *path)
{
    return cplatform_take(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

/* poll: bytes, or the end, come in within so many milliseconds. */
static inline int cplatform_await_input(int fd, int milliseconds)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, milliseconds) == 1;
}

/* memmem, which string.h keeps for _GNU_SOURCE: how many bytes stand before the part, -1 if it
 * is not there. */
extern void *memmem(const void *bytes, size_t count, const void *part, size_t part_count);
static inline long cplatform_find(const void *bytes, size_t count, const void *part,
                                  size_t part_count)
{
    const char *found = memmem(bytes, count, part, part_count);
    return found ? (long)(found - (const char *)bytes) : -1;
}

/* fstat: 1 for a regular file, 2 for a directory, 0 for anything else. */
static inline int cplatform_kind(int fd)
{
    struct stat facts;
    if (fstat(fd, &facts))
        return 0;
    return S_ISREG(facts.st_mode) ? 1 : S_ISDIR(facts.st_mode) ? 2 : 0;
}

/* getenv, but not in a program that runs with another user's rights than its caller's. */
extern char *secure_getenv(const char *name);

/* fstat: the permissions of a regular file; 0 for anything else. */
static inline uint32_t cplatform_mode(int fd)
{
    struct stat facts;
    return fstat(fd, &facts) || !S_ISREG(facts.st_mode) ? 0 : facts.st_mode & 07777;
}

/* poll: bytes, or the end, have come in. */
static inline int cplatform_has_input(int fd)
{
    return cplatform_await_input(fd, 0);
}

/* clock_gettime in microseconds. */
static inline int64_t cplatform_clock(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now))
        return 0;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
static inline int64_t cplatform_monotonic(void)
{
    return cplatform_clock(CLOCK_MONOTONIC);
}
/* The wall clock, in seconds. */
static inline int64_t cplatform_realtime(void)
{
    return (int64_t)time(NULL);
}
/* Counts on while the machine sleeps, as the far end's clock does. */
static inline int64_t cplatform_boottime(void)
{
    return cplatform_clock(CLOCK_BOOTTIME);
}

/*
 * epoll_ctl: `fd` is watched for `events`, whether it was there before or not. `is_new` is what the
 * caller believes, and what is tried first: libcurl gives out numbers again, and a fork keeps
 * closed ones alive.
 */
static inline int cplatform_watch(int epoll, int fd, uint32_t events, int is_new)
{
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if (!epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event))
        return 0;
    if (errno != (is_new ? EEXIST : ENOENT))
        return -1;
    return epoll_ctl(epoll, is_new ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}
static inline int cplatform_unwatch(int epoll, int fd)
{
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
}
static inline int cplatform_event_fd(const struct epoll_event *event)
{
    return event->data.fd;
}
/* EPOLLET is 1u << 31, which Swift imports with a sign. */
static inline uint32_t cplatform_edge_triggered(void)
{
    return EPOLLIN | EPOLLET;
}

/* timerfd_settime to an absolute time in microseconds; 0 stops it. */
static inline int cplatform_set_timer(int timer, int64_t microseconds)
{
    struct itimerspec when = {
        .it_value = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/*
 * What wakes every epoll set that it is in, edge-triggered, from any thread or signal handler: a
 * timer that is due at once. An eventfd would be written to, and if the host has closed its number
 * and opened a file there, the file would be.
 */
static inline int cplatform_make_bell(void)
{
    return cplatform_take(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}
static inline int cplatform_ring(int bell)
{
    struct itimerspec at_once = {.it_value = {.tv_nsec = 1}};
    return timerfd_settime(bell, 0, &at_once, NULL);
}

/*
 * A write to a connection that the far end has closed must not end the host. libcurl asks for
 * MSG_NOSIGNAL where it can; not every TLS library underneath does. SIGPIPE is held back in this
 * thread, and one that arose meanwhile is taken away before the mask is put back.
 */
typedef struct cplatform_sigpipe {
    sigset_t before;
    int was_pending;
} cplatform_sigpipe;
static inline void cplatform_sigpipe_hold(cplatform_sigpipe *hold)
{
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &hold->before);
    /* One that is pending already was held back by the caller: otherwise it would have come to
     * its handler. */
    hold->was_pending = 0;
    if (sigismember(&hold->before, SIGPIPE)) {
        sigpending(&pending);
        hold->was_pending = sigismember(&pending, SIGPIPE);
    }
}
/* One that has arisen since is taken away. Keeps errno. */
static inline void cplatform_sigpipe_take(const cplatform_sigpipe *hold)
{
    int saved = errno;
    sigset_t pipe, pending;
    if (hold->was_pending)
        return;
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE)) {
        struct timespec none = {0, 0};
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        while (sigtimedwait(&pipe, NULL, &none) == -1 && errno == EINTR) {
        }
    }
    errno = saved;
}
static inline void cplatform_sigpipe_release(const cplatform_sigpipe *hold)
{
    int saved = errno;
    cplatform_sigpipe_take(hold);
    pthread_sigmask(SIG_SETMASK, &hold->before, NULL);
    errno = saved;
}

#endif
