/* SPDX-License-Identifier: MIT */
/* callback: whether a request that came to the shop is the provider's, and which session to
 * read. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* What this command exits with where the request could be judged. Zero says nothing of payment:
 * that is for get to say. */
enum { GENUINE = 0, HINT = 1, REFUSED = 2 };

static enum exit_code exit_code_of_callback(session_result result)
{
    switch (result) {
    case SESSION_OK:
        return (enum exit_code)GENUINE;
    case SESSION_UNSIGNED:
        return (enum exit_code)HINT;
    case SESSION_NOT_GENUINE:
        return (enum exit_code)REFUSED;
    case SESSION_TOO_LARGE:
        return EXIT_BAD_USAGE;
    default:
        return exit_code_of_failure(result);
    }
}

static void show(const struct options *options, const char *provider, const session_answer *answer)
{
    const char *reference = session_answer_reference(answer);
    const char *message = session_answer_text(answer, "/error/message");

    if (options->only_reference && reference && !options->quiet)
        printf("%s\n", reference);
    if (!options->only_reference)
        print_answer(options, provider, answer);
    if (!complain_about(options, provider, answer) && message
        && (options->only_reference || options->quiet))
        complain("%s", message);
}

enum exit_code run_callback(struct options *options)
{
    const char *provider = options->arguments[0];
    session_client *client = NULL;
    session_answer *answer;
    char *request = NULL, *body = NULL, *call = NULL;
    size_t body_length = 0;
    enum exit_code code = EXIT_BAD_USAGE;

    if (!options->request || !options->body) {
        complain(
            "callback: expected --request FILE and --body FILE; 'paysession help callback' says "
            "more");
        return code;
    }
    if (!strcmp(options->request, "-") && !strcmp(options->body, "-")) {
        complain("callback: --request and --body are both standard input");
        return code;
    }
    request = file_read(options->request, NULL);
    body = request ? file_read(options->body, &body_length) : NULL;
    call = body ? json_dumps(options->call, JSON_COMPACT) : NULL;
    client = call ? client_open(options, NULL) : NULL;
    if (body && !call)
        complain("memory has run out");
    if (client) {
        code = exit_code_of_callback(
            session_callback_verify(client, provider, request, body, body_length, call, &answer));
        show(options, provider, answer);
        session_answer_free(answer);
    }
    session_client_close(client);
    free(request);
    free(body);
    free(call);
    return code;
}
