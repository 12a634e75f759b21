/* SPDX-License-Identifier: MIT */
/*
 * Options and arguments: read by getopt_long, so that complaints are in our words. Options stand
 * before the first argument; an argument from outside that looks like one must not become one.
 */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys.h"

/* Each option once: what getopt_long reads, --help lists and completion offers is made of this. */
static const struct known all[] = {
    {"config", KEY_CONFIG, "FILE",
     "the configuration, instead of $PAYSESSION_CONFIG or ~/.config/paysession/config.json", NULL},
    {"format", KEY_FORMAT, "FORMAT",
     "json (one object a line), table, status or words; on a terminal get, wait and normalize show "
     "words of one session and a table of several, everywhere else json",
     NULL},
    {"quiet", KEY_QUIET, NULL, "nothing on stdout; the exit status says it", NULL},
    {"verbose", KEY_VERBOSE, NULL, "each try of a request, on stderr", NULL},
    {"color", KEY_COLOR, "WHEN",
     "auto (on a terminal, unless NO_COLOR is set or TERM is dumb), always or never", NULL},
    {"expect", KEY_EXPECT, "amount=MINOR,currency=EUR,reference=X",
     "what the order should be, each part optional and said once; what differs is held. A reference "
     "comes last",
     NULL},
    {"proof", KEY_PROOF, NULL,
     "read the proof of payment behind each session, too: contract, order or payment status", NULL},
    {"transaction", KEY_TRANSACTION, "ID",
     "Dintero: the transaction that proves the payment, as the callback or the return address names "
     "it; read as with --proof",
     NULL},
    {"proof-document", KEY_DOCUMENT, "FILE",
     "the document of the proof of payment, judged with the session's", NULL},
    {"yes", KEY_YES, NULL, "send it; without this nothing is sent", NULL},
    {"timeout", KEY_TIMEOUT, "TIME",
     "for each session, instead of the configuration's: 15s, 500ms, 2m; a plain number is in "
     "milliseconds",
     "timeout-ms"},
    {"interval", KEY_INTERVAL, "TIME", "the first pause between two reads", "interval-ms"},
    {"in-flight", KEY_IN_FLIGHT, "N", "sessions read at once of each provider", NULL},
    {"requests-per-second", KEY_RATE, "N", "for each provider", NULL},
    {"ordered", KEY_ORDERED, NULL, "answers in the order of the references", NULL},
    {"resume", KEY_RESUME, "FILE",
     "append to FILE, and leave out the references that it holds already under the same expectation, "
     "but ask again for what failed and may be read now",
     NULL},
    {"keep-failed", KEY_KEEP_FAILED, NULL, "with --resume: what failed counts as read", NULL},
    {"csv", KEY_CSV, "COLUMNS",
     "lines are rows of CSV with these columns: reference, and any of amount, currency and order (the "
     "shop's own reference)",
     NULL},
    {"id", KEY_ID, "ID", "the identifier that the document must carry", NULL},
    {"trust-processed-at", KEY_TRUST, NULL, "Dintero: processed_at means paid", NULL},
    {"request", KEY_REQUEST, "FILE",
     "the request that came, as JSON: {\"method\": \"POST\", \"url\": ADDRESS, \"headers\": {NAME: "
     "VALUE}}; - is standard input",
     NULL},
    {"body", KEY_BODY, "FILE", "its body, byte for byte as it came; - is standard input", NULL},
    {"reference", KEY_REFERENCE, NULL,
     "print the reference of the session to read, and nothing where there is none", NULL},
    {"tolerance", KEY_TOLERANCE, "SECONDS",
     "how far from the clock a signature's time may be, 1 to 900 (300)", NULL},
    {"received-at", KEY_RECEIVED, "TIME", "judge as of then (RFC 3339), not as of now", NULL},
    {"provider", KEY_PROVIDER, "PROVIDER", "FILE is a document of this provider", NULL},
    {"account", KEY_ACCOUNT, "P12345678",
     "Dintero's account to check the credentials with, instead of the configuration's account_id",
     NULL},
    {"help", KEY_HELP, NULL, "this; 'paysession help' lists the commands", NULL},
};
static const size_t all_count = sizeof all / sizeof *all;

const char *const format_names[] = {"json", "table", "status", "words", NULL};

static bool has_key(const struct command *command, int key)
{
    const int *known;

    for (known = command->keys; *known; known++)
        if (*known == key)
            return true;
    return key == KEY_HELP;
}

/* ---- Expectations -------------------------------------------------------------------------- */

