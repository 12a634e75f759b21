/* SPDX-License-Identifier: MIT */
/* get, wait, normalize: one answer at a time. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef session_result read_function(session_client *, const char *, const char *,
                                     session_answer **);

/* What failed is told on stderr too where stdout does not show it. */
static void tell(const struct options *options, const char *what, const session_answer *answer)
{
    json_t *head;

    if (session_answer_result(answer) == SESSION_OK || !options->quiet)
        return;
    head = answer_head(session_answer_json(answer, NULL));
    complain("%s: %s: %s", what, session_result_name(session_answer_result(answer)),
             text_of(json_object_get(head, "error"), "message", ""));
    json_decref(head);
}

static enum exit_code read_all(struct options *options, read_function *read)
{
    session_client *client = client_open(options, NULL);
    char *call = call_text(options, NULL);
    enum exit_code code = client && call ? EXIT_PAID : EXIT_BAD_USAGE;
    int i;

    if (!call)
        complain("memory has run out");
    if (client && call && options->format == FORMAT_TABLE && !options->quiet)
        fputs(table_header(), stdout);
    for (i = 0; client && call && i < options->count; i++) {
        session_answer *answer;

        read(client, options->arguments[i], call, &answer);
        code = worse(code, exit_code_of(answer));
        print_answer(options, options->arguments[i], answer);
        tell(options, options->arguments[i], answer);
        session_answer_free(answer);
    }
    free(call);
    session_client_close(client);
    return code;
}

enum exit_code run_get(struct options *options)
{
    return read_all(options, session_get);
}

enum exit_code run_wait(struct options *options)
{
    return read_all(options, session_wait);
}

enum exit_code run_normalize(struct options *options)
{
    const char *provider = options->arguments[0];
    size_t length;
    char *document = file_read(options->count > 1 ? options->arguments[1] : "-", &length);
    char *call = call_text(options, NULL);
    enum exit_code code = EXIT_BAD_USAGE;
    session_answer *answer;

    if (!call)
        complain("memory has run out");
    if (document && call) {
        /* A NUL is no JSON. The library would see its text end there: a document with one would be
         * judged by its first part. */
        if (strlen(document) != length)
            document[0] = '\0';
        session_normalize(provider, document, call, &answer);
        code = exit_code_of(answer);
        if (options->format == FORMAT_TABLE && !options->quiet)
            fputs(table_header(), stdout);
        print_answer(options, provider, answer);
        tell(options, provider, answer);
        session_answer_free(answer);
    }
    free(document);
    free(call);
    return code;
}
