/* SPDX-License-Identifier: MIT */
/*
 * paysession, the shell tool: a client of paysession.h like any other. Each command stands in a
 * file of its own; this header says what they share. paysession(1) is the manual.
 */
#ifndef PAYSESSION_CLI_H
#define PAYSESSION_CLI_H

#include <argp.h>
#include <jansson.h>
#include <paysession.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * What the tool exits with. Zero means paid and nothing else, wherever a command judges a session:
 * `if paysession get -q "$ref"; then ship; fi` must hold under every fault. Of several sessions
 * the highest counts.
 */
enum exit_code {
    EXIT_PAID = 0,
    EXIT_NOT_YET = 1,   /* not paid; the session is not final */
    EXIT_NOT_PAID = 2,  /* not paid, for good */
    EXIT_HELD = 3,      /* unknown: hold the order and look */
    EXIT_NO_ANSWER = 4, /* nothing was learnt: unreachable, timed out, not found, malformed, ... */
    EXIT_CREDENTIALS = 5, /* refused or missing */
    EXIT_BAD_USAGE = 64,  /* options, references, configuration; EX_USAGE of sysexits.h */
    EXIT_NO_OUTPUT = 74   /* what was learnt could not be written; EX_IOERR */
};

/* exit_code_of() - what one answer means for the exit. */
enum exit_code exit_code_of(const session_answer *answer);

/* worse() - of two, the one that counts. */
enum exit_code worse(enum exit_code one, enum exit_code other);

/* complain() - "paysession: ..." on stderr, with a line end. Text from outside is made printable. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Options that several commands have (options.c) ---------------------------------------- */

enum format { FORMAT_JSON, FORMAT_TABLE, FORMAT_STATUS };

struct options {
    const char *config; /* --config, or NULL */
    enum format format;
    bool quiet;
    json_t *call;       /* the options of a call as they go to the library; an object */
    json_t *batch;      /* the same of session_batch_open */
    bool ordered;
    const char *resume;   /* a file, or NULL */
    const char *provider; /* explain: of a document, or NULL */
    const char *account;  /* doctor: Dintero's, or NULL */
    bool wants_help;
    int count; /* arguments that are no options */
    char **arguments;
};

/* A command: `keys` are the options it takes, by their letters or numbers, ended by 0. */
struct command {
    const char *name;
    const char *arguments; /* "REF..." */
    const char *summary;
    const int *keys;
    int fewest, most; /* arguments; most -1: any number */
    bool judges;      /* zero means paid: --help must not give it */
    enum exit_code (*run)(struct options *options);
};

/* options_read() - reads what stands behind the command's name. Returns false after it has
 * complained. options->call and ->batch: Owned by the caller; free with options_free(). */
bool options_read(const struct command *command, int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* options_help() - what a command takes, on stdout. */
void options_help(const struct command *command);

/* expect_read() - reads amount=30000,currency=EUR,reference=X. Returns a JSON object, Owned by the
 * caller; or NULL, and `flaw` says what is wrong with it. */
json_t *expect_read(const char *text, const char **flaw);

/* ---- Configuration (config.c) -------------------------------------------------------------- */

/* config_read() - the text of the configuration: --config, $PAYSESSION_CONFIG,
 * $XDG_CONFIG_HOME/paysession/config.json, ~/.config/paysession/config.json. Owned by the caller;
 * free with free(). NULL after it has complained. */
char *config_read(const struct options *options);

/* client_open() - a client of that configuration, or NULL after it has complained. */
session_client *client_open(const struct options *options);

/* file_read() - all of a file, "-" for stdin, with a NUL behind it. Owned by the caller; free with
 * free(). NULL after it has complained. */
char *file_read(const char *path, size_t *length);

/* without_mark() - the text behind a byte order mark, for jansson, which takes none. The library skips
 * one by itself. Borrowed from text. */
const char *without_mark(const char *text);

/* ---- Output (output.c) --------------------------------------------------------------------- */

/* answer_head() - an answer as JSON without `raw`. Owned by the caller; free with json_decref().
 * NULL if `json` is no answer. */
json_t *answer_head(const char *json);

/* printable() - text from outside for a terminal: control characters as \xNN. Valid until the
 * fourth call after it. */
const char *printable(const char *text);

/* text_of() - a text member of an object, or `otherwise`. */
const char *text_of(const json_t *object, const char *key, const char *otherwise);

/* print_answer() - one answer on stdout in the format that was asked for. `reference` is how the
 * user named it, or NULL. */
void print_answer(const struct options *options, const char *reference,
                  const session_answer *answer);

/* answer_line() - what print_answer() prints, with its line end; `input` becomes the first key
 * where it is not NULL. Owned by the caller; free with free(). NULL when memory has run out. */
char *answer_line(enum format format, const char *input, const char *reference,
                  const session_answer *answer, size_t *length);

/* table_header() - the head of FORMAT_TABLE, with its line end. */
const char *table_header(void);

/* ---- Commands ------------------------------------------------------------------------------ */

enum exit_code run_get(struct options *options);
enum exit_code run_wait(struct options *options);
enum exit_code run_batch(struct options *options);
enum exit_code run_normalize(struct options *options);
enum exit_code run_explain(struct options *options);
enum exit_code run_doctor(struct options *options);

#endif
