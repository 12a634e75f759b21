/* SPDX-License-Identifier: MIT */
/* fork_batch CONFIG: a batch belongs to the process that opened it. */
#include "common.h"

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    session_client *client = opened(arguments[1]);
    session_batch *batch;
    session_answer *answer;
    uint64_t tag = 0;
    char reference[128], quoted[128];
    if (session_batch_open(client, NULL, &batch, NULL))
        fail("batch");
    for (int nth = 0; nth < 40; nth++) {
        name_session(reference, quoted, sizeof reference, EVERY, 1, nth);
        if (session_batch_add(batch, reference, NULL, (uint64_t)nth))
            fail("add");
    }
    /* Some answered, some under way. */
    for (int nth = 0; nth < 5; nth++) {
        if (session_batch_next(batch, -1, &tag, &answer))
            fail("next");
        session_answer_free(answer);
    }
    int fd = session_batch_fd(batch);
    if (fd < 0)
        fail("no descriptor");
    pid_t child = fork();
    if (!child) {
        alarm(30);
        if (session_batch_add(batch, "kustom:x", NULL, 7) != SESSION_INVALID_ARGUMENT)
            fail("add");
        answer = NULL;
        if (session_batch_next(batch, -1, &tag, &answer) != SESSION_INVALID_ARGUMENT)
            fail("next");
        if (!answer || session_answer_result(answer) != SESSION_INVALID_ARGUMENT)
            fail("answer");
        session_answer_free(answer);
        if (session_batch_fd(batch) != -1)
            fail("fd");
        /* A batch of its own works. */
        session_batch *own;
        if (session_batch_open(client, NULL, &own, NULL))
            fail("own batch");
        if (session_batch_add(own, "kustom:own", NULL, 3))
            fail("own add");
        if (session_batch_next(own, -1, &tag, &answer) || tag != 3)
            fail("own next");
        if (!strstr(session_answer_json(answer, NULL), "\"own\""))
            fail("own answer");
        session_answer_free(answer);
        session_batch_close(batch);
        session_batch_close(own);
        session_client_close(client);
        exit(0);
    }
    int status, left = 35;
    if (waitpid(child, &status, 0) != child || status)
        fail("child: %x", status);
    session_result result;
    while ((result = session_batch_next(batch, -1, &tag, &answer)) != SESSION_DONE) {
        if (result)
            fail("after the child: %s", session_answer_json(answer, NULL));
        session_answer_free(answer);
        left--;
    }
    session_batch_close(batch);
    session_client_close(client);
    printf("{\"missing\": %d}\n", left);
    return 0;
}
