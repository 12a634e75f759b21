/* SPDX-License-Identifier: MIT */
/* Finds the command and runs it. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys.h"

static const int get_keys[] = {KEY_CONFIG, KEY_FORMAT, KEY_QUIET,       KEY_VERBOSE, KEY_COLOR,
                               KEY_EXPECT, KEY_PROOF,  KEY_TRANSACTION, KEY_TIMEOUT, 0};
static const int wait_keys[] = {KEY_CONFIG,  KEY_FORMAT,   KEY_QUIET, KEY_VERBOSE,
                                KEY_COLOR,   KEY_EXPECT,   KEY_PROOF, KEY_TRANSACTION,
                                KEY_TIMEOUT, KEY_INTERVAL, 0};
static const int batch_keys[] = {KEY_CONFIG, KEY_FORMAT,      KEY_QUIET,     KEY_COLOR, KEY_EXPECT,
                                 KEY_PROOF,  KEY_TIMEOUT,     KEY_IN_FLIGHT, KEY_RATE,  KEY_ORDERED,
                                 KEY_RESUME, KEY_KEEP_FAILED, KEY_CSV,       0};
static const int normalize_keys[] = {KEY_FORMAT, KEY_QUIET, KEY_COLOR,    KEY_EXPECT,
                                     KEY_ID,     KEY_TRUST, KEY_DOCUMENT, 0};
static const int approve_keys[] = {KEY_CONFIG, KEY_FORMAT, KEY_QUIET,   KEY_VERBOSE,  KEY_COLOR,
                                   KEY_EXPECT, KEY_YES,    KEY_TIMEOUT, KEY_INTERVAL, 0};
static const int explain_keys[] = {KEY_CONFIG,   KEY_COLOR, KEY_EXPECT, KEY_TIMEOUT,
                                   KEY_PROVIDER, KEY_ID,    KEY_TRUST,  0};
static const int callback_keys[] = {KEY_CONFIG,    KEY_QUIET,     KEY_REQUEST,  KEY_BODY,
                                    KEY_REFERENCE, KEY_TOLERANCE, KEY_RECEIVED, 0};
static const int config_keys[] = {KEY_CONFIG, 0};
static const int no_keys[] = {0};
static const int doctor_keys[] = {KEY_CONFIG, KEY_FORMAT, KEY_COLOR, KEY_TIMEOUT, KEY_ACCOUNT, 0};

static enum exit_code run_help(struct options *options);

static const struct command commands[] = {
    {"get", "REF...", "read sessions", get_keys, 1, -1, true, run_get, false},
    {"wait", "REF", "read a session until it is final", wait_keys, 1, 1, true, run_wait, false},
    {"batch", "[FILE]", "read many sessions, named one a line on stdin or in FILE", batch_keys, 0,
     1, false, run_batch, false},
    {"normalize", "PROVIDER [FILE]", "judge a provider's document without a request",
     normalize_keys, 1, 2, true, run_normalize, false},
    {"explain", "REF|FILE", "say in words why a session is judged as it is", explain_keys, 1, 1,
     true, run_explain, false},
    {"callback", "PROVIDER", "whether a request that came to the shop is the provider's",
     callback_keys, 1, 1, false, run_callback, true},
    {"approve", "REF", "Inbank: approve a session that waits for the merchant", approve_keys, 1, 1,
     true, run_approve, true},
    {"refuse", "REF", "Inbank: cancel a session that waits for the merchant", approve_keys, 1, 1,
     true, run_refuse, true},
    {"doctor", "", "check libcurl, TLS, proxy, and each configured provider", doctor_keys, 0, 0,
     false, run_doctor, false},
    {"config", "[PROVIDER...]", "print a configuration to begin with, and say what its keys mean",
     config_keys, 0, -1, false, run_config, false},
    {"help", "[COMMAND]", "list the commands, or the options of one", no_keys, 0, 1, false,
     run_help, false},
};
static const size_t command_count = sizeof commands / sizeof *commands;

/* What the tool exits with, in the words of its help; and where a session was read, by what the
 * shop does next. */
enum { NO_DECISION = -1 };
static const struct {
    enum exit_code code;
    int decision; /* a session_decision */
    const char *meaning;
} exits[] = {{EXIT_PAID, SESSION_SHIP, "paid: ship"},
             {EXIT_NOT_YET, SESSION_WAIT, "not paid yet: wait"},
             {EXIT_NOT_PAID, SESSION_RELEASE, "not paid, for good: release"},
             {EXIT_HELD, SESSION_HOLD, "unknown: hold"},
             {EXIT_NO_ANSWER, NO_DECISION, "no answer was learnt"},
             {EXIT_CREDENTIALS, NO_DECISION, "credentials refused or missing"},
             {EXIT_BAD_USAGE, NO_DECISION, "wrong options, reference or configuration"},
             {EXIT_NO_OUTPUT, NO_DECISION, "the output could not be written"}};
static const size_t exit_count = sizeof exits / sizeof *exits;

void complain(const char *format, ...)
{
    char text[4096];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    fprintf(stderr, "paysession: %s\n", printable(text));
}

enum exit_code worse(enum exit_code one, enum exit_code other)
{
    return one > other ? one : other;
}

