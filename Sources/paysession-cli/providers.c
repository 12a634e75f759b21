/* SPDX-License-Identifier: MIT */
#include "providers.h"

#include "cli.h"

#include <string.h>

/* Kept until the end: the tool reads the list once. */
static json_t *providers;
static int count = -1;

int provider_count(void)
{
    if (count < 0) {
        providers = json_read(session_providers());
        count = (int)json_array_size(providers);
        if (count > MOST_PROVIDERS)
            count = MOST_PROVIDERS;
    }
    return count;
}

int provider_of(const char *reference)
{
    const char *end = strchr(reference, ':');
    int i;

    for (i = 0; end && i < provider_count(); i++) {
        const char *name = text_of(json_array_get(providers, (size_t)i), "name", "");

        if (strlen(name) == (size_t)(end - reference)
            && !strncmp(name, reference, (size_t)(end - reference)))
            return i;
    }
    return provider_count();
}
