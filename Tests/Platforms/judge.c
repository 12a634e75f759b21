/* SPDX-License-Identifier: MIT */
/* judge LIST: judges each document as cases.c does, with the same LIST, and prints of each the
 * words for the answer's result, status and verdict, its length in bytes, and on the next line
 * the answer itself. */
#include "common.h"

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    char *list = contents(arguments[1]), *rest = list, *provider;
    while (*(provider = strsep(&rest, "\t"))) {
        char *options = strsep(&rest, "\t");
        char *document = contents(strsep(&rest, "\n"));
        session_answer *answer = NULL;
        size_t length;
        session_result result =
            session_normalize(provider, document, *options ? options : NULL, &answer);
        const char *json = session_answer_json(answer, &length);
        session_status status = session_answer_status(answer);
        session_paid paid = session_answer_paid(answer);
        if (session_answer_result(answer) != result)
            fail("%s: two results", provider);
        if (!*options
            && (session_status_normalized(provider, document) != status
                || session_paid_normalized(provider, document) != paid))
            fail("%s: normalized in two ways: %s", provider, json);
        printf("%s %s %s %zu\n", session_result_name(result), session_status_name(status),
               session_paid_name(paid), length);
        fwrite(json, 1, length, stdout);
        putchar('\n');
        session_answer_free(answer);
        free(document);
    }
    free(list);
    return 0;
}
