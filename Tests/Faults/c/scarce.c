/* SPDX-License-Identifier: MIT */
/* scarce CONFIG: as few descriptors as there may be, one more each time, until all works. Prints
 * the results of opening, reading, a batch, and reading after there are enough again. */
#include "common.h"

static void limit(rlim_t number)
{
    struct rlimit value;
    getrlimit(RLIMIT_NOFILE, &value);
    value.rlim_cur = number;
    if (setrlimit(RLIMIT_NOFILE, &value))
        fail("setrlimit");
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    char *config = contents(arguments[1]);
    session_client_close(opened(arguments[1]));
    session_client *warm = opened(arguments[1]);
    int before = descriptors("");
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    printf("{\"rounds\": [");
    for (int extra = 0; extra <= 20; extra++) {
        session_client *client;
        session_batch *batch;
        session_answer *answer;
        session_result got = -1, batched = -1, next = -1, warmly;
        int fd = -2;
        limit((rlim_t)(before + extra));
        session_result open = session_client_open(config, &client, &answer);
        if (!answer || (open == SESSION_OK) != (client != NULL))
            fail("open");
        session_answer_free(answer);
        if (client) {
            got = session_get(client, "ledyer:x", "{\"timeout_ms\": 1500}", &answer);
            session_answer_free(answer);
            batched = session_batch_open(client, NULL, &batch, NULL);
            if (!batched) {
                batched = session_batch_add(batch, "kustom:x", "{\"timeout_ms\": 1500}", 1);
                fd = session_batch_fd(batch);
                next = session_batch_next(batch, -1, NULL, &answer);
                session_answer_free(answer);
            }
            session_batch_close(batch);
        }
        pid_t child = fork();
        if (!child) {
            alarm(20);
            session_result inner = session_get(warm, "kustom:x", "{\"timeout_ms\": 1500}", &answer);
            session_answer_free(answer);
            limit(most.rlim_cur);
            /* What was missing at the fork may be got later, or never be had: no crash, no hang. */
            session_get(warm, "kustom:x", "{\"timeout_ms\": 1500}", &answer);
            session_answer_free(answer);
            session_client_close(warm);
            _exit((int)inner);
        }
        int status;
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
            fail("child %x", status);
        limit(most.rlim_cur);
        /* It was the moment's want, and is over. */
        warmly = client ? session_get(client, "kustom:x", NULL, &answer) : SESSION_OK;
        if (client)
            session_answer_free(answer);
        session_client_close(client);
        printf("%s{\"extra\": %d, \"open\": %d, \"get\": %d, \"batch\": %d, \"fd\": %d, "
               "\"next\": %d, \"child\": %d, \"later\": %d, \"left\": %d}",
               extra ? ", " : "", extra, (int)open, (int)got, (int)batched, fd, (int)next,
               WEXITSTATUS(status), (int)warmly, descriptors("") - before);
    }
    session_client_close(warm);
    puts("]}");
    free(config);
    return 0;
}
