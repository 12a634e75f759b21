/* SPDX-License-Identifier: MIT */
/*
 * The gate that fork waits at: see Platform/ForkGate.swift.
 *
 * Weak and hidden: each Swift object file brings a copy of this header's definitions, the linker
 * keeps one.
 */
#ifndef PAYSESSION_CPLATFORM_GATE_H
#define PAYSESSION_CPLATFORM_GATE_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "descriptors.h"

struct cplatform_gate {
    pthread_once_t once;
    pthread_rwlock_t lock;
    /* What a thread is at: 0, or in the middle of a call, inside or outside; and more by
     * CPLATFORM_FORKING for each fork() that it is in, for a signal handler may fork in the
     * middle of one. */
    pthread_key_t place;
    /* The host has used up all keys: then nothing is known of a thread, and what that is for is
     * not had. */
    int has_no_place;
    /* Some thread has the lock for writing. */
    volatile int is_shut;
    /* 1 in the process that knows of itself; 0 in a child that came into being without
     * pthread_atfork(): the kernel wipes the page. */
    volatile int *is_known;
    /* This process began in the middle of a call: what the library has is half done. */
    volatile int is_broken;
    void (*in_child)(void);
    int is_ready;
};
__attribute__((weak, visibility("hidden"))) struct cplatform_gate cplatform_gate = {
    PTHREAD_ONCE_INIT, PTHREAD_RWLOCK_INITIALIZER, 0, 0, 0, NULL, 0, NULL, 0};
/* Where the kernel wipes nothing (before Linux 4.14). */
__attribute__((weak, visibility("hidden"))) volatile int cplatform_gate_known = 1;

/* Writers first, or a busy process could never fork. */
static inline void cplatform_gate_make(void)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&cplatform_gate.lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

enum { CPLATFORM_INSIDE = 1, CPLATFORM_OUTSIDE = 2, CPLATFORM_FORKING = 4 };

static inline uintptr_t cplatform_gate_place(void)
{
    return cplatform_gate.has_no_place ? 0 : (uintptr_t)pthread_getspecific(cplatform_gate.place);
}
static inline void cplatform_gate_set_place(uintptr_t place)
{
    if (!cplatform_gate.has_no_place)
        pthread_setspecific(cplatform_gate.place, (void *)place);
}
static inline int cplatform_gate_is_inside(void)
{
    return cplatform_gate_place() % CPLATFORM_FORKING == CPLATFORM_INSIDE;
}

/* A signal handler that forks in the middle of a call would wait for its own thread for ever,
 * and so would one in the middle of fork(). Until the fork is over no call of this thread is
 * taken: the host may have fork handlers that make some. */
static inline void cplatform_gate_before_fork(void)
{
    uintptr_t place = cplatform_gate_place();
    cplatform_gate_set_place(place + CPLATFORM_FORKING);
    if (place >= CPLATFORM_FORKING || cplatform_gate_is_inside() || cplatform_gate.is_broken)
        return;
    pthread_rwlock_wrlock(&cplatform_gate.lock);
    cplatform_gate.is_shut = 1;
}
static inline void cplatform_gate_after_fork(void)
{
    uintptr_t place = cplatform_gate_place();
    if (place)
        place -= CPLATFORM_FORKING;
    if (place < CPLATFORM_FORKING && !cplatform_gate_is_inside() && !cplatform_gate.is_broken) {
        cplatform_gate.is_shut = 0;
        pthread_rwlock_unlock(&cplatform_gate.lock);
    }
    cplatform_gate_set_place(place);
}

/* From now on every call is refused, and no byte of this process reaches a connection of the
 * parent's. */
static inline void cplatform_gate_break(void)
{
    cplatform_gate.is_broken = 1;
    *cplatform_gate.is_known = 1;
    cplatform_disconnect_all();
}

static inline void cplatform_gate_child(void)
{
    /* The child's thread has another id than the one that locked: made anew rather than
     * unlocked. */
    cplatform_gate_make();
    uintptr_t place = cplatform_gate_place();
    if (place)
        place -= CPLATFORM_FORKING;
    int is_whole = cplatform_gate.is_shut && place % CPLATFORM_FORKING != CPLATFORM_INSIDE;
    cplatform_gate.is_shut = 0;
    cplatform_gate_set_place(place);
    if (!is_whole) {
        /* If the handler returns, the call goes on to its next look at the gate, and leaves it. */
        if (cplatform_gate_is_inside())
            pthread_rwlock_rdlock(&cplatform_gate.lock);
        cplatform_gate_break();
    }
    if (cplatform_gate.is_broken)
        return;
    *cplatform_gate.is_known = 1;
    if (cplatform_gate.in_child)
        cplatform_gate.in_child();
}

static inline void cplatform_gate_register(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, page + CPLATFORM_OWN_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cplatform_gate.is_known = &cplatform_gate_known;
    if (memory != MAP_FAILED) {
        cplatform_own = (uint64_t *)(memory + page);
        if (!madvise(memory, page, MADV_WIPEONFORK))
            cplatform_gate.is_known = (volatile int *)memory;
    }
    *cplatform_gate.is_known = 1;
    cplatform_gate.has_no_place = pthread_key_create(&cplatform_gate.place, NULL) != 0;
    cplatform_gate_make();
    pthread_atfork(cplatform_gate_before_fork, cplatform_gate_after_fork, cplatform_gate_child);
}

/*
 * The first call of a process makes what all others find, without a signal in between: a handler
 * that called would wait for its own thread.
 */
static inline int cplatform_gate_is_ready(void)
{
    return __atomic_load_n(&cplatform_gate.is_ready, __ATOMIC_ACQUIRE);
}
static inline void cplatform_gate_make_ready(void (*more)(void))
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_once(&cplatform_gate.once, cplatform_gate_register);
    more();
    __atomic_store_n(&cplatform_gate.is_ready, 1, __ATOMIC_RELEASE);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Before the lock and after it: a handler in between takes this thread for inside, which does no
 * harm; the other way round fork would wait for it. */
static inline void cplatform_gate_enter(void)
{
    cplatform_gate_set_place(CPLATFORM_INSIDE);
    pthread_rwlock_rdlock(&cplatform_gate.lock);
    if (!*cplatform_gate.is_known)
        cplatform_gate_break();
}
static inline void cplatform_gate_leave(void)
{
    pthread_rwlock_unlock(&cplatform_gate.lock);
    cplatform_gate_set_place(CPLATFORM_OUTSIDE);
}

/*
 * A call begins: 1, or 0 where none may. A thread that is cancelled in the middle of one would
 * leave the gate shut for ever, so that waits until the call is over: pthread_setcancelstate(),
 * which `cancel_state` keeps.
 */
static inline int cplatform_gate_begin(int *cancel_state)
{
    /* Also where it waits: a signal handler could close what it waits for. */
    if (cplatform_gate_place())
        return 0;
    if (!*cplatform_gate.is_known)
        cplatform_gate_break();
    if (cplatform_gate.is_broken)
        return 0;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, cancel_state);
    cplatform_gate_enter();
    return 1;
}
static inline void cplatform_gate_end(int cancel_state)
{
    cplatform_gate_leave();
    cplatform_gate_set_place(0);
    pthread_setcancelstate(cancel_state, &cancel_state);
}

static inline int cplatform_gate_is_broken(void)
{
    return cplatform_gate.is_broken;
}
static inline void cplatform_gate_set_child(void (*function)(void))
{
    cplatform_gate.in_child = function;
}

#endif
