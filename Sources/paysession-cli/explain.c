/* SPDX-License-Identifier: MIT */
/* explain: where the answer comes from that is said in words, and what it is worth. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "providers.h"

/* What is explained. */
enum source { REFERENCE = 1, DOCUMENT = 2, ANSWER = 4 };

/* An option that changes nothing must not look as if it had: `-e amount=1` beside a screen that
 * says "paid yes". */
static bool options_apply(const struct options *options, enum source source)
{
    const struct {
        const char *name;
        bool is_said;
        int applies;
    } all[] = {
        {"config", options->config != NULL, REFERENCE},
        {"timeout", json_object_get(options->call, "timeout_ms") != NULL, REFERENCE},
        {"expect", json_object_size(options->expect) > 0, REFERENCE | DOCUMENT},
        {"id", json_object_get(options->call, "id") != NULL, DOCUMENT},
        {"trust-processed-at", json_object_get(options->call, "trust_processed_at") != NULL,
         DOCUMENT},
    };
    size_t i;

    for (i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].is_said || all[i].applies & source)
            continue;
        complain("explain: --%s does not apply to %s, %s", all[i].name, options->arguments[0],
                 source == REFERENCE  ? "a session that is asked for"
                 : source == DOCUMENT ? "a document in a file"
                                      : "an answer in a file");
        return false;
    }
    return true;
}

/* An answer as answer_head() gives it; NULL for what is none. Owned by the caller; free with
 * json_decref(). */
static json_t *answer_of(const char *json)
{
    json_t *head = answer_head(json);

    if (json_is_object(head) && json_object_get(head, "result") && json_object_get(head, "session"))
        return head;
    json_decref(head);
    return NULL;
}

/* The answer in the line at `*at`, or in all that follows where a first one is written over several
 * lines; goes behind it. NULL if there is none. Owned by the caller; free with json_decref(). */
static json_t *next_answer(char **at, bool is_first)
{
    char *line = *at, *end = strchrnul(line, '\n'), kept = *end;
    json_t *head;

    *end = '\0';
    head = answer_of(line);
    *end = kept;
    *at = end + (kept != '\0');
    if (!head && is_first) {
        head = answer_of(line);
        if (head)
            *at = line + strlen(line);
    }
    return head;
}

/* Explains each answer of a text, one a line. What they say is not vouched for: anybody can have
 * written it. */
static enum exit_code explain_lines(const char *path, char *at)
{
    enum exit_code code = EXIT_HELD;
    unsigned long number, explained = 0;

    for (number = 1; *at; number++) {
        size_t blank = strspn(at, " \t\r");
        json_t *head;

        if (!at[blank])
            break;
        if (at[blank] == '\n') {
            at += blank + 1;
            continue;
        }
        head = next_answer(&at, !explained);
        if (head) {
            if (explained++)
                putchar('\n');
            words_print(stdout, head, false);
            json_decref(head);
            continue;
        }
        complain("%s:%lu: expected an answer of paysession, or --provider for a document", path,
                 number);
        code = EXIT_BAD_USAGE;
        if (!explained)
            return code;
    }
    if (explained) {
        words_disclaim(stdout);
        return code;
    }
    complain("%s: expected an answer of paysession, there is none", path);
    return EXIT_BAD_USAGE;
}

static enum exit_code explain_file(const char *path)
{
    enum exit_code code = EXIT_BAD_USAGE;
    char *text;

    if (strchr(path, ':') && access(path, F_OK) != 0) {
        complain("explain: %s: no such file, and no provider's reference; 'paysession help' lists "
                 "their forms",
                 path);
        return code;
    }
    text = file_read(path, NULL);
    if (text)
        code = explain_lines(path, text + (without_mark(text) - text));
    free(text);
    return code;
}

/* The answer of the library to a reference, or to a document. NULL after a complaint. */
static session_answer *judge(const struct options *options, const char *what)
{
    char *call = call_text(options, NULL), *document = NULL;
    session_client *client = NULL;
    session_answer *answer = NULL;
    size_t length;

    if (!call) {
        complain("memory has run out");
    } else if (options->provider) {
        document = file_read(what, &length);
        if (document && strlen(document) != length)
            document[0] = '\0'; /* see run_normalize() */
        if (document)
            session_normalize(options->provider, document, call, &answer);
    } else {
        client = client_open(options, NULL);
        if (client)
            session_get(client, what, call, &answer);
    }
    session_client_close(client);
    free(document);
    free(call);
    return answer;
}

enum exit_code run_explain(struct options *options)
{
    const char *what = options->arguments[0];
    enum source source;
    session_answer *answer;
    enum exit_code code;
    json_t *head;

    if (!providers_read())
        return EXIT_BAD_USAGE;
    source = options->provider                       ? DOCUMENT
             : provider_of(what) == provider_count() ? ANSWER
                                                     : REFERENCE;
    if (!options_apply(options, source))
        return EXIT_BAD_USAGE;
    if (source == ANSWER)
        return explain_file(what);
    answer = judge(options, what);
    if (!answer)
        return EXIT_BAD_USAGE;
    code = exit_code_of(answer);
    /* A mistake is told on stderr alone. */
    if (!complain_about(options, source == DOCUMENT ? options->provider : what, answer)) {
        head = answer_of(session_answer_json(answer, NULL));
        /* An answer that could not be shown has explained nothing, whatever the verdict. */
        if (head)
            words_print(stdout, head, true);
        else
            code = EXIT_NO_OUTPUT;
        json_decref(head);
    }
    session_answer_free(answer);
    return code;
}