enum exit_code exit_code_of_failure(session_result result)
{
    switch (result) {
    case SESSION_INVALID_ARGUMENT:
    case SESSION_INVALID_CONFIG:
        return EXIT_BAD_USAGE;
    case SESSION_NOT_CONFIGURED:
    case SESSION_UNAUTHORIZED:
    case SESSION_FORBIDDEN:
        return EXIT_CREDENTIALS;
    default:
        return EXIT_NO_ANSWER;
    }
}

enum exit_code exit_code_of(const session_answer *answer)
{
    size_t i;

    if (session_answer_result(answer) != SESSION_OK)
        return exit_code_of_failure(session_answer_result(answer));
    for (i = 0; exits[i].decision != (int)session_answer_decision(answer); i++)
        if (i + 1 == exit_count)
            return EXIT_HELD;
    return exits[i].code;
}

const struct command *command_next(const struct command *command)
{
    command = command ? command + 1 : commands;
    return command < commands + command_count ? command : NULL;
}

/* NULL after it has complained. */
static const struct command *command_named(const char *name)
{
    const struct command *command = NULL;
    struct guess guess;

    guess_begin(&guess, name);
    while ((command = command_next(command))) {
        if (!strcmp(name, command->name))
            return command;
        guess_add(&guess, command->name);
    }
    if (guess.nearest)
        complain("%s: no such command; did you mean '%s'?", name, guess.nearest);
    else
        complain("%s: no such command; 'paysession help' lists them", name);
    return NULL;
}

/* The commands that only read, or those that send what changes a session. */
static void help_commands(FILE *to, bool is_changing)
{
    const struct command *command = NULL;

    while ((command = command_next(command)))
        if ((command->keys == approve_keys) == is_changing)
            fprintf(to, "  %-10s %-16s %s\n", command->name, command->arguments, command->summary);
}

static void help(FILE *to)
{
    json_t *providers = json_read(session_providers()), *provider;
    size_t i;

    fputs("Usage: paysession COMMAND [OPTION...] [ARGUMENT...]\n"
          "Is this order paid, may the goods ship?\n\n",
          to);
    help_commands(to, false);
    fputs(
        "\nWhat changes a session, only with --yes, and where the configuration says approvals:\n",
        to);
    help_commands(to, true);
    fputs("\n  paysession help COMMAND        the options of a command\n"
          "  paysession --version\n\n"
          "Options stand before the first argument; -- ends them, for references from outside.\n\n"
          "A reference:\n",
          to);
    json_array_foreach(providers, i, provider)
        fprintf(to, "  %s\n", text_of(provider, "reference", ""));
    fputs("\nExit status of get, wait, normalize and explain; of several sessions the highest:\n",
          to);
    for (i = 0; i < exit_count; i++)
        fprintf(to, "  %-3d %s\n", exits[i].code, exits[i].meaning);
    fputs(
        "batch and doctor give 0 when everything was read, else 4, 5, 64 or 74.\n"
        "callback gives 0 for a genuine one, 1 for a hint, 2 for a refused one, else 4, 5, 64 or 74.\n",
        to);
    json_decref(providers);
}

static enum exit_code run_help(struct options *options)
{
    const struct command *command;

    if (!options->count) {
        help(stdout);
        return 0;
    }
    command = command_named(options->arguments[0]);
    if (!command)
        return EXIT_BAD_USAGE;
    options_help(command);
    return 0;
}

/* A process can begin without the first three descriptors. The next to be opened, a connection
 * even, would take their place, and what is printed would be sent on it. */
static void hold_standard_descriptors(void)
{
    int fd;

    for (fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            /* Not to be written to where something is printed: that is an error then. */
            if (open("/dev/null", fd == 0 ? O_RDONLY : fd == 1 ? O_RDONLY : O_WRONLY) < 0)
                _exit(EXIT_NO_OUTPUT);
}

static enum exit_code run(const struct command *command, int argc, char **argv)
{
    struct options options;
    enum exit_code code;

    if (!options_read(command, argc, argv, &options)) {
        options_free(&options);
        return EXIT_BAD_USAGE;
    }
    if (options.wants_help) {
        options_help(command);
        /* A reference that looks like --help must not ship goods. */
        code = command->judges ? EXIT_BAD_USAGE : 0;
    } else {
        code = command->run(&options);
    }
    options_free(&options);
    return code;
}

int main(int argc, char **argv)
{
    enum exit_code code = EXIT_BAD_USAGE;
    const struct command *command;

    hold_standard_descriptors();
    if (argc < 2) {
        help(stderr);
    } else if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("paysession %s\n", session_version());
        code = 0;
    } else if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        help(stdout);
        code = 0;
    } else if (!strcmp(argv[1], "--config-manual")) {
        config_manual();
        code = 0;
    } else if (!strcmp(argv[1], "--complete")) {
        complete(argc - 2, argv + 2);
        code = 0;
    } else {
        command = command_named(argv[1]);
        if (command)
            code = run(command, argc - 1, argv + 1);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("the output could not be written: %s", strerror(errno));
        code = EXIT_NO_OUTPUT;
    }
    return code;
}
