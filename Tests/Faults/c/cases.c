/* SPDX-License-Identifier: MIT */
/* cases LIST: judges each document; a line of LIST is PROVIDER, a tab, OPTIONS or nothing, a
 * tab, and the document's file. Prints how many, and how many of them are paid. */
#include "common.h"

int main(int count, char **arguments)
{
    int number = 0, paid = 0;
    if (count != 2)
        return 2;
    char *list = contents(arguments[1]), *rest = list, *provider;
    while (*(provider = strsep(&rest, "\t"))) {
        char *options = strsep(&rest, "\t");
        char *file = strsep(&rest, "\n");
        char *document = contents(file), *exact = strdup(document); /* a block that ends with it */
        session_answer *answer = NULL;
        session_result result =
            session_normalize(provider, exact, *options ? options : NULL, &answer);
        if (session_answer_result(answer) != result)
            fail("%s", file);
        paid += session_answer_paid(answer) == SESSION_PAID_YES;
        session_answer_free(answer);
        session_status_normalized(provider, exact);
        free(exact);
        free(document);
        number++;
    }
    free(list);
    printf("{\"documents\": %d, \"paid\": %d}\n", number, paid);
    return 0;
}
