/* SPDX-License-Identifier: MIT */
/* verify LIST: checks each request of a list through the shared library, as a shop in C does; a
 * line is PROVIDER, CONFIG, REQUEST, BODY, OPTIONS, parted by tabs, each but the first the name
 * of a file, OPTIONS perhaps empty. Prints each answer on a line. Ends with 1 where an accessor
 * does not say the same as the answer. */
#include <paysession.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *contents(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0, read;
    do {
        text = realloc(text, size + 65536);
        if (!file || !text)
            exit(2);
        read = fread(text + size, 1, 65535, file);
        size += read;
    } while (read);
    text[size] = '\0';
    fclose(file);
    *length = size;
    return text;
}

static void require(int is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

int main(int count, char **arguments)
{
    char *list, *rest, *provider;
    size_t length;
    if (count != 2)
        return 2;
    list = rest = contents(arguments[1], &length);
    while (*(provider = strsep(&rest, "\t"))) {
        char *config = contents(strsep(&rest, "\t"), &length);
        char *request = contents(strsep(&rest, "\t"), &length);
        size_t body_length;
        char *body = contents(strsep(&rest, "\t"), &body_length);
        const char *file = strsep(&rest, "\n");
        char *options = *file ? contents(file, &length) : NULL;
        /* A block that ends where the body ends: memcheck sees a byte too many. */
        char *exact = body_length ? memcpy(malloc(body_length), body, body_length) : NULL;
        session_client *client = NULL;
        session_answer *answer = NULL;
        session_result result, opened = session_client_open(config, &client, NULL);

        require(opened == SESSION_OK, config);
        result = session_callback_verify(client, provider, request, exact, body_length, options,
                                         &answer);
        require(session_answer_result(answer) == result, "result");
        require(
            session_callback_verify(client, provider, request, exact, body_length, options, NULL)
                == result,
            "the same request verifies twice, and nobody need want the answer");
        require(session_answer_paid(answer) == SESSION_PAID_UNKNOWN, "paid");
        require(session_answer_status(answer) == SESSION_STATUS_UNKNOWN, "status");
        require(session_answer_decision(answer) == SESSION_HOLD, "decision");
        if (session_answer_reference(answer))
            require(!strcmp(session_answer_reference(answer),
                            session_answer_text(answer, "/reference")),
                    "reference");
        else
            require(!session_answer_text(answer, "/reference"), "no reference");
        puts(session_answer_json(answer, NULL));
        session_client_close(client);
        session_answer_free(answer);
        free(config);
        free(request);
        free(body);
        free(options);
        free(exact);
    }
    free(list);
    return 0;
}
