/* SPDX-License-Identifier: MIT */
/* all CONFIG: every function, well and badly used, in one thread: for valgrind. */
#include "common.h"

static session_answer *answer;

/* The order in which C evaluates arguments is not said: the answer is looked at after the call. */
static void free_of(session_result result)
{
    if (answer && session_answer_result(answer) != result)
        fail("result");
    session_answer_free(answer);
    answer = NULL;
}

/* Requests that were sent and not answered yet, when client and batch go, in either order. */
static void closed_under_way(const char *config, int is_client_first)
{
    session_client *client;
    session_batch *batch;
    if (session_client_open(config, &client, NULL))
        fail("open");
    if (session_batch_open(client, NULL, &batch, NULL))
        fail("batch");
    for (int round = 0; round < 2; round++) {
        for (uint64_t tag = 0; tag < 6; tag++)
            if (session_batch_add(batch, tag % 2 ? "ledyer:x" : "kustom:x", NULL, tag))
                fail("add");
        /* The first time to the end, so that the second time connections are warm. */
        while (!round && session_batch_next(batch, -1, NULL, &answer) != SESSION_DONE)
            session_answer_free(answer);
    }
    if (session_batch_next(batch, 0, NULL, &answer) != SESSION_AGAIN)
        session_answer_free(answer);
    if (is_client_first)
        session_client_close(client);
    session_batch_close(batch);
    if (!is_client_first)
        session_client_close(client);
    answer = NULL;
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    static const char *const names[] = {"x",     "e401-x",  "e404-x", "e500-x", "page-x",
                                        "cut-x", "wrong-x", "huge-x", "e302-x", "later-x"};
    static const char *const prefixes[] = {
        "kustom:",          "ledyer:", "dintero:T12345678/order/",
        "inbank:" SHOP "/", "nobody:", "dintero:"};
    static const char *const documents[] = {"{}",
                                            "[]",
                                            "",
                                            "{",
                                            "{\"status\": \"FINALIZED\", \"session_id\": \"x\"}",
                                            "{\"status\": 1, \"status\": 2}",
                                            "{\"order_amount\": 1e400, \"status\": \"\\u0000\"}"};
    session_client *client, *none;
    session_batch *batch;
    char *config = contents(arguments[1]);
    free_of(session_client_open("{", &none, &answer));
    free_of(session_client_open("{\"kustom\": {\"api_key\": 1}}", &none, &answer));
    free_of(session_client_open(config, &client, &answer));
    for (int p = 0; p < 6; p++) {
        for (int n = 0; n < 10; n++) {
            char reference[128];
            snprintf(reference, sizeof reference, "%s%s", prefixes[p], names[n]);
            free_of(session_get(client, reference,
                                "{\"timeout_ms\": 2500, \"expect\": "
                                "{\"amount\": 1, \"currency\": \"EUR\"}}",
                                &answer));
        }
        for (int d = 0; d < 7; d++)
            if (p < 4)
                free_of(
                    session_normalize((const char *[]){"kustom", "ledyer", "dintero", "inbank"}[p],
                                      documents[d], "{\"id\": \"x\"}", &answer));
    }
    free_of(session_wait(client, "kustom:x", NULL, &answer));
    free_of(session_get(NULL, NULL, NULL, &answer));
    free_of(session_get(client, "kustom:x", "{\"nonsense\": 1}", &answer));
    if (session_batch_open(client, "{\"in_flight\": 3}", &batch, NULL))
        fail("batch");
    for (int n = 0; n < 20; n++) {
        char reference[128];
        snprintf(reference, sizeof reference, "%s%s", prefixes[n % 6], names[n % 3]);
        if (session_batch_add(batch, reference, NULL, (uint64_t)n))
            fail("add");
    }
    for (int n = 0; n < 10; n++)
        free_of(session_batch_next(batch, -1, NULL, &answer));
    free_of(session_client_report(client, &answer));
    session_client_cancel(client);
    session_client_close(client);
    /* With answers nobody took and calls under way. */
    session_batch_close(batch);
    closed_under_way(config, 0);
    closed_under_way(config, 1);
    free(config);
    puts("{}");
    return 0;
}
