/* SPDX-License-Identifier: MIT */
/*
 * batch: many references over one session_batch, on one thread. poll(2) waits for the input and for
 * the batch at once, so references that trickle in are answered as they come. What is kept is
 * bounded by what is under way, not by how many references there are.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "progress.h"
#include "resume.h"

/* The library takes 1024 waiting references beside those in flight, 1024 at most. */
enum { MOST_UNDER_WAY = 2048, MOST_OUTPUT = 64 * 1024 };

/* A reference under way; the tag that the library gives back is its place. */
struct slot {
    char *input;     /* the line, without the blanks around it */
    char *reference; /* its first word */
    /* --ordered: what will be printed once everything before it has been. */
    char *line;
    size_t length;
};

struct batch {
    const struct options *options;
    session_batch *batch;
    struct lines lines;
    struct resume *resume; /* or NULL */
    struct progress progress;
    int out;

    struct slot slots[MOST_UNDER_WAY];
    unsigned free_slots[MOST_UNDER_WAY], free_count;
    unsigned long added, printed, window; /* --ordered: slots are a ring of these numbers */

    struct slot held;   /* a line that the batch had no room for; NULLs for none... */
    char *held_options; /* ...and its options */
    unsigned long line_number;

    char *output;
    size_t output_length, output_room;
    enum exit_code code;
};

static volatile sig_atomic_t stopped;
static sigset_t usual_signals;

static void stop(int number)
{
    stopped = number;
}

/* Stopping signals come while this waits or writes, and nowhere else. */
static void take_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action, before;
    sigset_t blocked;
    size_t i;

    memset(&action, 0, sizeof action);
    action.sa_handler = stop;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        /* What the parent ignores (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            continue;
        sigaction(numbers[i], &action, NULL);
        sigaddset(&blocked, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &usual_signals);
}

/* ---- Output -------------------------------------------------------------------------------- */

/* Writes what is ready; false when it cannot be, or when it is time to stop. */
static bool flush(struct batch *batch)
{
    size_t done = 0;
    sigset_t blocked;

    if (!batch->output_length)
        return true;
    if (isatty(batch->out))
        progress_hide(&batch->progress);
    sigprocmask(SIG_SETMASK, &usual_signals, &blocked);
    while (done < batch->output_length) {
        ssize_t wrote = write(batch->out, batch->output + done, batch->output_length - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
        } else if (errno != EINTR || stopped) {
            if (!stopped) {
                complain("the output could not be written: %s", strerror(errno));
                batch->code = EXIT_NO_OUTPUT;
            }
            break;
        }
    }
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    if (done < batch->output_length)
        return false;
    batch->output_length = 0;
    return true;
}

static bool print(struct batch *batch, const char *line, size_t length)
{
    if (batch->output_length + length > MOST_OUTPUT && !flush(batch))
        return false;
    if (length > batch->output_room - batch->output_length) {
        size_t room = batch->output_length + length + MOST_OUTPUT;
        char *grown = realloc(batch->output, room);
        if (!grown) {
            complain("memory has run out");
            batch->code = EXIT_NO_OUTPUT;
            return false;
        }
        batch->output = grown;
        batch->output_room = room;
    }
    memcpy(batch->output + batch->output_length, line, length);
    batch->output_length += length;
    return true;
}

/* ---- Input --------------------------------------------------------------------------------- */

/* The options of one reference: the command's, with the line's own expectation. */
static char *line_options(struct batch *batch, const char *expect)
{
    json_t *call = json_copy(batch->options->call);
    const char *flaw = NULL;
    char *text;

    if (call && *expect) {
        json_t *read = expect_read(expect, &flaw);
        if (flaw)
            complain("line %lu: expect: %s, got '%s'", batch->line_number, flaw, expect);
        /* What is no expectation must not be asked without one: the library refuses it. */
        json_object_set_new(call, "expect", read ? read : json_string_nocheck(expect));
    }
    text = call ? json_dumps(call, JSON_COMPACT) : NULL;
    json_decref(call);
    return text;
}

