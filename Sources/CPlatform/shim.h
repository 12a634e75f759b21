/* SPDX-License-Identifier: MIT */
/*
 * The C library as the core sees it. Wrappers stand for what Swift cannot call: errno (a macro),
 * open (variable arguments), sigset_t arithmetic, epoll_data (a union).
 */
#ifndef PAYSESSION_CPLATFORM_SHIM_H
#define PAYSESSION_CPLATFORM_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline int cplatform_errno(void) { return errno; }
static inline void cplatform_set_errno(int value) { errno = value; }

/* open for reading; O_NONBLOCK, so that a FIFO without a writer does not hang the host. */
static inline int cplatform_open(const char *path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* clock_gettime in microseconds. */
static inline int64_t cplatform_clock(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now)) return 0;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
static inline int64_t cplatform_monotonic(void) { return cplatform_clock(CLOCK_MONOTONIC); }
/* Counts on while the machine sleeps, as the far end's clock does. */
static inline int64_t cplatform_boottime(void) { return cplatform_clock(CLOCK_BOOTTIME); }

/* epoll_ctl: `fd` is watched for `events`, added if it was not there (CURL reuses numbers). */
static inline int cplatform_watch(int epoll, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if (!epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event)) return 0;
    return errno == ENOENT ? epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) : -1;
}
static inline int cplatform_unwatch(int epoll, int fd) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
}
static inline int cplatform_event_fd(const struct epoll_event *event) { return event->data.fd; }
/* EPOLLET is 1u << 31, which Swift imports with a sign. */
static inline uint32_t cplatform_edge_triggered(void) { return EPOLLIN | EPOLLET; }

/*
 * A write to a connection that the far end has closed must not end the host. libcurl asks for
 * MSG_NOSIGNAL where it can; not every TLS library underneath does. SIGPIPE is held back in this
 * thread, and one that arose meanwhile is taken away before the mask is put back.
 */
typedef struct cplatform_sigpipe {
    sigset_t before;
    int was_pending;
} cplatform_sigpipe;
static inline void cplatform_sigpipe_hold(cplatform_sigpipe *hold) {
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    hold->was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &hold->before);
}
static inline void cplatform_sigpipe_release(const cplatform_sigpipe *hold) {
    int saved = errno;
    sigset_t pipe, pending;
    if (!hold->was_pending) {
        sigpending(&pending);
        if (sigismember(&pending, SIGPIPE)) {
            struct timespec none = {0, 0};
            sigemptyset(&pipe);
            sigaddset(&pipe, SIGPIPE);
            while (sigtimedwait(&pipe, NULL, &none) == -1 && errno == EINTR) {}
        }
    }
    pthread_sigmask(SIG_SETMASK, &hold->before, NULL);
    errno = saved;
}

/*
 * The gate that fork waits at: see Platform/ForkGate.swift. Writers first, or a busy process could
 * never fork. Statically initialized, so that there is no moment at which it is half made. Weak and
 * hidden: each Swift object file brings a copy of this header's definitions, the linker keeps one.
 */
struct cplatform_gate {
    pthread_rwlock_t lock;
    pthread_once_t once;
    void (*in_child)(void);
};
__attribute__((weak, visibility("hidden"))) struct cplatform_gate cplatform_gate = {
    PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP, PTHREAD_ONCE_INIT, NULL};
static inline void cplatform_gate_before_fork(void) { pthread_rwlock_wrlock(&cplatform_gate.lock); }
static inline void cplatform_gate_after_fork(void) { pthread_rwlock_unlock(&cplatform_gate.lock); }
static inline void cplatform_gate_child(void) {
    /* The child's thread has another id than the one that locked: made anew rather than unlocked. */
    pthread_rwlock_t fresh = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    cplatform_gate.lock = fresh;
    if (cplatform_gate.in_child) cplatform_gate.in_child();
}
static inline void cplatform_gate_register(void) {
    pthread_atfork(cplatform_gate_before_fork, cplatform_gate_after_fork, cplatform_gate_child);
}
static inline void cplatform_gate_enter(void) {
    pthread_once(&cplatform_gate.once, cplatform_gate_register);
    pthread_rwlock_rdlock(&cplatform_gate.lock);
}
static inline void cplatform_gate_leave(void) { pthread_rwlock_unlock(&cplatform_gate.lock); }
static inline void cplatform_gate_set_child(void (*function)(void)) {
    cplatform_gate.in_child = function;
}

#endif
