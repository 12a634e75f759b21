/* SPDX-License-Identifier: MIT */
/*
 * An SQLite extension:
 *
 *   SELECT session_open('config.json');
 *   SELECT ref, session_status(ref), session_paid(ref) FROM orders;
 *
 * Nothing that fails to be read ends the statement: it is 'unknown', never 'no'. README.md beside
 * this file says how it is compiled.
 */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include <paysession.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* How long one answer may serve for the columns of a row. A session changes within seconds: what
 * was paid a moment ago is not asked about twice, what was a while ago is. */
enum { FRESH_MS = 1000 };

/* One for each database connection, as long as one of the functions is there. */
struct shop {
    unsigned functions;
    session_client *client;
    char *reference, *options;
    session_answer *answer;
    struct timespec when;
};

static void forget(struct shop *shop)
{
    session_answer_free(shop->answer);
    free(shop->reference);
    free(shop->options);
    shop->answer = NULL;
    shop->reference = shop->options = NULL;
}

static void close_shop(void *context)
{
    struct shop *shop = context;

    if (--shop->functions)
        return;
    forget(shop);
    session_client_close(shop->client);
    free(shop);
}

/* No problem in words means that there was no memory for them. */
static void complain(sqlite3_context *context, const char *problem)
{
    char *message = problem ? sqlite3_mprintf("session_open: %s", problem) : NULL;

    if (message)
        sqlite3_result_error(context, message, -1);
    else
        sqlite3_result_error_nomem(context);
    sqlite3_free(message);
}

/* For a connection that has no client; false after it has said in the statement what is wrong, and
 * then it has none. */
static int open_client(sqlite3_context *context, struct shop *shop, const char *path)
{
    session_answer *answer = NULL;
    struct stat about;

    /* A statement may name any path: of a device there may be no end. */
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        complain(context, "the configuration is no regular file");
        return 0;
    }
    if (session_client_open_file(path, &shop->client, &answer) != SESSION_OK)
        complain(context, session_answer_text(answer, "/error/message"));
    session_answer_free(answer);
    return shop->client != NULL;
}

/* The file that the host has chosen for all connections of its process; NULL if it chose none. */
static const char *hosts_path(void)
{
    const char *path = getenv("PAYSESSION_CONFIG");
    return path && *path ? path : NULL;
}

/* A text argument; NULL for SQL's NULL, and for one with a NUL in it, which would be cut off. */
static const char *text(sqlite3_value *value)
{
    const char *start = (const char *)sqlite3_value_text(value);
    return start && strlen(start) == (size_t)sqlite3_value_bytes(value) ? start : NULL;
}

/* Argument `index`, or NULL if it was not given. In C, NULL says "no options"; SQL's NULL, which
 * concatenation with a NULL amount makes, must not: the expectation would be lost. "" is no JSON. */
static const char *options_text(int count, sqlite3_value **values, int index)
{
    const char *options = count > index ? text(values[index]) : NULL;
    return count > index && !options ? "" : options;
}

/* A configuration says which host is believed and which secrets go there, so it is chosen once, by
 * whoever is first: the host of the database. A statement of somebody else could name another. */
static void run_open(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct shop *shop = sqlite3_user_data(context);
    const char *path = text(values[0]);

    (void)count;
    if (shop->client)
        complain(context, "this connection has its configuration already");
    else if (hosts_path())
        complain(context, "$PAYSESSION_CONFIG names the configuration of this process");
    else if (!path)
        complain(context, "the path is NULL, or has a NUL in it");
    else if (open_client(context, shop, path))
        sqlite3_result_null(context);
}

static int is_same(const char *one, const char *other)
{
    return one && other ? !strcmp(one, other) : one == other;
}

