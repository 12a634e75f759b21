/* SPDX-License-Identifier: MIT */
/* The providers, by the words that references begin with. The library says which there are. */
#ifndef PAYSESSION_CLI_PROVIDERS_H
#define PAYSESSION_CLI_PROVIDERS_H

#include <stdbool.h>
#include <stddef.h>

/* providers_read() - asks the library once, before the next two are used. false after it has
 * complained that memory has run out. */
bool providers_read(void);

/* provider_count() - how many there are. */
size_t provider_count(void);

/* provider_of() - which of them a reference names; provider_count() for none. */
size_t provider_of(const char *reference);

#endif
