/* SPDX-License-Identifier: MIT */
/* race CONFIG: everything that several threads may do at once, for ThreadSanitizer: read sessions,
 * judge documents, ask for reports, cancel, open and close shared clients, work through batches. */
#include "common.h"

enum { THREADS = 8, CALLS = 100 };
static session_client *client;
static char *config;

static void one_get(int caller, int nth)
{
    char reference[128], quoted[128];
    session_answer *answer;
    name_session(reference, quoted, sizeof reference, EVERY, caller, nth);
    session_result result = session_get(client, reference, NULL, &answer);
    const char *json = session_answer_json(answer, NULL);
    /* Other threads cancel. */
    if (result != SESSION_OK && result != SESSION_ABORTED)
        fail("%s", json);
    if (result == SESSION_OK && !strstr(strstr(json, "\"raw\":"), quoted))
        fail("astray: %s", json);
    session_answer_free(answer);
}

static void one_normalize(void)
{
    session_answer *answer;
    session_normalize("kustom", "{\"session_id\": \"x\", \"status\": \"FINALIZED\"}",
                      "{\"id\": \"x\"}", &answer);
    if (session_answer_status(answer) != SESSION_STATUS_COMPLETED)
        fail("normalize");
    session_answer_free(answer);
}

static void one_report(void)
{
    session_answer *answer;
    if (session_client_report(client, &answer) != SESSION_OK)
        fail("report");
    session_answer_free(answer);
}

static void one_shared(int caller, int nth)
{
    session_client *shared;
    session_answer *answer;
    if (session_client_open(config, &shared, &answer) != SESSION_OK)
        fail("open");
    session_answer_free(answer);
    session_answer_free(get_own(shared, EVERY, caller, nth));
    session_client_close(shared);
}

static void one_batch(int caller)
{
    session_batch *batch;
    session_answer *answer;
    uint64_t tag;
    int left = 8;
    if (session_batch_open(client, NULL, &batch, NULL) != SESSION_OK)
        fail("batch");
    for (int nth = 0; nth < left; nth++) {
        char reference[128], quoted[128];
        name_session(reference, quoted, sizeof reference, EVERY, caller, nth);
        if (session_batch_add(batch, reference, NULL, (uint64_t)nth))
            fail("add");
    }
    while (session_batch_next(batch, -1, &tag, &answer) != SESSION_DONE) {
        session_answer_free(answer);
        left--;
    }
    if (left)
        fail("batch: %d missing", left);
    session_batch_close(batch);
}

static void *work(void *number)
{
    int caller = (int)(size_t)number;
    for (int nth = 0; nth < CALLS; nth++) {
        one_get(caller, nth);
        one_normalize();
        if (nth % 4 == 0)
            one_report();
        if (nth % 8 == caller % 8)
            session_client_cancel(client);
        if (nth % 6 == caller % 6)
            one_shared(caller, nth);
        if (nth % 15 == caller)
            one_batch(caller);
    }
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    pthread_t ids[THREADS];
    char *plain = contents(arguments[1]);
    config = malloc(strlen(plain) + 32);
    if (!config)
        return 2;
    sprintf(config, "{\"shared\": true, %s", plain + 1);
    client = opened(arguments[1]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    session_client_close(client);
    free(config);
    free(plain);
    return 0;
}
