/* SPDX-License-Identifier: MIT */
/* The configuration of a client. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    session_client *client;
    session_answer *answer;
    char *config = text_of(data, size);
    session_result result = session_client_open(config, &client, &answer);

    demand((client != NULL) == (result == SESSION_OK), "there is a client if it opened");
    check(result, answer);
    if (client) {
        result = session_client_report(client, &answer);
        check(result, answer);
    }
    session_client_close(client);
    free(config);
    return 0;
}
