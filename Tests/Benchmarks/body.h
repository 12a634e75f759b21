/* SPDX-License-Identifier: MIT */
/* A response's body as it comes, for programs of libcurl alone: CURLOPT_WRITEFUNCTION is take, CURLOPT_WRITEDATA
 * a struct body, whose memory stays for the next one. */
#ifndef PAYSESSION_BENCHMARKS_BODY_H
#define PAYSESSION_BENCHMARKS_BODY_H

#include <stdlib.h>
#include <string.h>

struct body {
    char *bytes;
    size_t length, room;
};

static size_t take(char *bytes, size_t size, size_t many, void *context)
{
    struct body *body = context;
    size_t more = size * many;
    if (body->length + more > body->room) {
        size_t room = 2 * (body->length + more);
        char *larger = realloc(body->bytes, room);
        if (!larger)
            return 0;
        body->bytes = larger;
        body->room = room;
    }
    memcpy(body->bytes + body->length, bytes, more);
    body->length += more;
    return more;
}

#endif
