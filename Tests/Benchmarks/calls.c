/* SPDX-License-Identifier: MIT */
/* Reads COUNT sessions one after the other: calls CONFIG COUNT [NAME]. Fails if one session is
 * not paid. */
#include <paysession.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    session_client *client;
    session_answer *answer;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    const char *name = argc > 3 ? argv[3] : "full";
    unsigned long i, paid = 0;

    if (!count || session_client_open(argv[1], &client, NULL) != SESSION_OK)
        return 2;
    for (i = 0; i < count; i++) {
        char reference[64];
        snprintf(reference, sizeof reference, "kustom:%s-%lu", name, i);
        session_get(client, reference, NULL, &answer);
        paid += session_answer_paid(answer) == SESSION_PAID_YES;
        session_answer_free(answer);
    }
    session_client_close(client);
    return paid != count;
}
