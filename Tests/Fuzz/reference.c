/* SPDX-License-Identifier: MIT */
/* A reference, and identifiers as they are. Nothing is sent: no provider is configured. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static session_client *client;
    session_answer *answer;
    session_result result;
    char *reference = text_of(data, size);

    if (!client)
        client = opened("{}");
    result = session_get(client, reference, NULL, &answer);
    demand(result == SESSION_NOT_CONFIGURED || result == SESSION_INVALID_ARGUMENT,
           "no request for a provider that is not configured");
    check(result, answer);
    result = session_get_dintero(client, "T12345678", reference, reference, NULL, &answer);
    check(result, answer);
    free(reference);
    return 0;
}
