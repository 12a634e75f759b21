/* SPDX-License-Identifier: MIT */
/* The options of each function that takes some. Nothing is sent: the provider is not configured. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static session_client *client;
    session_batch *batch;
    session_answer *answer;
    session_result result;
    char *options = text_of(data, size);

    if (!client)
        client = opened("{}");
    result = session_get(client, "kustom:s", options, &answer);
    check(result, answer);
    result = session_wait(client, "kustom:s", options, &answer);
    check(result, answer);
    result = session_normalize("dintero", "{\"id\":\"s\"}", options, &answer);
    check(result, answer);
    result = session_batch_open(client, options, &batch, &answer);
    check(result, answer);
    if (batch) {
        demand(session_batch_add(batch, "kustom:s", options, 7) == SESSION_OK, "there is room");
        result = session_batch_next(batch, -1, NULL, &answer);
        check(result, answer);
    }
    session_batch_close(batch);
    free(options);
    return 0;
}
