/* SPDX-License-Identifier: MIT */
#include "providers.h"

#include <string.h>

#include "cli.h"

/* session_providers(), for as long as the process lasts. */
static json_t *providers;

bool providers_read(void)
{
    if (!providers)
        providers = json_read(session_providers());
    if (!providers)
        complain("memory has run out");
    return providers != NULL;
}

size_t provider_count(void)
{
    return json_array_size(providers);
}

size_t provider_of(const char *reference)
{
    const char *end = strchr(reference, ':');
    size_t i, count = provider_count();

    for (i = 0; end && i < count; i++) {
        const char *name = text_of(json_array_get(providers, i), "name", "");
        size_t length = strlen(name);

        if (length == (size_t)(end - reference) && !strncmp(name, reference, length))
            return i;
    }
    return count;
}
