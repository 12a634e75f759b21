/* SPDX-License-Identifier: MIT */
/* Options and arguments, by argp. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

static const struct argp_option all[] = {
    {"config", KEY_CONFIG, "FILE", 0,
     "the configuration, instead of $PAYSESSION_CONFIG or ~/.config/paysession/config.json", 0},
    {"format", KEY_FORMAT, "FORMAT", 0, "json (one object a line), table or status", 0},
    {"quiet", KEY_QUIET, 0, 0, "nothing on stdout; the exit status says it", 0},
    {"expect", KEY_EXPECT, "amount=MINOR,currency=EUR,reference=X", 0,
     "what the order should be, each part optional; what differs is held. A reference comes last", 0},
    {"timeout-ms", KEY_TIMEOUT, "MS", 0, "for each session, instead of the configuration's", 0},
    {"interval-ms", KEY_INTERVAL, "MS", 0, "the first pause between two reads", 0},
    {"in-flight", KEY_IN_FLIGHT, "N", 0, "sessions read at once of each provider", 0},
    {"requests-per-second", KEY_RATE, "N", 0, "for each provider", 0},
    {"ordered", KEY_ORDERED, 0, 0, "answers in the order of the references", 0},
    {"resume", KEY_RESUME, "FILE", 0,
     "append to FILE, and leave out the references that it holds already", 0},
    {"id", KEY_ID, "ID", 0, "the identifier that the document must carry", 0},
    {"trust-processed-at", KEY_TRUST, 0, 0, "Dintero: processed_at means paid", 0},
    {"provider", KEY_PROVIDER, "PROVIDER", 0, "FILE is a document of this provider", 0},
    {"account", KEY_ACCOUNT, "P12345678", 0, "Dintero's account to check the credentials with", 0},
    {"help", KEY_HELP, 0, 0, "this; 'paysession --help' lists the commands", 0},
    /* argp names it where it complains. */
    {"usage", KEY_USAGE, 0, OPTION_HIDDEN, "the same", 0},
};
static const size_t all_count = sizeof all / sizeof *all;

struct reading {
    const struct command *command;
    struct options *options;
    bool failed;
};

static bool has_key(const struct command *command, int key)
{
    const int *known;

    for (known = command->keys; *known; known++)
        if (*known == key)
            return true;
    return key == KEY_HELP || key == KEY_USAGE;
}

json_t *expect_read(const char *text, const char **flaw)
{
    json_t *expect = json_object();
    char *copy = strdup(text), *rest = copy;

    *flaw = NULL;
    while (copy && expect && !*flaw) {
        char *part = rest, *value = strchr(part, '='), *end;

        if (!value) {
            *flaw = "expected amount=MINOR, currency=CODE or reference=TEXT";
            break;
        }
        *value++ = '\0';
        if (json_object_get(expect, part)) {
            *flaw = "expected each part once";
            break;
        }
        /* A reference may hold commas: it takes the rest. */
        rest = strcmp(part, "reference") ? strchr(value, ',') : NULL;
        if (rest)
            *rest++ = '\0';
        if (!strcmp(part, "amount")) {
            long long amount;

            errno = 0;
            amount = strtoll(value, &end, 10);
            if (*value < '0' || *value > '9' || *end || errno)
                *flaw = "amount: expected an integer in minor units, such as 30000";
            else
                json_object_set_new(expect, part, json_integer(amount));
        } else if (!strcmp(part, "currency") || !strcmp(part, "reference")) {
            if (json_object_set_new(expect, part, json_string(value)))
                *flaw = "expected UTF-8";
        } else {
            *flaw = "expected amount=, currency= or reference=";
        }
        if (!rest)
            break;
    }
    free(copy);
    if (!copy || !expect)
        *flaw = "memory has run out";
    if (!*flaw)
        return expect;
    json_decref(expect);
    return NULL;
}

/* What a number may be is the library's to say; here it only must be one. */
static bool set_integer(json_t *object, const char *name, const char *text)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno) {
        complain("%s: expected an integer, got '%s'", name, text);
        return false;
    }
    return json_object_set_new(object, name, json_integer(value)) == 0;
}

static bool set_text(json_t *object, const char *name, const char *text)
{
    if (json_object_set_new(object, name, json_string(text)) == 0)
        return true;
    complain("%s: expected UTF-8", name);
    return false;
}

