/* SPDX-License-Identifier: MIT */
/* mixed PLAN CALLS CONFIG...: eight threads that work off a plan again and again, until so many
 * calls were made. A line of the plan is: which configuration, reference, options, and the results
 * that are right, in commas; tabs between. Prints what went wrong, and how memory and descriptors
 * stood when a fifth was done and at the end. */
#include "common.h"

enum { THREADS = 8, MOST = 256 };
static struct line {
    int client;
    char *reference, *options, *right;
} plan[MOST];
static int planned, calls, next_call, wrong, wrongly_paid, unsent, oks;
static session_client *clients[8];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char complaints[8192];

static long resident_kib(void)
{
    char text[128] = "";
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (read(file, text, sizeof text - 1) <= 0)
        fail("statm");
    close(file);
    long whole = 0, resident = 0;
    sscanf(text, "%ld %ld", &whole, &resident);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int is_among(const char *right, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = right; (at = strstr(at, name)); at += length)
        if ((at == right || at[-1] == ',') && (!at[length] || at[length] == ','))
            return 1;
    return 0;
}

static void *work(void *until)
{
    for (;;) {
        int mine = __atomic_fetch_add(&next_call, 1, __ATOMIC_RELAXED);
        if (mine >= (int)(size_t)until)
            return NULL;
        struct line *line = &plan[mine % planned];
        session_answer *answer = NULL;
        session_result result =
            session_get(clients[line->client], line->reference, line->options, &answer);
        session_paid paid = session_answer_paid(answer);
        const char *json = session_answer_json(answer, NULL);
        /* A server that has spoilt its connection may close it just as the next request goes out.
         * One attempt is all these clients have; a shop's default would have tried again. */
        while (result == SESSION_UNREACHABLE && json && strstr(json, "Failed sending data")) {
            __atomic_fetch_add(&unsent, 1, __ATOMIC_RELAXED);
            session_answer_free(answer);
            result = session_get(clients[line->client], line->reference, line->options, &answer);
            paid = session_answer_paid(answer);
            json = session_answer_json(answer, NULL);
        }
        int is_ok = is_among(line->right, "ok");
        pthread_mutex_lock(&lock);
        oks += result == SESSION_OK;
        /* Only a session that is paid says so, and that one always does. */
        if (paid == SESSION_PAID_YES && (result != SESSION_OK || !is_ok))
            wrongly_paid++;
        if (result == SESSION_OK && is_ok && paid != SESSION_PAID_YES)
            wrongly_paid++;
        if (!is_among(line->right, session_result_name(result)) && wrong++ < 12) {
            size_t used = strlen(complaints);
            snprintf(complaints + used, sizeof complaints - used, "%s(%s): not %s: %.300s\\n",
                     line->reference, line->options, line->right, json ? json : "nothing");
        }
        pthread_mutex_unlock(&lock);
        session_answer_free(answer);
    }
}

static void round_of(int until)
{
    pthread_t ids[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, work, (void *)(size_t)until);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    next_call = until;
}

int main(int count, char **arguments)
{
    if (count < 4 || count > 11)
        return 2;
    int before = descriptors("");
    calls = atoi(arguments[2]);
    char *text = contents(arguments[1]), *rest = NULL;
    for (char *row = strtok_r(text, "\n", &rest); row && planned < MOST;
         row = strtok_r(NULL, "\n", &rest)) {
        char *part = NULL;
        plan[planned].client = atoi(strtok_r(row, "\t", &part));
        plan[planned].reference = strtok_r(NULL, "\t", &part);
        plan[planned].options = strtok_r(NULL, "\t", &part);
        plan[planned++].right = strtok_r(NULL, "\t", &part);
    }
    for (int i = 3; i < count; i++)
        clients[i - 3] = opened(arguments[i]);
    double start = seconds();
    round_of(calls / 5);
    long warm_kib = resident_kib();
    int warm = descriptors("");
    round_of(calls);
    long end_kib = resident_kib();
    int end = descriptors("");
    double took = seconds() - start;
    for (int i = 3; i < count; i++)
        session_client_close(clients[i - 3]);
    if (wrong)
        fputs(complaints, stderr);
    printf(
        "{\"unsent\": %d, \"wrong\": %d, \"wrongly_paid\": %d, \"ok\": %d, \"warm_kib\": %ld, \"end_kib\": %ld, "
        "\"before\": %d, \"warm\": %d, \"end\": %d, \"after\": %d, \"seconds\": %.1f}\n",
        unsent, wrong, wrongly_paid, oks, warm_kib, end_kib, before, warm, end, descriptors(""),
        took);
    free(text);
    return 0;
}
