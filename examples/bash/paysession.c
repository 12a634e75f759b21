/* SPDX-License-Identifier: MIT */
/*
 * A loadable bash builtin: `enable -f ./paysession.so paysession`. A script can ask thousands of
 * times without a fork: connections and tokens last from one command to the next.
 * README.md beside this file says how it is compiled.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <paysession.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* bash's, after the system's: they redefine some of it. */
#include "loadables.h"

enum { PAID, NOT_YET, NOT_PAID, HELD, NO_ANSWER, CREDENTIALS, USAGE = 64, NO_OUTPUT = 74 };

static session_client *volatile client;

/* ---- Signals: bash would only look at them when the builtin is over -------------------------- */

enum { SIGNALS = 3 };
static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction before[SIGNALS];
static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    interrupted = signal;
    session_client_cancel(client); /* async-signal-safe */
}

static void take_signals(void)
{
    struct sigaction ours;
    int i;

    memset(&ours, 0, sizeof ours); /* no SA_RESTART: a read() ends too */
    ours.sa_handler = interrupt;
    sigemptyset(&ours.sa_mask);
    for (i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &ours, NULL);
    }
}

static void give_signals_back(void)
{
    int i;

    for (i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    if (interrupted)
        kill(getpid(), interrupted); /* and now as bash has it; a trap runs after the builtin */
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* All of it, to be freed; NULL with errno, EINTR if a signal came. It never moves, and is wiped
 * if it is not wanted: it may be a configuration with keys in it. */
static char *read_all(int fd)
{
    enum { LONGEST = 4 << 20 }; /* the most that is taken from a provider, unless configured */
    size_t used = 0;
    char *text = malloc(LONGEST + 2);
    ssize_t got = 1;
    int problem = text ? 0 : ENOMEM;

    take_signals();
    while (!problem && got) {
        got = read(fd, text + used, LONGEST + 1 - used);
        used += got > 0 ? (size_t)got : 0;
        if (got < 0 && (errno != EINTR || interrupted))
            problem = errno;
        else if (used > LONGEST)
            problem = EFBIG;
    }
    give_signals_back();
    if (problem) {
        if (text)
            explicit_bzero(text, used);
        free(text);
        errno = problem;
        return NULL;
    }
    text[used] = '\0';
    if (strlen(text) != used)
        explicit_bzero(text, used); /* what is behind a NUL would not be seen */
    return text;
}

/* ---- The client ---------------------------------------------------------------------------- */

static void hold(session_client *opened)
{
    session_client *closing = client;

    client = opened; /* before a signal could cancel the other one */
    session_client_close(closing);
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* The configuration with "shared": true put into it; NULL without memory. What does not begin with
 * a brace stays as it is: it is no configuration. */
static char *shared(const char *text)
{
    static const char words[] = "\"shared\":true,";
    const char *brace = strchr(text, '{');
    size_t before = brace ? (size_t)(brace - text) + 1 : strlen(text);
    char *made = malloc(strlen(text) + sizeof words);

    if (!made)
        return NULL;
    memcpy(made, text, before);
    strcpy(made + before, brace ? words : "");
    strcat(made + before, text + before);
    return made;
}

/* Why there is no client; of no answer, and of one made without memory, that alone is known. */
static const char *message_of(const session_answer *answer)
{
    const char *message = session_answer_text(answer, "/error/message");

    return message ? message : strerror(ENOMEM);
}

/* Whether the library takes the file: it says where in it a mistake stands, and refuses one that
 * others may write. A pipe can be read but once, and has neither lines nor others. */
static int is_taken(const char *path, int fd)
{
    struct stat about;
    session_client *opened;
    session_answer *answer;
    session_result result;

    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return 1;
    result = session_client_open_file(path, &opened, &answer);
    if (result != SESSION_OK)
        builtin_error("%s", message_of(answer));
    session_answer_free(answer);
    session_client_close(opened);
    return result == SESSION_OK;
}

/*
 * The client of a configuration file, opened anew for each command: the library reads the secrets
 * that it names each time, so a key that was changed, in a file or a variable, is used at once.
 * Where nothing has changed, "shared" makes it the client of the command before, with its
 * connections and tokens. That one is closed last: it lives as long as somebody holds it.
 */
static int open_client(const char *path)
{
    session_client *opened = NULL;
    session_answer *answer = NULL;
    session_result result;
    char *text = NULL, *changed;
    int fd;

    if (!path)
        path = get_string_value("PAYSESSION_CONFIG");
    if (!path || !*path) {
        builtin_error("no configuration: neither -c nor $PAYSESSION_CONFIG");
        return 0;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || is_taken(path, fd)) {
        text = fd < 0 ? NULL : read_all(fd);
        if (!text)
            builtin_error("%s: %s", path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    if (!text)
        return 0;
    changed = shared(text);
    result = changed ? session_client_open(changed, &opened, &answer) : SESSION_OUT_OF_MEMORY;
    wipe(changed);
    if (result == SESSION_INVALID_CONFIG) {
        /* Says "shared" itself, or is wrong. */
        session_answer_free(answer);
        result = session_client_open(text, &opened, &answer);
    }
    wipe(text);
    if (result != SESSION_OK)
        builtin_error("%s: %s", path, message_of(answer));
    session_answer_free(answer);
    hold(opened); /* none after a failure */
    return opened != NULL;
}

/* ---- Answers -------------------------------------------------------------------------------- */

static int status_of(const session_answer *answer)
{
    switch (session_answer_result(answer)) {
    case SESSION_OK:
        break;
    case SESSION_INVALID_ARGUMENT:
        return USAGE;
    case SESSION_NOT_CONFIGURED:
    case SESSION_UNAUTHORIZED:
    case SESSION_FORBIDDEN:
        return CREDENTIALS;
    default:
        return NO_ANSWER;
    }
    switch (session_answer_decision(answer)) {
    case SESSION_SHIP:
        return PAID;
    case SESSION_WAIT:
        return NOT_YET;
    case SESSION_RELEASE:
        return NOT_PAID;
    default:
        return HELD;
    }
}

/* Whether the variable has the text now: it may be readonly, or change what it is given. */
static int assign(const char *name, const char *text)
{
    SHELL_VAR *there = find_variable_noref(name);
    const char *stored;

    /* A name for another may be one for arr[$(command)0], which bash would run to find it. */
    if (there && nameref_p(there))
        return 0;
    /* Text from outside is not evaluated as arithmetic. */
    if (!there || !integer_p(there))
        bind_variable(name, (char *)text, 0);
    stored = get_string_value(name);
    return stored && !strcmp(stored, text);
}

/* What becomes of an answer. */
struct delivery {
    const char *variable; /* NULL: it is printed */
    const char *pointer;  /* of the one value that is wanted; NULL: the whole answer */
    int is_quiet;
};

/* Prints the answer, or puts it into a variable; frees it. A value that is not there is empty. */
static int deliver(session_answer *answer, const struct delivery *to)
{
    const char *told =
        to->pointer ? session_answer_text(answer, to->pointer) : session_answer_json(answer, NULL);
    int status = status_of(answer);

    if (!told)
        told = "";
    if (to->variable && !assign(to->variable, told)) {
        builtin_error("%s: cannot set variable", to->variable);
        status = NO_OUTPUT;
    } else if (!to->variable && !to->is_quiet) {
        puts(told);
        if (sh_chkwrite(EXECUTION_SUCCESS) != EXECUTION_SUCCESS)
            status = NO_OUTPUT;
    }
    session_answer_free(answer);
    return status;
}

/* ---- The builtin ---------------------------------------------------------------------------- */

typedef session_result read_function(session_client *, const char *, const char *,
                                     session_answer **);

static int run_read(read_function *ask, WORD_LIST *words, const char *config, const char *options,
                    const struct delivery *to)
{
    int status = PAID;

    if (!words || !open_client(config) || interrupted)
        return USAGE;
    for (; words; words = words->next) {
        session_answer *answer;
        int its;

        take_signals();
        ask(client, words->word->word, options, &answer);
        give_signals_back();
        its = deliver(answer, to);
        status = its > status ? its : status;
        if (interrupted)
            break;
    }
    return status;
}

static int run_normalize(WORD_LIST *words, const char *options, const struct delivery *to)
{
    session_answer *answer;
    char *read = NULL;

    if (!words || (words->next && words->next->next))
        return USAGE;
    if (!words->next && !(read = read_all(STDIN_FILENO))) {
        builtin_error("stdin: %s", strerror(errno));
        return USAGE;
    }
    session_normalize(words->word->word, read ? read : words->next->word->word, options, &answer);
    free(read);
    return deliver(answer, to);
}

int paysession_builtin(WORD_LIST *words)
{
    const char *command = words ? words->word->word : "";
    char *config = NULL, *options = NULL;
    struct delivery to = {NULL, NULL, 0};
    int option, status = USAGE;

    interrupted = 0;
    reset_internal_getopt();
    while (words && (option = internal_getopt(words->next, "c:o:p:qv:")) != -1) {
        switch (option) {
        case 'c':
            config = list_optarg;
            break;
        case 'o':
            options = list_optarg;
            break;
        case 'p':
            to.pointer = list_optarg;
            break;
        case 'q':
            to.is_quiet = 1;
            break;
        case 'v':
            to.variable = list_optarg;
            break;
        default:
            builtin_usage();
            return USAGE; /* --help too: zero means paid */
        }
    }
    if (to.variable && !legal_identifier(to.variable)) {
        builtin_error("%s: not a name of a variable", to.variable);
        return USAGE;
    }
    if (!strcmp(command, "get"))
        status = run_read(session_get, loptend, config, options, &to);
    else if (!strcmp(command, "wait"))
        status = run_read(session_wait, loptend, config, options, &to);
    else if (!strcmp(command, "normalize"))
        status = run_normalize(loptend, options, &to);
    else
        builtin_usage();
    return interrupted ? 128 + interrupted : status;
}

void paysession_builtin_unload(char *name)
{
    (void)name;
    hold(NULL);
}

static char *const description[] = {
    "Is this order paid, may the goods ship?",
    "",
    "get reads each session that a REFERENCE names; wait reads it until it is final, or its time",
    "is over; normalize judges a DOCUMENT of PROVIDER, from stdin if it is not given.",
    "",
    "  -c CONFIG   the configuration's file, instead of $PAYSESSION_CONFIG",
    "  -o OPTIONS  of the call, JSON",
    "  -p POINTER  one value instead of the answer, by its JSON pointer: /decision, /error/message;",
    "              empty where there is none",
    "  -q          print nothing",
    "  -v VAR      put the answer into VAR instead of printing it",
    "",
    "Exit Status:",
    "0 paid, 1 not paid yet, 2 not paid for good, 3 unknown or held, 4 no answer, 5 credentials",
    "refused or missing, 64 usage, 74 not written or not assigned. Of several the highest.",
    "Nothing else gives 0.",
    NULL};

struct builtin paysession_struct = {
    "paysession",
    paysession_builtin,
    BUILTIN_ENABLED,
    (char **)description,
    "paysession get|wait|normalize [-q] [-v VAR] [-p POINTER] [-c CONFIG] [-o OPTIONS] "
    "REFERENCE...|PROVIDER [DOCUMENT]",
    0};