/* Takes a line apart into what is held. */
static bool hold(struct batch *batch, char *line)
{
    char *input = line + strspn(line, " \t"), *expect;
    size_t length = strlen(input), word = strcspn(input, " \t");

    while (length && strchr(" \t", input[length - 1]))
        input[--length] = '\0';
    expect = input + word + strspn(input + word, " \t");
    batch->held.input = strdup(input);
    batch->held.reference = strndup(input, word);
    batch->held_options = line_options(batch, expect);
    if (batch->held.input && batch->held.reference && batch->held_options)
        return true;
    complain("memory has run out");
    batch->code = EXIT_NO_ANSWER;
    return false;
}

static void empty(struct slot *slot)
{
    free(slot->input);
    free(slot->reference);
    free(slot->line);
    memset(slot, 0, sizeof *slot);
}

static void drop_held(struct batch *batch)
{
    empty(&batch->held);
    free(batch->held_options);
    batch->held_options = NULL;
}

static bool has_room(const struct batch *batch)
{
    return batch->options->ordered ? batch->added - batch->printed < batch->window
                                   : batch->free_count > 0;
}

/* Adds what has been read, as long as there is room. */
static bool add(struct batch *batch)
{
    for (;;) {
        unsigned slot;
        char *line;

        if (!batch->held.input) {
            int held_before = 0;
            do {
                line = lines_next(&batch->lines);
                batch->line_number += line != NULL;
            } while (line && lines_is_blank(line));
            if (!line)
                return true;
            if (!hold(batch, line))
                return false;
            if (batch->resume)
                held_before = resume_take(batch->resume, batch->held.input);
            if (held_before < 0) {
                batch->code = EXIT_NO_OUTPUT;
                return false;
            }
            if (held_before) {
                drop_held(batch);
                continue;
            }
        }
        if (!has_room(batch))
            return true;
        slot = batch->options->ordered ? (unsigned)(batch->added % MOST_UNDER_WAY)
                                       : batch->free_slots[batch->free_count - 1];
        if (session_batch_add(batch->batch, batch->held.reference, batch->held_options, slot)
            != SESSION_OK)
            return true; /* full: what is under way comes first */
        batch->slots[slot] = batch->held;
        memset(&batch->held, 0, sizeof batch->held);
        drop_held(batch);
        batch->added++;
        if (!batch->options->ordered)
            batch->free_count--;
    }
}

/* ---- Answers ------------------------------------------------------------------------------- */

static bool take(struct batch *batch, unsigned tag, const session_answer *answer)
{
    struct slot *slot = &batch->slots[tag];
    bool is_shown = batch->resume || !batch->options->quiet;
    bool is_well = true;

    batch->progress.done++;
    if (session_answer_result(answer) != SESSION_OK) {
        batch->progress.failed++;
        batch->code = worse(batch->code, exit_code_of(answer));
    }
    slot->line = answer_line(batch->options->format, slot->input, slot->reference, answer,
                             &slot->length);
    if (!slot->line) {
        complain("memory has run out");
        batch->code = EXIT_NO_OUTPUT;
        return false;
    }
    if (!batch->options->ordered) {
        is_well = !is_shown || print(batch, slot->line, slot->length);
        empty(slot);
        batch->free_slots[batch->free_count++] = tag;
        return is_well;
    }
    while (batch->printed < batch->added) {
        slot = &batch->slots[batch->printed % MOST_UNDER_WAY];
        if (!slot->line)
            break;
        is_well = is_well && (!is_shown || print(batch, slot->line, slot->length));
        empty(slot);
        batch->printed++;
    }
    return is_well;
}

/* Waits for input, for the batch, or for the next line of progress. */
static bool await(struct batch *batch)
{
    struct pollfd fds[2];
    struct timespec tick = {0, 200 * 1000 * 1000};
    int count;

    fds[0].fd = batch->held.input || batch->lines.is_over ? -1 : batch->lines.fd;
    fds[1].fd = session_batch_fd(batch->batch);
    if (fds[1].fd < 0)
        tick.tv_nsec = 20 * 1000 * 1000; /* no descriptor to be had: look from time to time */
    fds[0].events = fds[1].events = POLLIN;
    fds[0].revents = fds[1].revents = 0;
    count = ppoll(fds, 2, batch->progress.is_on || fds[1].fd < 0 ? &tick : NULL, &usual_signals);
    if (count > 0 && fds[0].revents && !lines_fill(&batch->lines)) {
        complain("the references cannot be read: %s", strerror(errno));
        batch->code = worse(batch->code, EXIT_BAD_USAGE);
        return false;
    }
    return count >= 0 || errno == EINTR;
}

