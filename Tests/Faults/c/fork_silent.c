/* SPDX-License-Identifier: MIT */
/* fork_silent CONFIG: a parent that says nothing while children come and go in every way there is.
 * Prints "warm", waits for a line, lets them come and go, prints "gone", waits for a line, and
 * reads once more. Prints the connection's number before and after. */
#include "common.h"

static session_client *client;

static void tell(const char *word)
{
    char line[8];
    printf("%s\n", word);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        fail("no caller");
}

static void connection(char *number)
{
    session_answer *answer = get_own(client, EVERY, 1, 0);
    text_of(session_answer_json(answer, NULL), "connection", number, 32);
    session_answer_free(answer);
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    char before[32], after[32];
    session_batch *batch;
    session_answer *answer;
    uint64_t tag;
    client = opened(arguments[1]);
    /* A batch has a connection of its own. */
    if (session_batch_open(client, NULL, &batch, NULL))
        fail("batch");
    if (session_batch_add(batch, "kustom:x", NULL, 1))
        fail("add");
    if (session_batch_next(batch, -1, &tag, &answer))
        fail("next");
    session_answer_free(answer);
    connection(before);
    tell("warm");
    for (int way = 0; way < 6; way++) {
        fflush(stdout);
        pid_t child = fork();
        if (child < 0)
            fail("fork");
        if (!child) {
            if (way == 0)
                _exit(0); /* at once */
            if (way == 1)
                exit(0); /* with all that runs at exit */
            if (way == 2)
                session_client_close(client); /* having closed its copy */
            if (way == 3) {
                session_batch_close(batch); /* the batch first */
                session_client_close(client);
            }
            if (way == 4)
                session_client_cancel(client); /* its cancel is its own */
            if (way == 5) {
                session_client_report(client, &answer);
                session_answer_free(answer);
                session_client_close(client);
                session_batch_close(batch);
            }
            exit(0);
        }
        int status;
        if (waitpid(child, &status, 0) != child || status)
            fail("way %d: %x", way, status);
    }
    tell("gone");
    connection(after);
    if (session_batch_add(batch, "kustom:y", NULL, 2))
        fail("add");
    if (session_batch_next(batch, -1, &tag, &answer) || tag != 2)
        fail("batch after");
    session_answer_free(answer);
    session_batch_close(batch);
    session_client_close(client);
    printf("{\"before\": \"%s\", \"after\": \"%s\"}\n", before, after);
    return 0;
}
