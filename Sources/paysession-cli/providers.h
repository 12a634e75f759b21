/* SPDX-License-Identifier: MIT */
/* The providers, by the words that references begin with. */
#ifndef PAYSESSION_CLI_PROVIDERS_H
#define PAYSESSION_CLI_PROVIDERS_H

#include <string.h>

static const char *const providers[] = {"inbank", "kustom", "dintero", "ledyer"};

enum { PROVIDER_COUNT = sizeof providers / sizeof *providers };

/* provider_of() - which of them a reference names; PROVIDER_COUNT for none. */
static inline int provider_of(const char *reference)
{
    const char *end = strchr(reference, ':');
    int i;

    for (i = 0; end && i < PROVIDER_COUNT; i++)
        if (strlen(providers[i]) == (size_t)(end - reference)
            && !strncmp(providers[i], reference, (size_t)(end - reference)))
            return i;
    return PROVIDER_COUNT;
}

#endif