static const struct {
    const char *name, *twice;
} parts[] = {{"amount", "amount: said more than once"},
             {"currency", "currency: said more than once"},
             {"reference", "reference: said more than once"}};
static const size_t part_count = sizeof parts / sizeof *parts;

bool expect_add_part(json_t *expect, const char *name, const char *value, const char **flaw)
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
        is_well = expect_add_part(expect, name, value, flaw);
    }
    free(copy);
    return is_well;
}

char *expect_text(const json_t *expect)
{
    return json_object_size(expect) ? json_dumps(expect, JSON_COMPACT | JSON_SORT_KEYS)
                                    : strdup("null");
}

/* The options with the proof of payment as it is spelt. Takes `call`. */
static char *with_document(char *call, const char *document)
{
    char *text = NULL;
    size_t length = call ? strlen(call) : 0;

    if (call
        && asprintf(&text, "%.*s%s\"proof\":{\"document\":%s}}", (int)length - 1, call,
                    length > 2 ? "," : "", without_mark(document))
               < 0)
        text = NULL;
    free(call);
    return text;
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
               && asprintf(&text, "{\"expect\":%s%s%s", expect, call[1] == '}' ? "" : ",", call + 1)
                      < 0) {
        text = NULL;
    }
    free(own);
    free(call);
    return options->proof_document ? with_document(text, options->proof_document) : text;
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

/* Keeps what the user wrote, for complaints of the library about its own key. */
static bool keep(struct options *options, const char *key, const char *name, const char *value)
{
    char *text = NULL;
    json_t *said = NULL;

    if (asprintf(&text, "--%s %s", name, value) >= 0) {
        said = json_string_nocheck(text);
        free(text);
    }
    return set(options->said, key, said);
}

/* What a number may be is the library's to say; here it only must be one. */
static bool set_integer(struct options *options, json_t *object, const char *key, const char *name,
                        const char *text)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno) {
        complain("--%s %s: expected an integer", name, text);
        return false;
    }
    return keep(options, key, name, text) && set(object, key, json_integer(value));
}

/* A number with its unit; without one it is in milliseconds. */
static bool set_time(struct options *options, const char *key, const char *name, const char *text)
{
    static const struct {
        const char *name;
        long long ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}};
    long long value;
    char *end;
    size_t i;

    errno = 0;
    value = strtoll(text, &end, 10);
    for (i = 0; i < sizeof units / sizeof *units && strcmp(end, units[i].name); i++)
        ;
    if (*text < '0' || *text > '9' || errno || i == sizeof units / sizeof *units
        || value > LLONG_MAX / units[i].ms) {
        complain("--%s %s: expected a time such as 15s, 500ms or 2m; a plain number is in "
                 "milliseconds",
                 name, text);
        return false;
    }
    return keep(options, key, name, text)
           && set(options->call, key, json_integer(value * units[i].ms));
}

static bool set_id(struct options *options, const char *text)
{
    if (json_object_get(options->call, "id")) {
        complain("--id: said more than once");
        return false;
    }
    if (is_utf8(text))
        return keep(options, "id", "id", text) && set(options->call, "id", json_string(text));
    complain("--id %s: expected UTF-8", text);
    return false;
}

static bool set_transaction(struct options *options, const char *text)
{
    json_t *proof;

    if (json_object_get(options->said, "proof")) {
        complain("--transaction: said more than once");
        return false;
    }
    proof = json_object();
    if (!is_utf8(text)) {
        json_decref(proof);
        complain("--transaction %s: expected UTF-8", text);
        return false;
    }
    return set(proof, "transaction", json_string(text))
           && keep(options, "proof.transaction", "transaction", text)
           && keep(options, "proof", "transaction", text) && set(options->call, "proof", proof);
}

static bool set_proof(struct options *options)
{
    return json_object_get(options->call, "proof") || set(options->call, "proof", json_true());
}

/* It becomes a part of other JSON: what closed the object and went on would be options. The rest
 * of it is the library's to judge, which takes documents that jansson refuses. */
static bool is_one_object(const char *text)
{
    const char *end;

    text += strspn(text, " \t\r\n");
    end = *text == '{' ? value_end(text) : NULL;
    return end && !end[strspn(end, " \t\r\n")];
}

static bool set_document(struct options *options, const char *path)
{
    if (options->proof_document) {
        complain("--proof-document: said more than once");
        return false;
    }
    options->proof_document = file_read(path, NULL);
    if (!options->proof_document)
        return false;
    if (is_one_object(without_mark(options->proof_document)))
        return true;
    complain("--proof-document %s: expected a JSON object", path);
    return false;
}

