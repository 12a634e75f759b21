/* SPDX-License-Identifier: MIT */
/* fork_idle CONFIG CHILDREN CALLS: a client with warm connections, then children that use it at the
 * same time as the parent. Stops twice, for the caller to look at the wire: before the children
 * begin and when they are gone. Prints what parent and children saw. */
#include "common.h"

static session_client *client;
static int calls;

/* The same session of Kustom each time, and which connection carried it. */
static void tell_one(const char *key, int nth)
{
    char connection[32];
    session_answer *answer = get_own(client, EVERY, 999, nth);
    const char *json = session_answer_json(answer, NULL);
    text_of(json, "connection", connection, sizeof connection);
    printf("\"%s\": {\"connection\": \"%s\", \"answer\": %s}, ", key, connection, json);
    session_answer_free(answer);
}

static void wait_for_caller(void)
{
    char line[8];
    printf("\"pid\": %d}\n", (int)getpid());
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        fail("no caller");
    printf("{");
}

/* An ordinary exit runs what libraries registered for it: most of the children do. */
static void child(int number, int out)
{
    char text[4096], connections[2048] = "", last[32] = "";
    int sockets = descriptors("socket:"), polls = descriptors("anon_inode:[eventpoll]");
    int own = 0;
    alarm(60);
    for (int nth = 0; nth < calls; nth++) {
        char connection[32];
        session_answer *answer = get_own(client, EVERY, number, nth);
        text_of(session_answer_json(answer, NULL), "connection", connection, sizeof connection);
        if (strcmp(connection, last) && strlen(connections) < 1900) {
            sprintf(connections + strlen(connections), "%s\"%s\"", own++ ? ", " : "", connection);
            strcpy(last, connection);
        }
        session_answer_free(answer);
    }
    int length =
        snprintf(text, sizeof text, "%d {\"sockets\": %d, \"polls\": %d, \"connections\": [%s]}\n",
                 number, sockets, polls, connections);
    if (write(out, text, (size_t)length) != length)
        fail("pipe");
    if (number % 2 == 0)
        session_client_close(client);
    if (number % 4 == 1)
        _exit(0);
    exit(0);
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    int children = atoi(arguments[2]), pipes[2];
    calls = atoi(arguments[3]);
    client = opened(arguments[1]);
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    printf("{");
    for (int nth = 0; nth < 4; nth++)
        session_answer_free(get_own(client, EVERY, 998, nth));
    tell_one("warm", 0);
    wait_for_caller();
    fflush(stdout);

    if (pipe(pipes))
        fail("pipe");
    for (int number = 0; number < children; number++) {
        fflush(stdout);
        if (!fork())
            child(number, pipes[1]);
    }
    close(pipes[1]);
    /* At the same time as they. */
    for (int nth = 0; nth < calls; nth++)
        session_answer_free(get_own(client, EVERY, 997, nth));
    FILE *told = fdopen(pipes[0], "r");
    char line[4096];
    int listed = 0;
    printf("\"children\": [");
    while (told && fgets(line, sizeof line, told)) {
        line[strcspn(line, "\n")] = 0;
        printf("%s%s", listed++ ? ", " : "", strchr(line, ' '));
    }
    printf("], ");
    for (int status; wait(&status) > 0;)
        if (status)
            fail("a child ended with %x", (unsigned)status);
    wait_for_caller();

    tell_one("after", 0);
    tell_one("token", 2);
    session_answer *answer;
    session_client_report(client, &answer);
    printf("\"report\": %s}\n", session_answer_json(answer, NULL));
    session_answer_free(answer);
    session_client_close(client);
    return 0;
}
