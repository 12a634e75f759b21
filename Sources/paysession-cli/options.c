/* SPDX-License-Identifier: MIT */
/*
 * Options and arguments: read by getopt_long, so that complaints are in our words, and listed by
 * argp. Options stand before the first argument; an argument from outside that looks like one
 * must not become one.
 */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys.h"

static const struct argp_option all[] = {
    {"config", KEY_CONFIG, "FILE", 0,
     "the configuration, instead of $PAYSESSION_CONFIG or ~/.config/paysession/config.json", 0},
    {"format", KEY_FORMAT, "FORMAT", 0, "json (one object a line), table or status", 0},
    {"quiet", KEY_QUIET, 0, 0, "nothing on stdout; the exit status says it", 0},
    {"expect", KEY_EXPECT, "amount=MINOR,currency=EUR,reference=X", 0,
     "what the order should be, each part optional and said once; what differs is held. A reference "
     "comes last", 0},
    {"timeout-ms", KEY_TIMEOUT, "MS", 0, "for each session, instead of the configuration's", 0},
    {"interval-ms", KEY_INTERVAL, "MS", 0, "the first pause between two reads", 0},
    {"in-flight", KEY_IN_FLIGHT, "N", 0, "sessions read at once of each provider", 0},
    {"requests-per-second", KEY_RATE, "N", 0, "for each provider", 0},
    {"ordered", KEY_ORDERED, 0, 0, "answers in the order of the references", 0},
    {"resume", KEY_RESUME, "FILE", 0,
     "append to FILE, and leave out the references that it holds already under the same expectation",
     0},
    {"id", KEY_ID, "ID", 0, "the identifier that the document must carry", 0},
    {"trust-processed-at", KEY_TRUST, 0, 0, "Dintero: processed_at means paid", 0},
    {"provider", KEY_PROVIDER, "PROVIDER", 0, "FILE is a document of this provider", 0},
    {"account", KEY_ACCOUNT, "P12345678", 0, "Dintero's account to check the credentials with", 0},
    {"help", KEY_HELP, 0, 0, "this; 'paysession --help' lists the commands", 0},
    {"usage", KEY_USAGE, 0, OPTION_HIDDEN, "the same", 0},
};
static const size_t all_count = sizeof all / sizeof *all;

static bool has_key(const struct command *command, int key)
{
    const int *known;

    for (known = command->keys; *known; known++)
        if (*known == key)
            return true;
    return key == KEY_HELP || key == KEY_USAGE;
}

/* ---- Expectations -------------------------------------------------------------------------- */

static const struct {
    const char *name, *twice;
} parts[] = {{"amount", "amount: said more than once"},
             {"currency", "currency: said more than once"},
             {"reference", "reference: said more than once"}};
static const size_t part_count = sizeof parts / sizeof *parts;

/* One part; `value` is all behind its equals sign, up to the comma. */
static bool add_part(json_t *expect, const char *name, const char *value, const char **flaw)
{
    size_t before = json_object_size(expect), i;
    json_t *part;
    char *end;

    for (i = 0; i < part_count && strcmp(name, parts[i].name); i++)
        ;
    if (i == part_count) {
        *flaw = "expected amount=, currency= or reference=";
        return false;
    }
    if (json_object_get(expect, name)) {
        *flaw = parts[i].twice;
        return false;
    }
    if (!strcmp(name, "amount")) {
        long long amount;

        errno = 0;
        amount = strtoll(value, &end, 10);
        if (*value < '0' || *value > '9' || *end || errno) {
            *flaw = "amount: expected an integer in minor units, such as 30000";
            return false;
        }
        part = json_integer(amount);
    } else {
        if (!is_utf8(value)) {
            *flaw = "expected UTF-8";
            return false;
        }
        part = json_string(value);
    }
    return json_object_set_new(expect, name, part) == 0 && json_object_size(expect) == before + 1;
}

bool expect_add(json_t *expect, const char *text, const char **flaw)
{
    char *copy = strdup(text), *rest = copy;
    bool is_well = copy != NULL;

    *flaw = NULL;
    while (is_well && rest) {
        char *name = rest, *value = strchr(name, '=');

        if (!value) {
            *flaw = "expected amount=MINOR, currency=CODE or reference=TEXT";
            is_well = false;
            break;
        }
        *value++ = '\0';
        /* A reference may hold commas: it takes the rest. */
        rest = strcmp(name, "reference") ? strchr(value, ',') : NULL;
        if (rest)
            *rest++ = '\0';
        is_well = add_part(expect, name, value, flaw);
    }
    free(copy);
    return is_well;
}

char *expect_text(const json_t *expect)
{
    return json_object_size(expect) ? json_dumps(expect, JSON_COMPACT | JSON_SORT_KEYS)
                                    : strdup("null");
}

/* Put together as text: of what is copied as objects, jansson can lose a part without a word. */
char *call_text(const struct options *options, const char *expect)
{
    char *own = expect ? NULL : expect_text(options->expect);
    char *call = json_dumps(options->call, JSON_COMPACT), *text = NULL;

    if (!expect)
        expect = own;
    if (call && expect && !strcmp(expect, "null")) {
        text = call;
        call = NULL;
    } else if (call && expect
               && asprintf(&text, "{\"expect\":%s%s%s", expect, call[1] == '}' ? "" : ",",
                           call + 1) < 0) {
        text = NULL;
    }
    free(own);
    free(call);
    return text;
}

/* ---- One option ---------------------------------------------------------------------------- */

static bool set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) == 0)
        return true;
    complain("memory has run out");
    return false;
}

