/* SPDX-License-Identifier: MIT */
/*
 * Is this order paid? Reads each session named on the command line, prints the whole answer, and
 * says what the shop does. Ends with 0 only if every one of them may ship. The configuration is a
 * file: what is on the command line can be read by everyone on the machine.
 *
 *     cc paid.c $(pkg-config --cflags --libs paysession) -o paid
 *     ./paid config.json kustom:550e8400-e29b-41d4-a716-446655440000
 */
#include <paysession.h>
#include <stdio.h>

/* What the shop does is a decision, never a status: ship, or wait and ask again, or release the
 * goods for others, or hold the order for a human to look. */
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
    if (session_client_open_file(argv[1], &client, &answer) != SESSION_OK) {
        fprintf(stderr, "%s\n", session_answer_text(answer, "/error/message"));
        session_answer_free(answer);
        return 2;
    }
    session_answer_free(answer);

    for (i = 2; i < argc; i++) {
        session_get(client, argv[i], NULL, &answer);
        printf("%s\n", session_answer_json(answer, NULL));
        printf("%s: %s, paid %s: %s\n", argv[i], session_result_name(session_answer_result(answer)),
               session_paid_name(session_answer_paid(answer)),
               session_decision_name(session_answer_decision(answer)));
        if (session_answer_decision(answer) != SESSION_SHIP)
            unpaid = 1;
        session_answer_free(answer);
    }
    session_client_close(client);
    return unpaid;
}
