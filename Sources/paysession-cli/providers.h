/* SPDX-License-Identifier: MIT */
/* The providers of session_providers(), by the words that references begin with. */
#ifndef PAYSESSION_CLI_PROVIDERS_H
#define PAYSESSION_CLI_PROVIDERS_H

/* How many there are room for; beyond these, a provider's references count as naming none. */
enum { MOST_PROVIDERS = 32 };

/* provider_count() - how many there are; 0 when memory has run out. */
int provider_count(void);

/* provider_of() - which of them a reference names, from 0; provider_count() for none. */
int provider_of(const char *reference);

#endif
