/* SPDX-License-Identifier: MIT */
/*
 * batch: many references over one session_batch, on one thread. poll(2) waits for the input and for
 * the batch at once, so references that trickle in are answered as they come. What is kept is
 * bounded by what is under way and some lines read ahead, not by how many references there are.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"
#include "list.h"
#include "progress.h"
#include "providers.h"
#include "resume.h"
#include "tally.h"

/*
 * The library takes so many waiting references of each provider beside those in flight. What it
 * has no room for waits here, so that lines behind it are reached that are another provider's:
 * this many, and so many bytes of them, are read ahead of what the library has.
 */
enum { LIBRARY_WAITING = 1024, MOST_AHEAD = 4096, MOST_AHEAD_BYTES = 1024 * 1024 };
enum { MOST_WINDOW = 2048, MOST_OUTPUT = 64 * 1024, NO_SLOT = -1 };

/* A reference that was read and not yet answered; the tag that the library gives back is its
 * place. */
struct slot {
    char *text; /* the memory of the next five */
    const char *input, *reference, *call;
    const char *head; /* what its line of JSON begins with, or NULL */
    const char *flaw; /* what the tool found wrong with it, or NULL */
    size_t size;
    unsigned long line_number;
    unsigned long number; /* the lowest was read first */
    int next;             /* behind it in its lane */
    /* --ordered: what will be printed once everything before it has been. */
    char *line;
    size_t length;
};

/* Those of one provider that the library has not taken yet, in the order of the lines. */
struct lane {
    int first, last;
    bool is_full; /* the library has just refused the first */
};

struct batch {
    const struct options *options;
    session_batch *batch;
    const char *name; /* of what is read, for messages */
    struct lines lines;
    struct list list;
    struct resume *resume; /* or NULL */
    struct progress progress;
    struct tally tally;    /* of the answers of this run */
    unsigned long written; /* lines */
    int out;
    char *usual_expect, *usual_call; /* of a line without an expectation of its own */

    struct slot *slots;
    int slot_count, *free_slots, free_count;
    struct lane *lanes; /* one for each provider; the last is of what names none */
    size_t lane_count;
    size_t ahead, ahead_bytes, under_way;
    unsigned long added, printed, window; /* --ordered: slots are a ring of these numbers */
    unsigned long line_number;

    char *output;
    size_t output_length, output_room;
    enum exit_code code;
};

/* ---- Signals ------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;
static volatile long stopped_at_ms;
static session_client *volatile stopped_client;
static sigset_t stopping_signals, usual_signals;

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * The first signal ends what the library is at; the second ends the process, also where the library
 * does not come back. timeout(1) sends its signal to the process and to the group of it: what comes
 * in the first tenth of a second is the first one still.
 */
static void stop(int number)
{
    int before = errno;
    sigset_t own;

    if (syscall(SYS_gettid) != getpid()) {
        /* libcurl's resolver has a thread. The one that waits must wake up. */
        syscall(SYS_tgkill, getpid(), getpid(), number);
    } else if (!stopped) {
        stopped_at_ms = now_ms();
        stopped = number;
        session_client_cancel(stopped_client);
    } else if (now_ms() - stopped_at_ms >= 100) {
        signal(number, SIG_DFL);
        raise(number);
        sigemptyset(&own);
        sigaddset(&own, number);
        sigprocmask(SIG_UNBLOCK, &own, NULL);
    }
    errno = before;
}

static void take_signals(session_client *client)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action, before;
    size_t i;

    stopped_client = client;
    memset(&action, 0, sizeof action);
    action.sa_handler = stop;
    sigemptyset(&action.sa_mask);
    sigemptyset(&stopping_signals);
    /* One at a time: a second must not interrupt the handler of the first. */
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&action.sa_mask, numbers[i]);
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        /* What the parent ignores (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            continue;
        sigaction(numbers[i], &action, NULL);
        sigaddset(&stopping_signals, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, NULL, &usual_signals);
}

/* poll(2), which a signal ends, also one that comes just before it. */
static int poll_or_stop(struct pollfd *fds, nfds_t count, const struct timespec *limit)
{
    int ready = -1, flaw = EINTR;

    sigprocmask(SIG_BLOCK, &stopping_signals, NULL);
    if (!stopped) {
        ready = ppoll(fds, count, limit, &usual_signals);
        flaw = errno;
    }
    sigprocmask(SIG_SETMASK, &usual_signals, NULL);
    errno = flaw;
    return ready;
}

