/* SPDX-License-Identifier: MIT */
/*
 * paysession, the shell tool: a client of paysession.h like any other. Each command stands in a
 * file of its own; this header says what they share. paysession(1) is the manual.
 */
#ifndef PAYSESSION_CLI_H
#define PAYSESSION_CLI_H

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

/* exit_code_of_failure() - the same, by the result alone, which is not SESSION_OK. Never 0. */
enum exit_code exit_code_of_failure(session_result result);

/* worse() - of two, the one that counts. */
enum exit_code worse(enum exit_code one, enum exit_code other);

/* complain() - "paysession: ..." on stderr, with a line end. Text from outside is made
 * printable. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Colour (color.c) ----------------------------------------------------------------------- */

enum hue { GOOD, DOUBTFUL, BAD, FAINT };

/* color_choose() - "always", "never", or "auto": on a terminal that has colours (TERM is not dumb)
 * and whose user has not said NO_COLOR. False for any other word. */
bool color_choose(const char *when);

/* painted() - text for stdout in that colour, or as it is where there are none. Valid until the
 * fourth call after it. */
const char *painted(enum hue hue, const char *text);

/* paid_hue() - the colour of a verdict, by its word. */
enum hue paid_hue(const char *paid);

/* ---- Options that several commands have (options.c) ---------------------------------------- */

enum format { FORMAT_JSON, FORMAT_TABLE, FORMAT_STATUS, FORMAT_WORDS };

/* What --format calls them, in this order; NULL behind the last. */
extern const char *const format_names[];

struct options {
    const char *config; /* --config, or NULL */
    enum format format;
    bool has_format; /* it was said */
    bool quiet, verbose;
    bool is_for_terminal; /* a terminal shows the answers */
    json_t *call;   /* the options of a call as the library takes them, but expect; an object */
    json_t *expect; /* the parts of all --expect together; an object, empty for none */
    json_t *batch;  /* the options of session_batch_open */
    json_t *said; /* "timeout_ms": "--timeout 15s", what the user wrote of what the library reads */
    bool ordered;
    const char *resume; /* a file, or NULL */
    bool keep_failed;
    const char *csv;            /* names of columns, or NULL */
    const char *provider;       /* explain: of a document, or NULL */
    const char *account;        /* doctor: Dintero's, or NULL */
    const char *request, *body; /* callback: files, or NULL */
    bool only_reference;        /* callback: nothing else is printed */
    char *proof_document;       /* normalize: as it is spelt, or NULL */
    bool is_sure;               /* approve, refuse: --yes */
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
    bool is_loose; /* options may stand behind its argument, which is a word of the shop's own */
};

/* command_next() - the command behind another; the first for NULL, NULL behind the last. */
const struct command *command_next(const struct command *command);

/* An option: what it is called, and how its value is called, NULL where it takes none. */
struct known {
    const char *name;
    int key;
    const char *argument, *doc;
    const char *alias; /* a second name, or NULL */
};

/* option_next() - of the options that a command takes, the one behind `known`; the first for NULL,
 * NULL behind the last. */
const struct known *option_next(const struct command *command, const struct known *known);

/* options_read() - reads what stands behind the command's name. Returns false after it has
 * complained. options->call and ->batch: Owned by the caller; free with options_free(). */
