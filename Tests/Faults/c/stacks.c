/* SPDX-License-Identifier: MIT */
/* stacks CONFIG BYTES: reads sessions, and judges the deepest document there may be, on threads
 * with stacks of so many bytes. Overflowing one ends the program. */
#include "common.h"

static session_client *client;

static void *work(void *number)
{
    char deep[1024], *at = deep;
    session_answer *answer;
    for (int nth = 0; nth < 8; nth++)
        session_answer_free(get_own(client, EVERY, (int)(size_t)number, nth));
    at += sprintf(at, "{\"session_id\": \"x\", \"status\": \"FINALIZED\", \"order_amount\": 1, "
                      "\"purchase_currency\": \"SEK\", \"more\": ");
    for (int i = 0; i < 127; i++)
        *at++ = '[';
    for (int i = 0; i < 127; i++)
        *at++ = ']';
    strcpy(at, "}");
    if (session_normalize("kustom", deep, NULL, &answer) || session_answer_paid(answer) != 1)
        fail("128 deep: %s", session_answer_json(answer, NULL));
    session_answer_free(answer);
    /* One deeper, and with as much nesting as fits: refused, and no deeper on the stack. */
    static char deeper[100000];
    memset(deeper, '[', sizeof deeper - 1);
    memcpy(deeper, "{\"a\":", 5);
    if (session_normalize("kustom", deeper, NULL, &answer) != SESSION_MALFORMED)
        fail("deeper");
    session_answer_free(answer);
    session_client_report(client, &answer);
    session_answer_free(answer);
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    pthread_t ids[8];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, (size_t)atol(arguments[2])))
        fail("stack size");
    client = opened(arguments[1]);
    for (int i = 0; i < 8; i++)
        if (pthread_create(&ids[i], &attributes, work, (void *)(size_t)i))
            fail("no thread");
    for (int i = 0; i < 8; i++)
        pthread_join(ids[i], NULL);
    session_client_close(client);
    puts("{}");
    return 0;
}
