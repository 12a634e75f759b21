/* SPDX-License-Identifier: MIT */
/*
 * Is this order paid? Reads each session named on the command line, prints the whole answer, and says
 * what the shop does. Ends with 0 only if every one of them may ship.
 *
 *     cc paid.c $(pkg-config --cflags --libs paysession) -o paid
 *     ./paid "$(cat config.json)" kustom:550e8400-e29b-41d4-a716-446655440000
 */
#include <paysession.h>
#include <stdio.h>

/* Decide on paid, never on status; everything that is neither yes nor no waits for a human. */
static const char *decision(session_paid paid)
{
    switch (paid) {
    case SESSION_PAID_YES:
        return "ship";
    case SESSION_PAID_NO:
        return "do not ship";
    default:
        return "hold the order and look";
    }
}

int main(int argc, char **argv)
{
    session_client *client;
    session_answer *answer;
    int unpaid = 0;
    int i;

    if (argc < 3) {
        fprintf(stderr, "usage: %s CONFIG REFERENCE...\n", argv[0]);
        return 2;
    }
    if (session_client_open(argv[1], &client, &answer) != SESSION_OK) {
        fprintf(stderr, "%s\n", session_answer_json(answer, NULL));
        session_answer_free(answer);
        return 2;
    }
    session_answer_free(answer);

    for (i = 2; i < argc; i++) {
        session_get(client, argv[i], NULL, &answer);
        printf("%s\n", session_answer_json(answer, NULL));
        printf("%s: %s, paid %s: %s\n", argv[i], session_result_name(session_answer_result(answer)),
               session_paid_name(session_answer_paid(answer)), decision(session_answer_paid(answer)));
        if (session_answer_paid(answer) != SESSION_PAID_YES)
            unpaid = 1;
        session_answer_free(answer);
    }
    session_client_close(client);
    return unpaid;
}