bool options_read(const struct command *command, int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* options_help() - what a command takes, on stdout. */
void options_help(const struct command *command);

/* expect_add() - adds the parts of amount=30000,currency=EUR,reference=X to an object that may hold
 * others. false if it cannot: `flaw` says what is wrong with the text, NULL that memory has run
 * out. What the object holds then is of no use. */
bool expect_add(json_t *expect, const char *text, const char **flaw);

/* expect_add_part() - adds one of them, with a value that is taken as it is. */
bool expect_add_part(json_t *expect, const char *name, const char *value, const char **flaw);

/* expect_text() - an expectation as JSON, the same text for the same parts; "null" for no part.
 * Owned by the caller; free with free(). NULL when memory has run out. */
char *expect_text(const json_t *expect);

/* call_text() - the options of a call as the library takes them, with that expectation, which is
 * JSON; NULL for the one of the options. Owned by the caller; free with free(). NULL when memory
 * has run out: to the library that would mean no options, so nothing may be asked then. */
char *call_text(const struct options *options, const char *expect);

/* ---- Configuration (config.c) -------------------------------------------------------------- */

/* client_open() - a client of the configuration: --config, or where the library looks. NULL
 * after it has complained. Where `config` is not NULL it is set to the text, also of a pipe,
 * which gives it only once. Owned by the caller; free with config_free(). NULL where there is no
 * client. */
session_client *client_open(const struct options *options, char **config);

/* config_free() - wipes the text, which holds secrets, before it is freed. NULL does nothing. */
void config_free(char *config);

/* file_read() - all of a file, "-" for stdin, with a NUL behind it. Owned by the caller; free with
 * free(). NULL after it has complained. Where `length` is NULL, a NUL in it is a mistake: whoever
 * takes it for text would read it up to there. */
char *file_read(const char *path, size_t *length);

/* without_mark() - the text behind a byte order mark, for jansson, which takes none. The library
 * skips one by itself. Borrowed from text. */
const char *without_mark(const char *text);

/* ---- Text (text.c) ------------------------------------------------------------------------- */

/* utf8_sequence() - how long the UTF-8 sequence is that begins there (RFC 3629); 0 if none does,
 * and for a NUL. */
size_t utf8_sequence(const char *text, size_t left);

/* is_utf8() - whether all of it is. */
bool is_utf8(const char *text);

/* printable() - text from outside for a terminal: C0, DEL, C1 and what is no UTF-8 as \xNN,
 * controls of the direction of writing (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to
 * U+2069) as \uNNNN. Valid until the fourth call after it. */
const char *printable(const char *text);

/* guess - what of several words is nearest to one that is none of them: a letter or two that are
 * wrong, missing, too many or exchanged, in either case. NULL while nothing is near. */
struct guess {
    const char *word, *nearest;
    size_t distance;
};
void guess_begin(struct guess *guess, const char *word);
void guess_add(struct guess *guess, const char *candidate);

/* display_width() - how many columns of a terminal text takes. */
size_t display_width(const char *text);

/* display_fit() - how many bytes of it, whole characters, take no more than so many columns. */
size_t display_fit(const char *text, size_t columns);

/* json_shown() - JSON with the same characters, from DEL on, escaped in its texts: the same JSON.
 * Owned by the caller; free with free(). NULL when memory has run out. */
char *json_shown(const char *json, size_t *length);

/* ---- Output (output.c) --------------------------------------------------------------------- */

/* json_read() - JSON as an object of jansson, read twice and compared: its lexer (2.14) leaves
 * out a byte of a text without a word where its buffer cannot grow. Owned by the caller; free
 * with json_decref(). NULL if it is no JSON, or memory has run out. */
json_t *json_read(const char *text);

/* value_end() - behind the object, the list or the word of JSON that begins there; NULL where it
 * does not end. Nothing else of it is checked. */
const char *value_end(const char *json);

/* answer_head() - an answer as JSON without `raw`, and `proof` without its own. Owned by the caller;
 * free with json_decref().
 * NULL if `json` is no answer. */
json_t *answer_head(const char *json);

/* text_of() - a text member of an object, or `otherwise`. */
const char *text_of(const json_t *object, const char *key, const char *otherwise);

/* print_answer() - one answer on stdout in the format that was asked for. `reference` is how the
 * user named it, or NULL. */
void print_answer(const struct options *options, const char *reference,
                  const session_answer *answer);

/* answer_line() - what print_answer() prints, with its line end; in JSON, `head` stands for the
 * brace in front where it is not NULL. Where `message` is not NULL it stands for the message of an
 * answer that failed. Owned by the caller; free with free(). NULL when memory has run out. */
char *answer_line(const struct options *options, const char *head, const char *reference,
                  const session_answer *answer, const char *message, size_t *length);

/* print_wrapped() - words between a margin and a width, with a line end. The first line stands
 * at the margin already; each other one has `begin` in front of it. */
void print_wrapped(FILE *to, const char *text, const char *begin, size_t margin, size_t width);

/* table_fit() - makes the first column of FORMAT_TABLE wide enough for a reference. Said of all
 * before the head is printed, nothing moves; of others, the column grows with them. */
void table_fit(const char *reference);

/* table_header() - the head of FORMAT_TABLE, with its line end. Valid until the next call. */
const char *table_header(void);

/* complain_about() - on stderr, what the library found wrong with what the user said, as the
 * tool says what it finds itself: "paysession: kustom: reference: expected ..." of `input`, or,
 * if it is an option's value, "paysession: --timeout 0: expected ..." once. Nothing for any
 * other result than SESSION_INVALID_ARGUMENT; returns whether it was that. */
bool complain_about(const struct options *options, const char *input, const session_answer *answer);

/* ---- Words (words.c) ----------------------------------------------------------------------- */

/* words_print() - an answer, as answer_head() gives it: which field was read, by which rule, to
 * which result, and, unless it is only in a file that somebody may have changed, what to do. */
void words_print(FILE *to, const json_t *head, bool is_vouched);

/* words_approval() - what was sent for the merchant; nothing where the answer does not say. */
void words_approval(FILE *to, const session_answer *answer);

/* words_disclaim() - what stands there instead. */
void words_disclaim(FILE *to);

/* ---- For make and the shells (settings.c, complete.c) --------------------------------------- */

/* config_manual() - paysession-config(5) on stdout. */
void config_manual(void);

/* complete() - what the last of the words behind "paysession" can become, one a line, with what it
 * means behind a tab. A line that begins with the tab stands for the names of files. */
void complete(int count, char *const *words);

/* ---- Commands ------------------------------------------------------------------------------ */

enum exit_code run_get(struct options *options);
enum exit_code run_wait(struct options *options);
enum exit_code run_batch(struct options *options);
enum exit_code run_approve(struct options *options);
enum exit_code run_refuse(struct options *options);
enum exit_code run_normalize(struct options *options);
enum exit_code run_explain(struct options *options);
enum exit_code run_callback(struct options *options);
enum exit_code run_doctor(struct options *options);
enum exit_code run_config(struct options *options);

#endif
