/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. Each target is one LLVMFuzzerTestOneInput() that hands libFuzzer's
 * bytes to the public interface. `run` beside this file compiles and drives them.
 */
#ifndef PAYSESSION_FUZZ_H
#define PAYSESSION_FUZZ_H

#include <paysession.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as C text, in a block that ends with it: reading beyond it is found. */
static inline char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static inline void demand(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}

/* What holds of every answer, whatever came. */
static inline void check(session_result result, session_answer *answer)
{
    size_t length;
    const char *json = session_answer_json(answer, &length);

    demand(answer && json && strlen(json) == length, "an answer is JSON text");
    demand(session_answer_result(answer) == result, "the answer says what the call returned");
    demand(!strncmp(json, "{\"result\":\"", 11) && json[length - 1] == '}',
           "an answer is an object");
    if (session_answer_paid(answer) == SESSION_PAID_YES) {
        demand(result == SESSION_OK, "only a session that was read is paid");
        demand(session_answer_status(answer) == SESSION_STATUS_COMPLETED,
               "only a completed session is paid");
        demand(strstr(json, "\"holds\":[]") != NULL, "what is held is not paid");
    }
    if (result != SESSION_OK)
        demand(strstr(json, "\"session\":null") != NULL, "no answer, no session");
    session_answer_free(answer);
}

static inline session_client *opened(const char *config)
{
    session_client *client = NULL;

    demand(session_client_open(config, &client, NULL) == SESSION_OK, "the client opens");
    return client;
}

#endif