/* The answer for (reference [, options]); NULL after NULL or an error. Borrowed from the shop. */
static const session_answer *answer_for(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct shop *shop = sqlite3_user_data(context);
    const char *reference = text(values[0]);
    const char *options = options_text(count, values, 1);
    const char *path = shop->client ? NULL : hosts_path();
    struct timespec now;
    long long age;

    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return NULL;
    if (!shop->client && !path) {
        sqlite3_result_error(context, "call session_open(path) first, or set PAYSESSION_CONFIG",
                             -1);
        return NULL;
    }
    if (path && !open_client(context, shop, path))
        return NULL;
    clock_gettime(CLOCK_MONOTONIC, &now);
    age = (now.tv_sec - shop->when.tv_sec) * 1000LL + (now.tv_nsec - shop->when.tv_nsec) / 1000000;
    if (shop->answer && age < FRESH_MS && is_same(reference, shop->reference)
        && is_same(options, shop->options))
        return shop->answer;
    forget(shop);
    shop->reference = reference ? strdup(reference) : NULL;
    shop->options = options ? strdup(options) : NULL;
    if (!!shop->reference != !!reference || !!shop->options != !!options) {
        sqlite3_result_error_nomem(context); /* an answer is not kept without its question */
        return NULL;
    }
    session_get(shop->client, reference, options, &shop->answer);
    clock_gettime(CLOCK_MONOTONIC, &shop->when);
    return shop->answer;
}

static void run_status(sqlite3_context *context, int count, sqlite3_value **values)
{
    const session_answer *answer = answer_for(context, count, values);

    if (answer)
        sqlite3_result_text(context, session_status_name(session_answer_status(answer)), -1,
                            SQLITE_STATIC);
}

static void run_paid(sqlite3_context *context, int count, sqlite3_value **values)
{
    const session_answer *answer = answer_for(context, count, values);

    if (answer)
        sqlite3_result_text(context, session_paid_name(session_answer_paid(answer)), -1,
                            SQLITE_STATIC);
}

static void run_decision(sqlite3_context *context, int count, sqlite3_value **values)
{
    const session_answer *answer = answer_for(context, count, values);

    if (answer)
        sqlite3_result_text(context, session_decision_name(session_answer_decision(answer)), -1,
                            SQLITE_STATIC);
}

/* (reference, pointer [, options]) */
static void run_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    sqlite3_value *asked[] = {values[0], count > 2 ? values[2] : NULL};
    const session_answer *answer = answer_for(context, count - 1, asked);
    const char *told = answer ? session_answer_text(answer, text(values[1])) : NULL;

    if (told)
        sqlite3_result_text(context, told, -1, SQLITE_TRANSIENT);
}

static void run_answer(sqlite3_context *context, int count, sqlite3_value **values)
{
    const session_answer *answer = answer_for(context, count, values);

    if (answer)
        sqlite3_result_text(context, session_answer_json(answer, NULL), -1, SQLITE_TRANSIENT);
}

static void run_normalize(sqlite3_context *context, int count, sqlite3_value **values)
{
    session_answer *answer;

    if (sqlite3_value_type(values[1]) == SQLITE_NULL)
        return;
    session_normalize(text(values[0]), text(values[1]), options_text(count, values, 2), &answer);
    sqlite3_result_text(context, session_answer_json(answer, NULL), -1, SQLITE_TRANSIENT);
    session_answer_free(answer);
}

int sqlite3_paysession_init(sqlite3 *database, char **error, const sqlite3_api_routines *api);
int sqlite3_paysession_init(sqlite3 *database, char **error, const sqlite3_api_routines *api)
{
    static const struct {
        const char *name;
        int arguments;
        void (*run)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"session_open", 1, run_open},           {"session_status", 1, run_status},
        {"session_status", 2, run_status},       {"session_paid", 1, run_paid},
        {"session_paid", 2, run_paid},           {"session_decision", 1, run_decision},
        {"session_decision", 2, run_decision},   {"session_text", 2, run_text},
        {"session_text", 3, run_text},           {"session_answer", 1, run_answer},
        {"session_answer", 2, run_answer},       {"session_normalize", 2, run_normalize},
        {"session_normalize", 3, run_normalize},
    };
    struct shop *shop = calloc(1, sizeof *shop);
    size_t i;
    int code = SQLITE_OK;

    (void)error;
    SQLITE_EXTENSION_INIT2(api);
    if (!shop)
        return SQLITE_NOMEM;
    /* Not from a view or a trigger: whoever can write the schema could ask in the shop's name.
     * SQLite lets go of each function by itself, and of one that could not be made at once. */
    for (i = 0; code == SQLITE_OK && i < sizeof functions / sizeof *functions; i++) {
        shop->functions++;
        code = sqlite3_create_function_v2(database, functions[i].name, functions[i].arguments,
                                          SQLITE_UTF8 | SQLITE_DIRECTONLY, shop, functions[i].run,
                                          NULL, NULL, close_shop);
    }
    return code;
}
