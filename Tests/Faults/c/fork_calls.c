/* SPDX-License-Identifier: MIT */
/* fork_calls WHEN: a host whose fork handlers call the library, registered before the library's
 * own (WHEN before) or after it, so that they run while the gate is shut, or while it is not.
 * Neither hangs, and parent and child are as ever afterwards. Prints what the calls came to, in
 * prepare, parent and child. */
#include "common.h"

enum { FORKS = 20 };
static int came[3];

static int judged(void)
{
    session_answer *answer;
    session_result result = session_normalize("kustom", "{}", NULL, &answer);
    if (session_answer_result(answer) != result)
        fail("another answer");
    session_answer_free(answer);
    return (int)result;
}

static void prepare(void)
{
    came[0] = judged();
}
static void in_parent(void)
{
    came[1] = judged();
}
static void in_child(void)
{
    came[2] = judged();
}

static void *judge_on(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
        if (judged())
            fail("a thread was refused");
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    int stop = 0, status, is_before = !strcmp(arguments[1], "before");
    pthread_t threads[2];
    if (!is_before)
        judged();
    pthread_atfork(prepare, in_parent, in_child);
    if (judged())
        fail("judged");
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, judge_on, &stop);
    alarm(30);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (!child) {
            alarm(10);
            if (judged())
                _exit(100);
            _exit(came[2]);
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
            fail("child: %x", status);
        if (WEXITSTATUS(status) == 100)
            fail("a child is refused for ever");
        came[2] = WEXITSTATUS(status);
        if (judged())
            fail("the parent is refused for ever");
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("{\"prepare\": %d, \"parent\": %d, \"child\": %d}\n", came[0], came[1], came[2]);
    return 0;
}
