/* SPDX-License-Identifier: MIT */
/*
 * The descriptors that this library has, all of them, by number. They are 10 or higher: below are
 * those that a shell's scripts redirect, and those that a daemon closes and opens anew, which must
 * not be ours.
 *
 * Known here, and not only to the objects that they belong to, so that they can be cut off where no
 * object may be looked at: in the child of a signal handler that forked in the middle of a call.
 */
#ifndef PAYSESSION_CPLATFORM_DESCRIPTORS_H
#define PAYSESSION_CPLATFORM_DESCRIPTORS_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    CPLATFORM_LOWEST = 10,
    CPLATFORM_DESCRIPTORS = 1 << 20 /* what Linux gives a process at most, unless told otherwise */
};

/* A bit for each number, in memory that is there from the first call on; NULL where there was
 * none. Weak and hidden: see gate.h. */
enum { CPLATFORM_OWN_SIZE = CPLATFORM_DESCRIPTORS / 8 };
__attribute__((weak, visibility("hidden"))) uint64_t *cplatform_own = NULL;

/* A new descriptor becomes one of ours, under another number if that is too low. -1 with errno,
 * and it is closed, where there is none. */
static inline int cplatform_take(int fd)
{
    if (fd >= 0 && fd < CPLATFORM_LOWEST) {
        int low = fd, problem;
        fd = fcntl(low, F_DUPFD_CLOEXEC, CPLATFORM_LOWEST);
        /* EINVAL: the process may have none that is so high. */
        problem = fd < 0 ? EMFILE : errno;
        close(low);
        errno = problem;
    }
    if (fd >= CPLATFORM_DESCRIPTORS) {
        close(fd);
        errno = EMFILE;
        return -1;
    }
    if (fd >= 0 && cplatform_own)
        __atomic_fetch_or(&cplatform_own[fd / 64], UINT64_C(1) << fd % 64, __ATOMIC_RELAXED);
    return fd;
}

/* It is not ours any more: the host has closed the number, and may have it for something else. */
static inline void cplatform_forget(int fd)
{
    if (fd >= 0 && fd < CPLATFORM_DESCRIPTORS && cplatform_own)
        __atomic_fetch_and(&cplatform_own[fd / 64], ~(UINT64_C(1) << fd % 64), __ATOMIC_RELAXED);
}

/* close(), of what cplatform_take() gave. */
static inline int cplatform_close(int fd)
{
    cplatform_forget(fd);
    return close(fd);
}

/*
 * The host may have closed a number of ours, and have something of its own there by now: that is
 * neither to be closed nor to be cut off. A timer and a socket say what they are. An epoll set is a
 * file without a type, as few others are; asking epoll itself would take a wake-up away from a
 * parent that shares it.
 */
static inline int cplatform_is_timer(int fd)
{
    struct itimerspec when;
    return !timerfd_gettime(fd, &when);
}
static inline int cplatform_is_epoll(int fd)
{
    struct stat facts;
    return !fstat(fd, &facts) && !(facts.st_mode & S_IFMT);
}
/* Which socket it is, among all there are; 0 for what is none. */
static inline uint64_t cplatform_socket_identity(int fd)
{
    struct stat facts;
    return fstat(fd, &facts) || !S_ISSOCK(facts.st_mode) ? 0 : (uint64_t)facts.st_ino;
}
static inline int cplatform_close_if(int is_still_ours, int fd)
{
    if (is_still_ours)
        return cplatform_close(fd);
    cplatform_forget(fd);
    return 0;
}
static inline void cplatform_close_timer(int fd)
{
    cplatform_close_if(cplatform_is_timer(fd), fd);
}
static inline void cplatform_close_epoll(int fd)
{
    cplatform_close_if(cplatform_is_epoll(fd), fd);
}

/*
 * In a forked child: `fd` stands for a socket that leads nowhere from now on. Whoever still writes
 * to it, as TLS does to say goodbye, gets ENOTCONN instead of the parent's connection. 0, or -1.
 */
static inline int cplatform_disconnect(int fd)
{
    int nowhere = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (nowhere < 0)
        return -1;
    int code = dup2(nowhere, fd) < 0 ? -1 : fcntl(fd, F_SETFD, FD_CLOEXEC);
    close(nowhere);
    return code;
}

/* The same for all of ours, whatever they are. Async-signal-safe. */
static inline void cplatform_disconnect_all(void)
{
    int word, bit;
    for (word = 0; cplatform_own && word < CPLATFORM_DESCRIPTORS / 64; word++) {
        uint64_t own = __atomic_load_n(&cplatform_own[word], __ATOMIC_RELAXED);
        for (bit = 0; bit < 64 && own >> bit; bit++) {
            int fd = word * 64 + bit;
            if (!(own >> bit & 1))
                continue;
            if (!cplatform_is_timer(fd) && !cplatform_is_epoll(fd)
                && !cplatform_socket_identity(fd))
                continue;
            if (cplatform_disconnect(fd))
                close(fd);
        }
    }
}

/*
 * libcurl makes descriptors of its own with each multi handle. So that they are not low either, the
 * low numbers are taken meanwhile, as copies of one of ours. Returns how many; `taken` has room for
 * CPLATFORM_LOWEST.
 */
static inline int cplatform_occupy(int ours, int *taken)
{
    int count = 0, fd;
    while (count < CPLATFORM_LOWEST && (fd = fcntl(ours, F_DUPFD_CLOEXEC, 0)) >= 0) {
        if (fd >= CPLATFORM_LOWEST) {
            close(fd);
            break;
        }
        taken[count++] = fd;
    }
    return count;
}
static inline void cplatform_vacate(const int *taken, int count)
{
    while (count > 0)
        close(taken[--count]);
}

#endif