static bool set_received(struct options *options, const char *text)
{
    if (is_utf8(text))
        return keep(options, "received_at", "received-at", text)
               && set(options->call, "received_at", json_string(text));
    complain("--received-at %s: expected UTF-8", text);
    return false;
}

static bool set_format(struct options *options, const char *name)
{
    int i;

    for (i = 0; format_names[i]; i++) {
        if (!strcmp(name, format_names[i])) {
            options->format = (enum format)i;
            options->has_format = true;
            return true;
        }
    }
    complain("--format %s: expected json, table, status or words", name);
    return false;
}

static bool set_color(const char *when)
{
    if (color_choose(when))
        return true;
    complain("--color %s: expected auto, always or never", when);
    return false;
}

static bool set_expect(struct options *options, const char *text)
{
    json_t *before = json_copy(options->expect), *part;
    const char *flaw = NULL, *name;
    char key[32];
    bool is_well = before && expect_add(options->expect, text, &flaw);

    if (flaw)
        complain("--expect %s: %s", text, flaw);
    else if (!is_well)
        complain("memory has run out");
    json_object_foreach(options->expect, name, part)
    {
        if (!is_well)
            break;
        if (json_object_get(before, name))
            continue;
        snprintf(key, sizeof key, "expect.%s", name);
        is_well = keep(options, key, "expect", text);
    }
    json_decref(before);
    return is_well;
}

static bool set_option(struct options *options, int key, const char *value)
{
    switch (key) {
    case KEY_CONFIG:
        return set_once(&options->config, "config", value);
    case KEY_FORMAT:
        return set_format(options, value);
    case KEY_QUIET:
        options->quiet = true;
        return true;
    case KEY_VERBOSE:
        options->verbose = true;
        return true;
    case KEY_COLOR:
        return set_color(value);
    case KEY_EXPECT:
        return set_expect(options, value);
    case KEY_TIMEOUT:
        return set_time(options, "timeout_ms", "timeout", value);
    case KEY_INTERVAL:
        return set_time(options, "interval_ms", "interval", value);
    case KEY_IN_FLIGHT:
        return set_integer(options, options->batch, "in_flight", "in-flight", value);
    case KEY_RATE:
        return set_integer(options, options->batch, "requests_per_second", "requests-per-second",
                           value);
    case KEY_ORDERED:
        options->ordered = true;
        return true;
    case KEY_RESUME:
        return set_once(&options->resume, "resume", value);
    case KEY_KEEP_FAILED:
        options->keep_failed = true;
        return true;
    case KEY_CSV:
        return set_once(&options->csv, "csv", value);
    case KEY_ID:
        return set_id(options, value);
    case KEY_PROOF:
        return set_proof(options);
    case KEY_TRANSACTION:
        return set_transaction(options, value);
    case KEY_DOCUMENT:
        return set_document(options, value);
    case KEY_YES:
        options->is_sure = true;
        return true;
    case KEY_TRUST:
        return set(options->call, "trust_processed_at", json_true());
    case KEY_PROVIDER:
        return set_once(&options->provider, "provider", value);
    case KEY_ACCOUNT:
        return set_once(&options->account, "account", value);
    case KEY_REQUEST:
        return set_once(&options->request, "request", value);
    case KEY_BODY:
        return set_once(&options->body, "body", value);
    case KEY_REFERENCE:
        options->only_reference = true;
        return true;
    case KEY_TOLERANCE:
        return set_integer(options, options->call, "tolerance_s", "tolerance", value);
    case KEY_RECEIVED:
        return set_received(options, value);
    case KEY_HELP:
        options->wants_help = true;
        return true;
    default:
        return false;
    }
}

/* ---- All of them --------------------------------------------------------------------------- */

const struct known *option_next(const struct command *command, const struct known *known)
{
    for (known = known ? known + 1 : all; known < all + all_count; known++)
        if (has_key(command, known->key))
            return known;
    return NULL;
}

/* The options of one command as getopt_long wants them. The letters begin with + for no options
 * behind arguments, unless the command is loose, and with : for no complaints but ours. */
static void select_words(const struct command *command, struct option *words, char *letters)
{
    const struct known *known = NULL;

    if (!command->is_loose)
        *letters++ = '+';
    *letters++ = ':';
    while ((known = option_next(command, known))) {
        const char *const names[] = {known->name, known->alias};
        size_t i;

        for (i = 0; i < 2 && names[i]; i++, words++) {
            memset(words, 0, sizeof *words);
            words->name = names[i];
            words->has_arg = known->argument ? required_argument : no_argument;
            words->val = known->key;
        }
        if (known->key < 256) {
            *letters++ = (char)known->key;
            if (known->argument)
                *letters++ = ':';
        }
    }
    memset(words, 0, sizeof *words);
    *letters = '\0';
}