static bool set_once(const char **place, const char *name, const char *value)
{
    if (*place) {
        complain("--%s: said more than once", name);
        return false;
    }
    *place = value;
    return true;
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
    return set(object, name, json_integer(value));
}

static bool set_id(struct options *options, const char *text)
{
    if (json_object_get(options->call, "id")) {
        complain("--id: said more than once");
        return false;
    }
    if (is_utf8(text))
        return set(options->call, "id", json_string(text));
    complain("id: expected UTF-8");
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

    if (expect_add(options->expect, text, &flaw))
        return true;
    if (flaw)
        complain("expect: %s, got '%s'", flaw, text);
    else
        complain("memory has run out");
    return false;
}

static bool set_option(struct options *options, int key, const char *value)
{
    switch (key) {
    case KEY_CONFIG: return set_once(&options->config, "config", value);
    case KEY_FORMAT: return set_format(options, value);
    case KEY_QUIET: options->quiet = true; return true;
    case KEY_EXPECT: return set_expect(options, value);
    case KEY_TIMEOUT: return set_integer(options->call, "timeout_ms", value);
    case KEY_INTERVAL: return set_integer(options->call, "interval_ms", value);
    case KEY_IN_FLIGHT: return set_integer(options->batch, "in_flight", value);
    case KEY_RATE: return set_integer(options->batch, "requests_per_second", value);
    case KEY_ORDERED: options->ordered = true; return true;
    case KEY_RESUME: return set_once(&options->resume, "resume", value);
    case KEY_ID: return set_id(options, value);
    case KEY_TRUST: return set(options->call, "trust_processed_at", json_true());
    case KEY_PROVIDER: return set_once(&options->provider, "provider", value);
    case KEY_ACCOUNT: return set_once(&options->account, "account", value);
    case KEY_HELP:
    case KEY_USAGE: options->wants_help = true; return true;
    default: return false;
    }
}

/* ---- All of them --------------------------------------------------------------------------- */

/* The options of one command, as argp wants them. */
static void select_options(const struct command *command, struct argp_option *selected)
{
    size_t i;

    for (i = 0; i < all_count; i++)
        if (has_key(command, all[i].key))
            *selected++ = all[i];
    memset(selected, 0, sizeof *selected);
}

/* As getopt_long wants them. The letters begin with + for no options behind arguments, and with :
 * for no complaints but ours. */
static void select_words(const struct argp_option *selected, struct option *words, char *letters)
{
    *letters++ = '+';
    *letters++ = ':';
    for (; selected->name; selected++, words++) {
        memset(words, 0, sizeof *words);
        words->name = selected->name;
        words->has_arg = selected->arg ? required_argument : no_argument;
        words->val = selected->key;
        if (selected->key < 256) {
            *letters++ = (char)selected->key;
            if (selected->arg)
                *letters++ = ':';
        }
    }
    memset(words, 0, sizeof *words);
    *letters = '\0';
}

/* What getopt_long found wrong, in its own well-known words. `word` is the argument that it read
 * last; a long option is all of it. */
static void complain_of(const struct command *command, const struct option *words, bool is_missing,
                        const char *word)
{
    size_t length = strcspn(word, "=");
    const struct option *known;
    char names[256] = "";
    size_t used = 0;

    if (is_missing) {
        if (!strncmp(word, "--", 2))
            complain("%s: option '%s' requires an argument", command->name, word);
        else
            complain("%s: option requires an argument -- '%c'", command->name, optopt);
        return;
    }
    if (optopt) {
        for (known = words; known->name && known->val != optopt; known++)
            ;
        if (known->name)
            complain("%s: option '--%s' doesn't allow an argument", command->name, known->name);
        else
            complain("%s: invalid option -- '%c'", command->name, optopt);
        return;
    }
    for (known = words; known->name && used < sizeof names; known++)
        if (length > 2 && !strncmp(known->name, word + 2, length - 2))
            used += (size_t)snprintf(names + used, sizeof names - used, " '--%s'", known->name);
    if (*names)
        complain("%s: option '%.*s' is ambiguous; possibilities:%s", command->name, (int)length,
                 word, names);
    else
        complain("%s: unrecognized option '%.*s'", command->name, (int)length, word);
}

bool options_read(const struct command *command, int argc, char **argv, struct options *options)
{
    struct argp_option selected[sizeof all / sizeof *all + 1];
    struct option words[sizeof all / sizeof *all + 1];
    char letters[3 + 2 * sizeof all / sizeof *all];
    bool is_ended;
    int key, before, i;

    memset(options, 0, sizeof *options);
    options->is_for_terminal = isatty(STDOUT_FILENO);
    options->call = json_object();
    options->expect = json_object();
    options->batch = json_object();
    if (!options->call || !options->expect || !options->batch) {
        complain("memory has run out");
        return false;
    }
    select_options(command, selected);
    select_words(selected, words, letters);
    for (;;) {
        before = optind;
        key = getopt_long(argc, argv, letters, words, NULL);
        if (key == -1)
            break;
        if (key == '?' || key == ':') {
            complain_of(command, words, key == ':', argv[optind - 1]);
            return false;
        }
        if (!set_option(options, key, optarg))
            return false;
    }
    /* Of all words, only -- is taken without a key. */
    is_ended = optind > before;
    options->arguments = argv + optind;
    options->count = argc - optind;
    if (options->wants_help)
        return true;
    for (i = 1; !is_ended && i < options->count; i++) {
        const char *argument = options->arguments[i];

        if (argument[0] != '-' || !argument[1])
            continue;
        complain("%s: '%s' stands behind an argument: options come first, and -- in front of the "
                 "first argument ends them", command->name, argument);
        return false;
    }
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
    json_decref(options->expect);
    json_decref(options->batch);
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
