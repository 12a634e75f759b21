/* SPDX-License-Identifier: MIT */
/* What Swift cannot call of jansson: its macros. */
#ifndef PAYSESSION_CJANSSON_SHIM_H
#define PAYSESSION_CJANSSON_SHIM_H

#include <jansson.h>

/* json_typeof is a macro. NULL, an absent value, has a type of its own here. */
enum { CJANSSON_ABSENT = -1 };
static inline int cjansson_type(const json_t *value)
{
    return value ? (int)json_typeof(value) : CJANSSON_ABSENT;
}

/* JSON_REJECT_DUPLICATES and JSON_ALLOW_NUL are macros. */
static inline json_t *cjansson_load(const char *bytes, size_t length, json_error_t *error)
{
    return json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, error);
}

/* The same where keys may stand twice: for the place of a flaw alone. */
static inline json_t *cjansson_load_loosely(const char *bytes, size_t length, json_error_t *error)
{
    return json_loadb(bytes, length, JSON_ALLOW_NUL, error);
}

#endif