/* What getopt_long found wrong, in its own well-known words. `word` is the argument that it read
 * last; a long option is all of it. */
static void complain_of_word(const struct command *command, const struct option *words,
                             bool is_missing, const char *word)
{
    size_t length = strcspn(word, "=");
    const struct option *known;
    char names[256] = "", name[64];
    struct guess guess;
    size_t used = 0, i;

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
    if (*names) {
        complain("%s: option '%.*s' is ambiguous; possibilities:%s", command->name, (int)length,
                 word, names);
        return;
    }
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    guess_begin(&guess, name + strspn(name, "-"));
    for (known = words; known->name; known++)
        guess_add(&guess, known->name);
    for (i = 0; has_key(command, KEY_FORMAT) && format_names[i]; i++)
        guess_add(&guess, format_names[i]);
    for (i = 0; format_names[i] && guess.nearest != format_names[i]; i++)
        ;
    complain("%s: unrecognized option '%.*s'%s%s%s%s", command->name, (int)length, word,
             guess.nearest ? "; did you mean '--" : "", format_names[i] ? "format=" : "",
             guess.nearest ? guess.nearest : "", guess.nearest ? "'?" : "");
}

bool options_read(const struct command *command, int argc, char **argv, struct options *options)
{
    struct option words[2 * sizeof all / sizeof *all + 1];
    char letters[3 + 2 * sizeof all / sizeof *all];
    bool is_ended;
    int key, before, i;

    memset(options, 0, sizeof *options);
    options->is_for_terminal = isatty(STDOUT_FILENO);
    options->call = json_object();
    options->expect = json_object();
    options->batch = json_object();
    options->said = json_object();
    color_choose("auto");
    if (!options->call || !options->expect || !options->batch || !options->said) {
        complain("memory has run out");
        return false;
    }
    select_words(command, words, letters);
    for (;;) {
        before = optind;
        key = getopt_long(argc, argv, letters, words, NULL);
        if (key == -1)
            break;
        if (key == '?' || key == ':') {
            complain_of_word(command, words, key == ':', argv[optind - 1]);
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
                 "first argument ends them",
                 command->name, argument);
        return false;
    }
    if (options->count < command->fewest
        || (command->most >= 0 && options->count > command->most)) {
        complain("%s: expected %s, got %d argument%s; 'paysession help %s' says more",
                 command->name, *command->arguments ? command->arguments : "no arguments",
                 options->count, options->count == 1 ? "" : "s", command->name);
        return false;
    }
    /* What one can read for who looks, what programs can read for programs. */
    if (!options->has_format && options->is_for_terminal && command->judges)
        options->format = options->count > 1 && command->most < 0 ? FORMAT_TABLE : FORMAT_WORDS;
    return true;
}

void options_free(struct options *options)
{
    json_decref(options->call);
    json_decref(options->expect);
    json_decref(options->batch);
    json_decref(options->said);
    free(options->proof_document);
}

void options_help(const struct command *command)
{
    enum { MARGIN = 25, WIDTH = 79 };
    const struct known *known = NULL;

    printf("Usage: paysession %s [OPTION...]%s%s\n", command->name, *command->arguments ? " " : "",
           command->arguments);
    printf("%c", toupper((unsigned char)command->summary[0]));
    print_wrapped(stdout, command->summary + 1, "", 0, WIDTH);
    fputc('\n', stdout);
    while ((known = option_next(command, known))) {
        char letter[8] = "    ", alias[64] = "";
        int used;

        if (known->key < 256)
            snprintf(letter, sizeof letter, "-%c, ", known->key);
        if (known->alias)
            snprintf(alias, sizeof alias, ", --%s", known->alias);
        used = printf("  %s--%s%s%s%s", letter, known->name, alias, known->argument ? " " : "",
                      known->argument ? known->argument : "");
        /* At least two blanks, or a line of its own. */
        if (used + 2 > MARGIN)
            printf("\n%*s", MARGIN, "");
        else
            printf("%*s", MARGIN - used, "");
        print_wrapped(stdout, known->doc, "", MARGIN, WIDTH);
    }
    /* A reference that looks like --help must not ship goods. */
    if (command->judges)
        printf(
            "\n'paysession %s --help' exits with %d, since 0 would mean paid;\n'paysession help %s' "
            "exits with 0.\n",
            command->name, EXIT_BAD_USAGE, command->name);
}
