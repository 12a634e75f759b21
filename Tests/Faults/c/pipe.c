/* SPDX-License-Identifier: MIT */
/* pipe CONFIG CALLS: reads from servers that hang up, with SIGPIPE as every program begins: deadly.
 * Prints how many calls had which result.
 *
 * This libcurl asks the kernel for no signal with each send. Not every libcurl and TLS library
 * does, and the library must not rely on it: here send() forgets it was asked. */
#include "common.h"
#include <sys/syscall.h>

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
    return syscall(SYS_sendto, fd, bytes, length, flags & ~MSG_NOSIGNAL, NULL, 0);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    int counts[64] = {0};
    signal(SIGPIPE, SIG_DFL);
    session_client *client = opened(arguments[1]);
    for (int nth = 0; nth < atoi(arguments[2]); nth++) {
        static const char *const references[] = {"kustom:x", "ledyer:x"};
        session_answer *answer;
        counts[session_get(client, references[nth % 2], NULL, &answer)]++;
        session_answer_free(answer);
    }
    session_client_close(client);
    sigset_t pending;
    sigpending(&pending);
    printf("{\"pending\": %d", sigismember(&pending, SIGPIPE));
    for (int i = 0; i < 64; i++)
        if (counts[i])
            printf(", \"%s\": %d", session_result_name((session_result)i), counts[i]);
    puts("}");
    return 0;
}