/* ---- Output -------------------------------------------------------------------------------- */

/* Writes what is ready; false when it cannot be, or when it is time to stop. */
static bool flush(struct batch *batch)
{
    size_t done = 0, i;

    if (!batch->output_length)
        return true;
    if (isatty(batch->out))
        progress_hide(&batch->progress);
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
    for (i = 0; i < done; i++)
        batch->written += batch->output[i] == '\n';
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

static bool out_of_memory(struct batch *batch)
{
    complain("memory has run out");
    batch->code = worse(batch->code, EXIT_NO_ANSWER);
    return false;
}

/* Behind what stands at `*at`, a copy of that text; NULL for NULL. */
static const char *append(char **at, const char *text)
{
    char *copy = *at;

    if (!text)
        return NULL;
    *at = stpcpy(copy, text) + 1;
    return copy;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Puts what is kept of a line into one piece of memory: thousands of them can wait. */
static bool pack(struct slot *slot, const struct item *item, const char *call, const char *head,
                 const char *flaw)
{
    char *at;

    slot->size = size_of(item->input) + size_of(item->reference) + size_of(call) + size_of(head)
                 + size_of(flaw);
    slot->text = at = malloc(slot->size);
    if (!slot->text)
        return false;
    slot->input = append(&at, item->input);
    slot->reference = append(&at, item->reference);
    slot->call = append(&at, call);
    slot->head = append(&at, head);
    slot->flaw = append(&at, flaw);
    return true;
}

/* A line for a message: "orders.txt:12: kustom:x amount=1", or a part of one that is long. Owned
 * by the caller; free with free(). NULL when memory has run out. */
static char *place_of(const struct batch *batch, unsigned long line, const char *input)
{
    enum { MOST_SHOWN = 200 };
    size_t length = strlen(input), shown = display_fit(input, MOST_SHOWN);
    char *place = NULL;

    if (asprintf(&place, "%s:%lu: %.*s%s", batch->name, line, (int)shown, input,
                 shown < length ? "..." : "")
        < 0)
        return NULL;
    return place;
}

/* What is wrong with a line, told and kept for its answer. Owned by the caller; free with
 * free(). NULL when memory has run out. */
static char *told_flaw(struct batch *batch, const struct item *item)
{
    char *place = place_of(batch, batch->line_number, item->input), *flaw = NULL;

    if (!place || asprintf(&flaw, "%s: %s", place, item->flaw) < 0)
        flaw = NULL;
    free(place);
    if (flaw) {
        progress_hide(&batch->progress);
        complain("%s", flaw);
    }
    return flaw;
}

/* Takes a line apart. */
static bool read_line(struct batch *batch, char *line, struct slot *slot)
{
    struct item item;
    char *call = NULL, *head = NULL, *flaw = NULL;
    bool is_well = list_read(&batch->list, line, &item);

    memset(slot, 0, sizeof *slot);
    slot->line_number = batch->line_number;
    if (is_well && item.flaw)
        is_well = (flaw = told_flaw(batch, &item)) != NULL;
    if (is_well && item.expect)
        is_well = (call = call_text(batch->options, item.expect)) != NULL;
    if (is_well && batch->options->format == FORMAT_JSON)
        is_well = (head = resume_head(item.input, item.expect ? item.expect : batch->usual_expect))
                  != NULL;
    is_well = is_well && pack(slot, &item, call ? call : batch->usual_call, head, flaw);
    item_free(&item);
    free(call);
    free(head);
    free(flaw);
    return is_well;
}

static void empty(struct slot *slot)
{
    free(slot->text);
    free(slot->line);
    memset(slot, 0, sizeof *slot);
}

/* Whether one more line can be read. */
static bool has_room(const struct batch *batch)
{
    return batch->options->ordered ? batch->added - batch->printed < batch->window
                                   : batch->free_count > 0 && batch->ahead < MOST_AHEAD
                                         && batch->ahead_bytes < MOST_AHEAD_BYTES;
}

/* Takes in the next line, if one is there and has room; `*is_taken` says so. */
static bool take_in(struct batch *batch, bool *is_taken)
{
    struct slot slot;
    struct lane *lane;
    char *line;
    int tag;

    *is_taken = false;
    if (!has_room(batch))
        return true;
    do {
        line = lines_next(&batch->lines);
        batch->line_number += line != NULL;
    } while (line && list_skips(&batch->list, line));
    if (!line)
        return true;
    *is_taken = true;
    if (!read_line(batch, line, &slot))
        return out_of_memory(batch);
    if (batch->resume) {
        int was_done = resume_take(batch->resume, slot.head);
        if (was_done)
            empty(&slot);
        if (was_done < 0)
            batch->code = EXIT_NO_OUTPUT;
        batch->progress.before += was_done > 0;
        batch->progress.done += was_done > 0;
        if (was_done)
            return was_done > 0;
    }
    tag = batch->options->ordered ? (int)(batch->added % (unsigned long)batch->slot_count)
                                  : batch->free_slots[--batch->free_count];
    slot.number = batch->added++;
    slot.next = NO_SLOT;
    batch->slots[tag] = slot;
    lane = &batch->lanes[provider_of(slot.reference)];
    if (lane->first == NO_SLOT)
        lane->first = tag;
    else
        batch->slots[lane->last].next = tag;
    lane->last = tag;
    batch->ahead++;
    batch->ahead_bytes += slot.size;
    return true;
}

/* The lane whose first line was read before those of the others; NULL where each is empty or
 * full. */
static struct lane *next_lane(struct batch *batch)
{
    struct lane *found = NULL, *lane;

    for (lane = batch->lanes; lane < batch->lanes + batch->lane_count; lane++)
        if (lane->first != NO_SLOT && !lane->is_full
            && (!found || batch->slots[lane->first].number < batch->slots[found->first].number))
            found = lane;
    return found;
}

/* Gives the library what it has room for, and reads on as long as there is room. */
static bool add(struct batch *batch)
{
    bool is_taken = true;
    size_t i;

    for (i = 0; i < batch->lane_count; i++)
        batch->lanes[i].is_full = false;
    while (is_taken && !stopped) {
        struct lane *lane = next_lane(batch);
        struct slot *slot;
        session_result result;

        if (!lane) {
            if (!take_in(batch, &is_taken))
                return false;
            continue;
        }
        slot = &batch->slots[lane->first];
        result =
            session_batch_add(batch->batch, slot->reference, slot->call, (uint64_t)lane->first);
        if (result == SESSION_OK) {
            lane->first = slot->next;
            batch->ahead--;
            batch->ahead_bytes -= slot->size;
            batch->under_way++;
        } else if (batch->under_way) {
            lane->is_full = true; /* until something has come back */
        } else {
            complain("batch: %s", session_result_name(result));
            batch->code = worse(batch->code, EXIT_NO_ANSWER);
            return false;
        }
    }
    return true;
}

/* ---- Answers ------------------------------------------------------------------------------- */

/* Counts an answer, and says on stderr what the library found wrong with its line. */
static bool note(struct batch *batch, const struct slot *slot, const session_answer *answer)
{
    struct outcome outcome = {session_answer_result(answer), session_answer_paid(answer), false};
    bool is_refused = outcome.result == SESSION_INVALID_ARGUMENT && !slot->flaw;
    char *place = is_refused ? place_of(batch, slot->line_number, slot->input) : NULL;

    batch->progress.done++;
    batch->progress.failed += outcome.result != SESSION_OK;
    tally_add(&batch->tally, outcome);
    if (place) {
        progress_hide(&batch->progress);
        complain_about(batch->options, place, answer);
        free(place);
    }
    return !is_refused || place;
}

static bool take(struct batch *batch, int tag, const session_answer *answer)
{
    struct slot *slot = &batch->slots[tag];
    bool is_shown = batch->resume || !batch->options->quiet;
    bool is_well = true;

    if (note(batch, slot, answer))
        slot->line = answer_line(batch->options, slot->head, slot->reference, answer, slot->flaw,
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
        slot = &batch->slots[batch->printed % (unsigned long)batch->slot_count];
        if (!slot->line)
            break;
        is_well = is_well && (!is_shown || print(batch, slot->line, slot->length));
        empty(slot);
        batch->printed++;
    }
    return is_well;
}

/* Takes the next answer out, if there is one: `*result` is session_batch_next()'s. What was ended
 * by a signal is not known to have failed: no line says so, and a later run asks it. */
static bool take_next(struct batch *batch, session_result *result)
{
    session_answer *answer;
    uint64_t tag;
    bool is_well = true;

    *result = session_batch_next(batch->batch, 0, &tag, &answer);
    if (*result == SESSION_DONE || *result == SESSION_AGAIN)
        return true;
    batch->under_way--;
    if (*result != SESSION_ABORTED || !stopped)
        is_well = take(batch, (int)tag, answer);
    session_answer_free(answer);
    return is_well;
}

/* Waits for input, for the batch, or for the next line of progress. */
static bool await(struct batch *batch)
{
    struct pollfd fds[2];
    struct timespec tick = {0, 200 * 1000 * 1000};
    int count;

    fds[0].fd = batch->lines.is_over || !has_room(batch) ? -1 : batch->lines.fd;
    fds[1].fd = session_batch_fd(batch->batch);
    if (fds[1].fd < 0)
        tick.tv_nsec = 20 * 1000 * 1000; /* no descriptor to be had: look from time to time */
    fds[0].events = fds[1].events = POLLIN;
    fds[0].revents = fds[1].revents = 0;
    count = poll_or_stop(fds, 2, batch->progress.is_on || fds[1].fd < 0 ? &tick : NULL);
    if (count > 0 && fds[0].revents && !lines_fill(&batch->lines)) {
        complain("the references cannot be read: %s", strerror(errno));
        batch->code = worse(batch->code, EXIT_BAD_USAGE);
        return false;
    }
    return count >= 0 || errno == EINTR;
}

static void run(struct batch *batch)
{
    session_result result;

    while (!stopped) {
        if (!add(batch))
            return;
        progress_show(&batch->progress);
        if (!take_next(batch, &result))
            return;
        if (result != SESSION_DONE && result != SESSION_AGAIN)
            continue;
        if (!flush(batch))
            return;
        if (result == SESSION_DONE && batch->lines.is_over && !batch->ahead)
            return;
        if (!await(batch))
            return;
    }
    /* What had been learnt when the signal came is kept. */
    do
        if (!take_next(batch, &result))
            return;
    while (result != SESSION_DONE && result != SESSION_AGAIN);
    flush(batch);
}

/* ---- The command --------------------------------------------------------------------------- */

static bool begin(struct batch *batch, session_client *client)
{
    const struct options *options = batch->options;
    json_t *given = json_object_get(options->batch, "in_flight");
    char *text = json_dumps(options->batch, JSON_COMPACT);
    session_answer *answer = NULL;
    long in_flight;
    size_t lane;
    int i;

    batch->usual_expect = expect_text(options->expect);
    batch->usual_call = call_text(options, NULL);
    if (!text || !batch->usual_expect || !batch->usual_call) {
        free(text);
        return out_of_memory(batch);
    }
    if (session_batch_open(client, text, &batch->batch, &answer) != SESSION_OK) {
        json_t *head = answer_head(session_answer_json(answer, NULL));
        if (!complain_about(options, "batch", answer))
            complain("batch: %s", text_of(json_object_get(head, "error"), "message", ""));
        json_decref(head);
    }
    session_answer_free(answer);
    free(text);
    if (!batch->batch)
        return false;
    /* What the library has taken is 1024 at most, and 32 where nothing was said. */
    in_flight = given ? (long)json_integer_value(given) : 32;
    batch->window = 4 * (unsigned long)in_flight;
    if (batch->window < 256)
        batch->window = 256;
    if (batch->window > MOST_WINDOW)
        batch->window = MOST_WINDOW;
    /* All lanes full in the library, and those that wait here. */
    batch->slot_count =
        options->ordered ? MOST_WINDOW
                         : (int)provider_count() * (LIBRARY_WAITING + (int)in_flight) + MOST_AHEAD;
    batch->lane_count = provider_count() + 1;
    batch->lanes = calloc(batch->lane_count, sizeof *batch->lanes);
    batch->slots = calloc((size_t)batch->slot_count, sizeof *batch->slots);
    batch->free_slots = calloc((size_t)batch->slot_count, sizeof *batch->free_slots);
    if (!batch->lanes || !batch->slots || !batch->free_slots)
        return out_of_memory(batch);
    for (i = 0; i < batch->slot_count; i++)
        batch->free_slots[i] = batch->slot_count - 1 - i;
    batch->free_count = batch->slot_count;
    for (lane = 0; lane < batch->lane_count; lane++)
        batch->lanes[lane].first = batch->lanes[lane].last = NO_SLOT;
    return true;
}

static void end(struct batch *batch)
{
    int i;

    for (i = 0; batch->slots && i < batch->slot_count; i++)
        empty(&batch->slots[i]);
    session_batch_close(batch->batch);
    lines_close(&batch->lines);
    resume_close(batch->resume);
    free(batch->lanes);
    free(batch->slots);
    free(batch->free_slots);
    free(batch->usual_expect);
    free(batch->usual_call);
    free(batch->output);
    free(batch);
}

/* The descriptor to read from; -1 after it has complained. */
static int open_input(const char *file)
{
    int in = file ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;

    if (in < 0)
        complain("%s: %s", file, strerror(errno));
    else if (!file && isatty(in))
        complain("batch: reads references from the terminal, one a line; Ctrl-D ends them");
    return in;
}

/* Whether the options fit together. */
static bool is_sound(const struct options *options)
{
    if (options->resume && options->format != FORMAT_JSON)
        complain("--resume %s: expected --format json, which alone says what is in the file",
                 options->resume);
    else if (options->keep_failed && !options->resume)
        complain("--keep-failed: expected --resume, whose file it is about");
    else
        return true;
    return false;
}

/*
 * What the run came to, in words where a person looks or where nothing else speaks of a file, and
 * for the exit: with --resume all of the file, also what earlier runs have left there, so that no
 * session that was never read can be behind a zero.
 */
static enum exit_code conclude(struct batch *batch)
{
    const struct options *options = batch->options;
    bool is_watched = isatty(STDERR_FILENO);
    struct tally whole = batch->tally;
    char lines[32];

    if (!batch->resume) {
        if (!stopped && is_watched)
            tally_tell(&whole, "batch", false);
    } else if (stopped) {
        complain("%s: %s written; the same command goes on", options->resume,
                 grouped(resume_lines(batch->resume) + batch->written, lines, sizeof lines));
    } else if (!resume_tally(batch->resume, &whole)) {
        return worse(batch->code, EXIT_NO_ANSWER);
    } else if (is_watched || !options->quiet) {
        tally_tell(&whole, options->resume, !options->keep_failed);
    }
    return worse(batch->code, whole.code);
}

enum exit_code run_batch(struct options *options)
{
    const char *file =
        options->count && strcmp(options->arguments[0], "-") ? options->arguments[0] : NULL;
    struct batch *batch = calloc(1, sizeof *batch);
    session_client *client = NULL;
    enum exit_code code = EXIT_BAD_USAGE;
    int in = -1;

    if (!batch) {
        complain("memory has run out");
        return EXIT_NO_ANSWER;
    }
    batch->options = options;
    batch->name = file ? file : "stdin";
    batch->out = STDOUT_FILENO;
    if (options->resume)
        options->is_for_terminal = false;
    if (is_sound(options) && list_open(&batch->list, options->csv, options->expect)
        && providers_read() && (client = client_open(options, NULL)) && (in = open_input(file)) >= 0
        && begin(batch, client) && (lines_open(&batch->lines, in) || out_of_memory(batch))
        && (!options->resume
            || (batch->resume = resume_open(options->resume, options->keep_failed,
                                            json_object_get(options->call, "proof") != NULL)))) {
        bool is_shown = isatty(STDERR_FILENO) && !isatty(in);

        if (batch->resume)
            batch->out = resume_fd(batch->resume);
        take_signals(client);
        /* A line that is written anew again and again would take what is typed with it. */
        progress_begin(&batch->progress, is_shown, is_shown ? list_count(batch->list, in) : 0);
        if (options->format == FORMAT_TABLE && !options->quiet)
            print(batch, table_header(), strlen(table_header()));
        run(batch);
        if (!stopped)
            flush(batch);
        progress_end(&batch->progress);
        code = conclude(batch);
    } else {
        code = worse(code, batch->code);
    }
    end(batch);
    stopped_client = NULL;
    session_client_close(client);
    if (file && in >= 0)
        close(in);
    if (stopped) {
        /* Whoever waits for this process learns what ended it. */
        signal(stopped, SIG_DFL);
        raise(stopped);
    }
    return code;
}
