/* SPDX-License-Identifier: MIT */
/* fork_handlers: a host with fork handlers of its own, which were there before the library's.
 * They take a lock with which another thread frees answers, and free answers themselves. */
#include "common.h"

enum { FORKS = 500 };
static pthread_mutex_t cache = PTHREAD_MUTEX_INITIALIZER;
static session_answer *kept[3]; /* for each handler */
static int over;

static session_answer *answer(void)
{
    session_answer *made;
    session_normalize("kustom", "{}", NULL, &made);
    return made;
}

static void let_go(int which)
{
    session_answer_free(kept[which]);
    kept[which] = NULL;
}

static void before(void)
{
    pthread_mutex_lock(&cache), let_go(0);
}
static void in_parent(void)
{
    let_go(1), pthread_mutex_unlock(&cache);
}
static void in_child(void)
{
    let_go(2), pthread_mutex_unlock(&cache);
}

static void *evict(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        session_answer *old = answer();
        pthread_mutex_lock(&cache);
        session_answer_free(old);
        pthread_mutex_unlock(&cache);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    alarm(30);
    pthread_atfork(before, in_parent, in_child);
    session_answer_free(answer());
    pthread_create(&thread, NULL, evict, NULL);
    for (int i = 0; i < FORKS; i++) {
        int status;
        for (int which = 0; which < 3; which++) {
            session_answer_free(kept[which]);
            kept[which] = answer();
        }
        pid_t child = fork();
        if (!child) {
            alarm(10);
            session_answer_free(answer());
            _exit(0);
        }
        if (waitpid(child, &status, 0) != child || status)
            fail("child: %x", status);
    }
    __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    for (int which = 0; which < 3; which++)
        let_go(which);
    printf("{\"forks\": %d}\n", FORKS);
    return 0;
}
