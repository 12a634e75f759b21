/* SPDX-License-Identifier: MIT */
/* A provider's document: the first byte chooses the provider and the options. */
#include "fuzz.h"

static const char *const providers[] = {"inbank", "kustom", "dintero", "ledyer"};
static const char *const options[] = {
    NULL, "{\"expect\":{\"amount\":2000,\"currency\":\"SEK\",\"reference\":\"r\"}}",
    "{\"id\":\"s\"}", "{\"trust_processed_at\":true}"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    session_answer *answer;
    session_result result;
    char *document;

    if (!size)
        return 0;
    document = text_of(data + 1, size - 1);
    result =
        session_normalize(providers[data[0] & 3], document, options[data[0] >> 2 & 3], &answer);
    check(result, answer);
    session_status_normalized(providers[data[0] & 3], document);
    session_paid_normalized(providers[data[0] & 3], document);
    free(document);
    return 0;
}
