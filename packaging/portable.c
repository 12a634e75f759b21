/* SPDX-License-Identifier: MIT */
/*
 * What not every C library has by that name: glibc since 2.25 and musl since 1.2 are both served by
 * one file. The linker's --wrap sends our own calls here and gives the C library's function as
 * __real_NAME, which is NULL where there is none.
 */
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#define WEAK __attribute__((weak))

/* glibc before 2.33 has these by other names alone, with the number of the structure's version. */
#ifdef __aarch64__
enum { STRUCTURE = 0 };
#else
enum { STRUCTURE = 1 };
#endif
WEAK extern int __real_stat(const char *path, struct stat *facts);
WEAK extern int __real_fstat(int fd, struct stat *facts);
WEAK extern int __xstat(int version, const char *path, struct stat *facts);
WEAK extern int __fxstat(int version, int fd, struct stat *facts);
int __wrap_stat(const char *path, struct stat *facts);
int __wrap_fstat(int fd, struct stat *facts);

int __wrap_stat(const char *path, struct stat *facts)
{
    return __real_stat ? __real_stat(path, facts) : __xstat(STRUCTURE, path, facts);
}

int __wrap_fstat(int fd, struct stat *facts)
{
    return __real_fstat ? __real_fstat(fd, facts) : __fxstat(STRUCTURE, fd, facts);
}

/* glibc's is in no shared library, but calls one that is, with the address by which dlclose()
 * knows whose handlers they are. musl's is an ordinary function. */
typedef void (*handler)(void);
__attribute__((visibility("hidden"))) void *__dso_handle = &__dso_handle;
WEAK extern int __register_atfork(handler prepare, handler parent, handler child, void *dso);
WEAK extern int __real_pthread_atfork(handler prepare, handler parent, handler child);
int __wrap_pthread_atfork(handler prepare, handler parent, handler child);

int __wrap_pthread_atfork(handler prepare, handler parent, handler child)
{
    return __register_atfork ? __register_atfork(prepare, parent, child, __dso_handle)
                             : __real_pthread_atfork(prepare, parent, child);
}

/* Whom a lock prefers cannot be said in musl: readers that never stop would keep a fork()
 * waiting for seconds. There is one such lock, the gate of CPlatform/gate.h, and here its
 * readers step back for as long as somebody waits to write. It is made anew in the child of a
 * fork, where nobody waits any more. */
WEAK extern int __real_pthread_rwlockattr_setkind_np(pthread_rwlockattr_t *attributes, int kind);
extern int __real_pthread_rwlock_wrlock(pthread_rwlock_t *lock);
extern int __real_pthread_rwlock_rdlock(pthread_rwlock_t *lock);
int __wrap_pthread_rwlockattr_setkind_np(pthread_rwlockattr_t *attributes, int kind);
int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *lock);
int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *lock);

static int writers;

int __wrap_pthread_rwlockattr_setkind_np(pthread_rwlockattr_t *attributes, int kind)
{
    if (__real_pthread_rwlockattr_setkind_np)
        return __real_pthread_rwlockattr_setkind_np(attributes, kind);
    __atomic_store_n(&writers, 0, __ATOMIC_RELAXED);
    return 0;
}

int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    __atomic_fetch_add(&writers, 1, __ATOMIC_RELAXED);
    int result = __real_pthread_rwlock_wrlock(lock);
    __atomic_fetch_sub(&writers, 1, __ATOMIC_RELAXED);
    return result;
}

int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    const struct timespec moment = {0, 50000};
    while (!__real_pthread_rwlockattr_setkind_np && __atomic_load_n(&writers, __ATOMIC_RELAXED) > 0)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL); /* leaves errno as it is */
    return __real_pthread_rwlock_rdlock(lock);
}
