/* SPDX-License-Identifier: MIT */
/* get, wait, normalize: one answer at a time. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "waiting.h"

typedef session_result read_function(session_client *, const char *, const char *,
                                     session_answer **);

/* The tries of a request, each a line. */
static void tell_tries(const char *what, const json_t *head)
{
    const json_t *tries = json_object_get(json_object_get(head, "exchange"), "tries");
    size_t i;

    for (i = 0; i < json_array_size(tries); i++) {
        const json_t *one = json_array_get(tries, i);
        const json_t *status = json_object_get(one, "http_status");
        const json_t *pause = json_object_get(one, "pause_ms");
        char http[32] = "", then[64] = "";

        if (json_is_integer(status))
            snprintf(http, sizeof http, ", HTTP %" JSON_INTEGER_FORMAT, json_integer_value(status));
        if (json_is_number(pause))
            snprintf(then, sizeof then, ", then a pause of %.0f ms", json_number_value(pause));
        complain("%s: try %zu, %s request: %s%s, %.0f ms%s", what, i + 1, text_of(one, "step", "?"),
                 text_of(one, "result", "?"), http,
                 json_number_value(json_object_get(one, "elapsed_ms")), then);
    }
}

/* What belongs on stderr: the tries, where they are asked for; what was wrong with what the user
 * said; and any other failure where stdout does not show it. */
static void tell(const struct options *options, const char *what, const session_answer *answer)
{
    json_t *head;

    if (session_answer_result(answer) == SESSION_OK && !options->verbose)
        return;
    head = answer_head(session_answer_json(answer, NULL));
    if (options->verbose)
        tell_tries(what, head);
    if (session_answer_result(answer) != SESSION_OK && !complain_about(options, what, answer)
        && options->quiet)
        complain("%s: %s: %s", what, session_result_name(session_answer_result(answer)),
                 text_of(json_object_get(head, "error"), "message", ""));
    json_decref(head);
}

/* One answer, wherever it is to be seen. Words of a mistake stand on stderr alone. */
static void show(const struct options *options, const char *what, const session_answer *answer)
{
    if (options->format != FORMAT_WORDS
        || session_answer_result(answer) != SESSION_INVALID_ARGUMENT)
        print_answer(options, what, answer);
    if (options->format == FORMAT_WORDS && !options->quiet)
        words_approval(stdout, answer);
    tell(options, what, answer);
}

static void begin_table(const struct options *options, int count, char *const *names)
{
    int i;

    if (options->format != FORMAT_TABLE || options->quiet)
        return;
    for (i = 0; i < count; i++)
        table_fit(names[i]);
    fputs(table_header(), stdout);
}

/* `waiting` is NULL where nobody waits. */
static enum exit_code read_all(const struct options *options, read_function *read,
                               struct waiting *waiting)
{
    session_client *client = client_open(options, NULL);
    char *call = call_text(options, NULL);
    enum exit_code code = client && call ? EXIT_PAID : EXIT_BAD_USAGE;
    int i;

    if (!call)
        complain("memory has run out");
    if (client && call)
        begin_table(options, options->count, options->arguments);
    for (i = 0; client && call && i < options->count; i++) {
        session_answer *answer;

        read(client, options->arguments[i], call, &answer);
        code = worse(code, exit_code_of(answer));
        waiting_end(waiting);
        show(options, options->arguments[i], answer);
        session_answer_free(answer);
    }
    waiting_end(waiting);
    free(call);
    session_client_close(client);
    return code;
}

enum exit_code run_get(struct options *options)
{
    return read_all(options, session_get, NULL);
}

enum exit_code run_wait(struct options *options)
{
    struct waiting waiting;

    waiting_begin(&waiting, options->arguments[0],
                  json_integer_value(json_object_get(options->call, "timeout_ms")));
    return read_all(options, session_wait, &waiting);
}

/* Nothing takes an approval back: it is said twice. */
static enum exit_code settle(struct options *options, const char *verb, read_function *function,
                             const char *deed)
{
    struct waiting waiting;

    if (!options->is_sure) {
        complain("%s: nothing was sent; expected --yes, with which %s is read, and if it waits for "
                 "the merchant and nothing holds it, %s",
                 verb, options->arguments[0], deed);
        return EXIT_BAD_USAGE;
    }
    waiting_begin(&waiting, options->arguments[0],
                  json_integer_value(json_object_get(options->call, "timeout_ms")));
    return read_all(options, function, &waiting);
}

enum exit_code run_approve(struct options *options)
{
    return settle(
        options, "approve", session_approve,
        "approved, which makes the merchant liable for the delivery and cannot be undone");
}

enum exit_code run_refuse(struct options *options)
{
    return settle(options, "refuse", session_refuse, "cancelled, which cannot be undone");
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
        begin_table(options, 1, options->arguments);
        show(options, provider, answer);
        session_answer_free(answer);
    }
    free(document);
    free(call);
    return code;
}