static void run(struct batch *batch)
{
    while (!stopped) {
        session_answer *answer;
        session_result result;
        uint64_t tag;

        if (!add(batch))
            return;
        progress_show(&batch->progress);
        result = session_batch_next(batch->batch, 0, &tag, &answer);
        if (result != SESSION_DONE && result != SESSION_AGAIN) {
            bool is_well = take(batch, (unsigned)tag, answer);
            session_answer_free(answer);
            if (!is_well)
                return;
            continue;
        }
        if (!flush(batch))
            return;
        if (result == SESSION_DONE && batch->lines.is_over && !batch->held.input)
            return;
        if (!await(batch))
            return;
    }
}

/* ---- The command --------------------------------------------------------------------------- */

static bool begin(struct batch *batch, session_client *client)
{
    const struct options *options = batch->options;
    json_t *in_flight = json_object_get(options->batch, "in_flight");
    char *text = json_dumps(options->batch, JSON_COMPACT);
    session_answer *answer = NULL;
    unsigned i;

    for (i = 0; i < MOST_UNDER_WAY; i++)
        batch->free_slots[i] = MOST_UNDER_WAY - 1 - i;
    batch->free_count = MOST_UNDER_WAY;
    batch->window = 4 * (unsigned long)(in_flight ? json_integer_value(in_flight) : 32);
    if (batch->window < 256)
        batch->window = 256;
    if (batch->window > MOST_UNDER_WAY)
        batch->window = MOST_UNDER_WAY;
    if (session_batch_open(client, text, &batch->batch, &answer) != SESSION_OK) {
        json_t *head = answer_head(session_answer_json(answer, NULL));
        complain("batch: %s", text_of(json_object_get(head, "error"), "message", ""));
        json_decref(head);
    }
    session_answer_free(answer);
    free(text);
    return batch->batch != NULL;
}

static void end(struct batch *batch)
{
    unsigned i;

    for (i = 0; i < MOST_UNDER_WAY; i++)
        empty(&batch->slots[i]);
    session_batch_close(batch->batch);
    drop_held(batch);
    lines_close(&batch->lines);
    resume_close(batch->resume);
    free(batch->output);
    free(batch);
}

enum exit_code run_batch(struct options *options)
{
    const char *file = options->count && strcmp(options->arguments[0], "-") ? options->arguments[0]
                                                                            : NULL;
    int in = file ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct batch *batch = calloc(1, sizeof *batch);
    session_client *client = NULL;
    enum exit_code code = EXIT_BAD_USAGE;

    if (!batch)
        return EXIT_NO_ANSWER;
    batch->options = options;
    batch->out = STDOUT_FILENO;
    if (in < 0) {
        complain("%s: %s", file, strerror(errno));
    } else if (options->resume && options->format != FORMAT_JSON) {
        complain("resume: expected --format json, which alone says what is in the file");
    } else if ((client = client_open(options)) && begin(batch, client)
               && lines_open(&batch->lines, in)
               && (!options->resume || (batch->resume = resume_open(options->resume)))) {
        unsigned long before = batch->resume ? resume_count(batch->resume) : 0;
        unsigned long total = isatty(STDERR_FILENO) ? lines_count(in) : 0;

        if (batch->resume)
            batch->out = resume_fd(batch->resume);
        take_signals();
        progress_begin(&batch->progress, before, total);
        if (options->format == FORMAT_TABLE && !options->quiet)
            print(batch, table_header(), strlen(table_header()));
        run(batch);
        if (!stopped)
            flush(batch);
        progress_end(&batch->progress);
        code = batch->code;
    }
    end(batch);
    session_client_close(client);
    if (file && in >= 0)
        close(in);
    if (stopped) {
        /* Whoever waits for this process learns what ended it. */
        signal(stopped, SIG_DFL);
        raise(stopped);
        sigprocmask(SIG_SETMASK, &usual_signals, NULL);
    }
    return code;
}
