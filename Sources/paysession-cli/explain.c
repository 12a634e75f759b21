/* SPDX-License-Identifier: MIT */
/* explain: where the answer comes from that is said in words, and what it is worth. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "providers.h"

static enum exit_code explain(const char *json)
{
    json_t *head = answer_head(json);
    enum exit_code code = EXIT_BAD_USAGE;

    if (!json_is_object(head) || !json_object_get(head, "result")
        || !json_object_get(head, "session")) {
        complain("explain: expected an answer of paysession, or --provider for a document");
    } else {
        words_print(stdout, head);
        code = EXIT_HELD;
    }
    json_decref(head);
    return code;
}

/* Of a file that holds an answer; what it says is only explained, not vouched for. */
static enum exit_code explain_file(const char *path)
{
    char *text = file_read(path, NULL);
    enum exit_code code;

    if (!text)
        return EXIT_BAD_USAGE;
    code = explain(without_mark(text));
    free(text);
    return code;
}

enum exit_code run_explain(struct options *options)
{
    const char *what = options->arguments[0];
    session_answer *answer = NULL;
    enum exit_code code;
    char *call;

    if (!options->provider && provider_of(what) == provider_count())
        return explain_file(what);
    call = call_text(options, NULL);
    if (!call) {
        complain("memory has run out");
    } else if (options->provider) {
        size_t length;
        char *document = file_read(what, &length);
        if (document && strlen(document) != length)
            document[0] = '\0'; /* see run_normalize() */
        if (document)
            session_normalize(options->provider, document, call, &answer);
        free(document);
    } else {
        session_client *client = client_open(options, NULL);
        if (client)
            session_get(client, what, call, &answer);
        session_client_close(client);
    }
    free(call);
    if (!answer)
        return EXIT_BAD_USAGE;
    code = exit_code_of(answer);
    /* An answer that could not be shown has explained nothing, whatever the verdict. */
    if (explain(session_answer_json(answer, NULL)) != EXIT_HELD)
        code = EXIT_NO_OUTPUT;
    session_answer_free(answer);
    return code;
}