static bool set_format(struct options *options, const char *name)
{
    static const char *const names[] = {"json", "table", "status"};
    int i;

    for (i = 0; i < 3; i++) {
        if (!strcmp(name, names[i])) {
            options->format = (enum format)i;
            return true;
        }
    }
    complain("format: expected json, table or status, got '%s'", name);
    return false;
}

static bool set_expect(struct options *options, const char *text)
{
    const char *flaw;
    json_t *expect = expect_read(text, &flaw);

    if (expect)
        return json_object_set_new(options->call, "expect", expect) == 0;
    complain("expect: %s, got '%s'", flaw, text);
    return false;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct reading *reading = state->input;
    struct options *options = reading->options;
    bool is_well = true;

    switch (key) {
    case ARGP_KEY_INIT:
    case ARGP_KEY_FINI:
    case ARGP_KEY_SUCCESS:
    case ARGP_KEY_NO_ARGS:
    case ARGP_KEY_END:
        return 0;
    case ARGP_KEY_ERROR:
        reading->failed = true;
        return 0;
    case ARGP_KEY_ARG:
        options->arguments[options->count++] = value;
        return 0;
    default:
        break;
    }
    if (!has_key(reading->command, key))
        return ARGP_ERR_UNKNOWN;
    switch (key) {
    case KEY_CONFIG: options->config = value; break;
    case KEY_FORMAT: is_well = set_format(options, value); break;
    case KEY_QUIET: options->quiet = true; break;
    case KEY_EXPECT: is_well = set_expect(options, value); break;
    case KEY_TIMEOUT: is_well = set_integer(options->call, "timeout_ms", value); break;
    case KEY_INTERVAL: is_well = set_integer(options->call, "interval_ms", value); break;
    case KEY_IN_FLIGHT: is_well = set_integer(options->batch, "in_flight", value); break;
    case KEY_RATE: is_well = set_integer(options->batch, "requests_per_second", value); break;
    case KEY_ORDERED: options->ordered = true; break;
    case KEY_RESUME: options->resume = value; break;
    case KEY_ID: is_well = set_text(options->call, "id", value); break;
    case KEY_TRUST:
        is_well = json_object_set_new(options->call, "trust_processed_at", json_true()) == 0;
        break;
    case KEY_PROVIDER: options->provider = value; break;
    case KEY_ACCOUNT: options->account = value; break;
    case KEY_HELP:
    case KEY_USAGE: options->wants_help = true; break;
    default: return ARGP_ERR_UNKNOWN;
    }
    if (!is_well)
        reading->failed = true;
    return 0;
}

/* The options of one command, as argp wants them. */
static void select_options(const struct command *command, struct argp_option *selected)
{
    size_t i;

    for (i = 0; i < all_count; i++)
        if (has_key(command, all[i].key))
            *selected++ = all[i];
    memset(selected, 0, sizeof *selected);
}

bool options_read(const struct command *command, int argc, char **argv, struct options *options)
{
    struct argp_option selected[sizeof all / sizeof *all + 1];
    struct argp argp = {.options = selected, .parser = parse};
    struct reading reading = {command, options, false};
    error_t flaw;

    memset(options, 0, sizeof *options);
    options->call = json_object();
    options->batch = json_object();
    options->arguments = calloc((size_t)argc + 1, sizeof *options->arguments);
    if (!options->call || !options->batch || !options->arguments) {
        complain("memory has run out");
        return false;
    }
    select_options(command, selected);
    /* argp's own help and its own exit would give zero for a reference that is called --help. */
    flaw = argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL, &reading);
    if (flaw || reading.failed) {
        if (flaw && !reading.failed)
            complain("%s: %s", command->name, strerror(flaw));
        return false;
    }
    if (options->wants_help)
        return true;
    if (options->count < command->fewest
        || (command->most >= 0 && options->count > command->most)) {
        complain("%s: expected %s", command->name,
                 *command->arguments ? command->arguments : "no arguments");
        return false;
    }
    return true;
}

void options_free(struct options *options)
{
    json_decref(options->call);
    json_decref(options->batch);
    free(options->arguments);
}

void options_help(const struct command *command)
{
    struct argp_option selected[sizeof all / sizeof *all + 1];
    struct argp argp = {
        .options = selected, .args_doc = command->arguments, .doc = command->summary};
    char name[64];

    select_options(command, selected);
    snprintf(name, sizeof name, "paysession %s", command->name);
    argp_help(&argp, stdout, ARGP_HELP_USAGE | ARGP_HELP_PRE_DOC | ARGP_HELP_LONG, name);
}
