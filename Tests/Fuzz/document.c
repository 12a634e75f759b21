/* SPDX-License-Identifier: MIT */
/* A provider's document: the first byte chooses the provider and the options. */
#include "fuzz.h"

static const char *const options[] = {
    NULL, "{\"expect\":{\"amount\":2000,\"currency\":\"SEK\",\"reference\":\"r\"}}",
    "{\"id\":\"s\"}", "{\"trust_processed_at\":true}"};

/* Those of session_providers(), in its order. */
static char providers[32][32];
static unsigned count;

static void list_providers(void)
{
    static const char key[] = "\"name\":\"";
    const char *at = session_providers();

    for (; count < 32 && (at = strstr(at, key)) != NULL; count++) {
        at += sizeof key - 1;
        demand(strcspn(at, "\"") < sizeof providers[0], "the name is no longer than there is room");
        memcpy(providers[count], at, strcspn(at, "\""));
    }
    demand(count > 0 && count < 32, "there is room for all of them");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    session_answer *answer;
    session_result result;
    const char *provider;
    char *document;

    if (!size)
        return 0;
    if (!count)
        list_providers();
    provider = providers[data[0] % count];
    document = text_of(data + 1, size - 1);
    result = session_normalize(provider, document, options[data[0] / count % 4], &answer);
    check(result, answer);
    session_status_normalized(provider, document);
    session_paid_normalized(provider, document);
    free(document);
    return 0;
}
