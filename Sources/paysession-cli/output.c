/* SPDX-License-Identifier: MIT */
/* How answers look. */
#include "cli.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

json_t *json_read(const char *text)
{
    json_t *read = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *again = read ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    if (!again || !json_equal(read, again)) {
        json_decref(read);
        read = NULL;
    }
    json_decref(again);
    return read;
}

const char *value_end(const char *json)
{
    bool is_text = false;
    size_t depth = 0;

    for (; *json; json++) {
        if (is_text && *json == '\\' && json[1])
            json++;
        else if (*json == '"')
            is_text = !is_text;
        else if (is_text)
            continue;
        else if (!depth && (*json == ',' || *json == '}'))
            return json; /* behind a word */
        else if (*json == '{' || *json == '[')
            depth++;
        else if ((*json == '}' || *json == ']') && --depth == 0)
            return json + 1;
    }
    return NULL;
}

/* What an answer says of the proof, `,"proof":...`, and how much of it stands in front of the
 * provider's bytes. NULL where it says nothing. */
static const char *proof_of(const char *raw, size_t *length)
{
    const char *proof = value_end(raw), *own;

    if (!proof || strncmp(proof, ",\"proof\":", 9))
        return NULL;
    own = proof[9] == '{' ? strstr(proof, ",\"raw\":") : value_end(proof + 9);
    *length = own ? (size_t)(own - proof) : 0;
    return own ? proof : NULL;
}

json_t *answer_head(const char *json)
{
    /*
     * `raw` holds the provider's bytes, in which jansson may refuse a number that fits no type of
     * its own. What stands before it is the library's: in a text of it, the quotes of this mark
     * would be escaped. So is the proof behind it, up to its own `raw`.
     */
    const char *raw = json ? strstr(json, ",\"raw\":") : NULL, *proof;
    size_t length = 0;
    json_t *head = NULL;
    char *text;

    if (!raw)
        return json ? json_read(json) : NULL;
    proof = proof_of(raw + 7, &length);
    text = malloc((size_t)(raw - json) + length + 3);
    if (text) {
        memcpy(text, json, (size_t)(raw - json));
        memcpy(text + (raw - json), proof ? proof : "", length);
        strcpy(text + (raw - json) + length, proof && proof[9] == '{' ? "}}" : "}");
        head = json_read(text);
        free(text);
    }
    return head;
}

const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

void print_wrapped(FILE *to, const char *text, const char *begin, size_t margin, size_t width)
{
    size_t column = margin, length;

    for (; *text; text += length, text += strspn(text, " ")) {
        length = strcspn(text, " ");
        if (column > margin && column + 1 + length > width) {
            fprintf(to, "\n%-*s", (int)margin, begin);
            column = margin;
        }
        fprintf(to, "%s%.*s", column > margin ? " " : "", (int)length, text);
        column += length + (column > margin);
    }
    fputc('\n', to);
}

/* answer_head(), with another message for what failed where `message` is not NULL. */
static json_t *head_told(const session_answer *answer, const char *message)
{
    json_t *head = answer_head(session_answer_json(answer, NULL));
    json_t *error = json_object_get(head, "error");

    if (head && message
        && json_object_set_new(error, "message", json_string_nocheck(message)) != 0) {
        json_decref(head);
        head = NULL;
    }
    return head;
}

/* ---- The table ----------------------------------------------------------------------------- */

/* How wide the columns are; the reference's where none was known before the head was printed. */
enum { STATUS_WIDTH = 16, PAID_WIDTH = 8, AMOUNT_WIDTH = 15, SHORTEST_NOTE = 24, USUAL_WIDTH = 53 };

/* The first column, as wide as the widest reference that is known of. */
static size_t reference_width;

void table_fit(const char *reference)
{
    size_t width = display_width(printable(reference));

    if (width < sizeof "REFERENCE" - 1)
        width = sizeof "REFERENCE" - 1;
    if (width > reference_width)
        reference_width = width;
}

/* How many columns a row can have; SIZE_MAX where nobody looks. */
static size_t width_of_terminal(void)
{
    struct winsize window = {0};

    if (!isatty(STDOUT_FILENO))
        return SIZE_MAX;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col ? window.ws_col : 80;
}

/* Where the terminal is too narrow for a row, the reference has a line of its own; so has the note
 * that does not fit behind the rest. */
static bool is_stacked(void)
{
    return reference_width + STATUS_WIDTH + PAID_WIDTH + AMOUNT_WIDTH + 3 > width_of_terminal();
}

static bool has_room_for_note(size_t width)
{
    return (is_stacked() ? 1 : reference_width) + STATUS_WIDTH + PAID_WIDTH + AMOUNT_WIDTH + 4
               + width
           <= width_of_terminal();
}

static void cell(FILE *to, const char *text, const char *shown, size_t width)
{
    size_t used = display_width(text);

    fprintf(to, "%s%*s ", shown, used < width ? (int)(width - used) : 0, "");
}

const char *table_header(void)
{
    static char header[512];
    int width;

    if (!reference_width)
        reference_width = USUAL_WIDTH;
    width = reference_width < 256 ? (int)reference_width : 256;
    snprintf(header, sizeof header, "%-*s%s%-*s %-*s %s%s\n", is_stacked() ? 0 : width, "REFERENCE",
             is_stacked() ? "\n  " : " ", STATUS_WIDTH, "STATUS", PAID_WIDTH, "PAID", "AMOUNT",
             has_room_for_note(SHORTEST_NOTE) ? "          NOTE" : "");
    return header;
}

/* Why it is held, or what failed; and the proof of payment, where that confirms it: where it does
 * not, a hold says so. */
static void note_of(const json_t *head, char *note, size_t size)
{
    const json_t *session = json_object_get(head, "session");
    const json_t *holds = json_object_get(session, "holds");
    const char *state = text_of(json_object_get(head, "proof"), "state", "");
    size_t i, used = 0;

    snprintf(note, size, "%s", text_of(json_object_get(head, "error"), "message", ""));
    for (i = 0; i < json_array_size(holds) && used < size; i++)
        used += (size_t)snprintf(note + used, size - used, "%s%s", i ? ", " : "",
                                 json_string_value(json_array_get(holds, i)));
    if (used < size && (!strcmp(state, "secured") || !strcmp(state, "captured")))
        snprintf(note + used, size - used, "%sproof %s", used ? ", " : "", state);
}

/* A row of the table: nothing personal, nothing that a terminal would obey. */
static bool table_row(FILE *to, const char *reference, const session_answer *answer,
                      const char *message)
{
    bool is_ok = session_answer_result(answer) == SESSION_OK;
    const char *status = is_ok ? session_status_name(session_answer_status(answer))
                               : session_result_name(session_answer_result(answer));
    const char *paid = session_paid_name(session_answer_paid(answer));
    json_t *head = head_told(answer, message);
    json_t *amount = json_object_get(json_object_get(head, "session"), "amount");
    char money[64] = "-", note[512] = "";

    if (!head)
        return false;
    if (json_is_object(amount)) {
        const char *decimal = text_of(amount, "decimal", NULL);
        if (decimal)
            snprintf(money, sizeof money, "%s %s", decimal, text_of(amount, "currency", ""));
        else
            snprintf(money, sizeof money, "%" JSON_INTEGER_FORMAT,
                     json_integer_value(json_object_get(amount, "minor")));
    }
    note_of(head, note, sizeof note);
    table_fit(reference);
    if (is_stacked())
        fprintf(to, "%s\n  ", printable(reference));
    else
        cell(to, printable(reference), printable(reference), reference_width);
    cell(to, status, is_ok ? status : painted(BAD, status), STATUS_WIDTH);
    cell(to, paid, painted(paid_hue(paid), paid), PAID_WIDTH);
    if (!*note) {
        fputs(money, to);
    } else if (has_room_for_note(display_width(printable(note)))) {
        cell(to, money, money, AMOUNT_WIDTH);
        fputs(printable(note), to);
    } else {
        fprintf(to, "%s\n  %s", money, printable(note));
    }
    json_decref(head);
    return true;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static int json_line(char **line, const char *head, const session_answer *answer,
                     const char *message)
{
    size_t i, length;
    const char *json = session_answer_json(answer, &length);
    json_t *object = message ? head_told(answer, message) : NULL;
    char *told = NULL;
    int used = -1;

    /* An answer that failed has nothing of the provider's in it. */
    if (object && json_object_del(object, "proof") <= 0
        && json_object_set_new(object, "raw", json_null()) == 0)
        told = json_dumps(object, JSON_COMPACT);
    if (!message || told)
        used = asprintf(line, "%s%s", head ? head : "{", (told ? told : json) + 1);
    free(told);
    json_decref(object);

    /* A provider's object may be written over several lines. Between two words of JSON a line end
     * is a blank, and inside of one there is none. */
    for (i = 0; used > 0 && i < (size_t)used; i++)
        if ((*line)[i] == '\n' || (*line)[i] == '\r')
            (*line)[i] = ' ';
    return used;
}

/* What is written for who looks. Owned by the caller; free with free(). NULL when memory has run
 * out. */
static char *shown(enum format format, const char *reference, const session_answer *answer,
                   const char *message, size_t *length)
{
    static bool has_shown; /* words of another session stand in front */
    char *text = NULL;
    FILE *to = open_memstream(&text, length);
    json_t *head = NULL;
    bool is_well = to != NULL;

    if (is_well && format == FORMAT_TABLE) {
        is_well = table_row(to, reference, answer, message);
    } else if (is_well && format == FORMAT_WORDS) {
        head = head_told(answer, message);
        is_well = head != NULL;
        if (has_shown)
            fputc('\n', to);
        if (head)
            words_print(to, head, true);
        has_shown = true;
    } else if (is_well) {
        fprintf(to, "%s\t%s\t%s", printable(reference),
                session_answer_result(answer) == SESSION_OK
                    ? session_status_name(session_answer_status(answer))
                    : session_result_name(session_answer_result(answer)),
                session_paid_name(session_answer_paid(answer)));
    }
    json_decref(head);
    is_well = is_well && !ferror(to);
    if (to && (fclose(to) != 0 || !is_well)) {
        free(text);
        text = NULL;
    }
    /* The line end is answer_line()'s. */
    if (text && *length && text[*length - 1] == '\n')
        text[--*length] = '\0';
    return text;
}

char *answer_line(const struct options *options, const char *head, const char *reference,
                  const session_answer *answer, const char *message, size_t *length)
{
    char *line = NULL, *whole = NULL;
    int used;

    if (options->format == FORMAT_JSON) {
        used = json_line(&line, head, answer, message);
        if (used < 0)
            return NULL;
        *length = (size_t)used;
    } else {
        line = shown(options->format, reference ? reference : "-", answer, message, length);
    }
    if (line && options->format == FORMAT_JSON && options->is_for_terminal) {
        char *escaped = json_shown(line, length);
        free(line);
        line = escaped;
    }
    whole = line ? realloc(line, *length + 2) : NULL;
    if (!whole) {
        free(line);
        return NULL;
    }
    whole[(*length)++] = '\n';
    whole[*length] = '\0';
    return whole;
}

void print_answer(const struct options *options, const char *reference,
                  const session_answer *answer)
{
    size_t length;
    char *line;

    if (options->quiet)
        return;
    line = answer_line(options, NULL, reference, answer, NULL, &length);
    if (!line) {
        complain("memory has run out");
        exit(EXIT_NO_OUTPUT);
    }
    /* main() looks at stdout before it exits. */
    fwrite(line, 1, length, stdout);
    fflush(stdout);
    free(line);
}

/* The option that a message of the library is about, as the user wrote it, or NULL; `*flaw` is
 * set to what stands behind the key then ("timeout_ms: expected ...", "expect.currency: expected
 * ..."), and `*unit` to what its numbers are. */
static const char *option_of(const struct options *options, const char **flaw, const char **unit)
{
    const char *key, *end = strstr(*flaw, ": ");
    json_t *said;

    json_object_foreach(options->said, key, said)
    {
        if (!end || strlen(key) != (size_t)(end - *flaw) || strncmp(key, *flaw, strlen(key)))
            continue;
        /* A part of an expectation is named still. */
        *unit = end - *flaw > 3 && !strncmp(end - 3, "_ms", 3) ? " milliseconds" : "";
        *flaw = strncmp(key, "expect.", 7) ? end + 2 : *flaw + 7;
        /* Of a provider whose sessions name it, true is all that the library takes. */
        if (!strcmp(key, "proof"))
            *flaw =
                "only Dintero's transaction is named; this session names its own proof of payment: "
                "expected --proof";
        return json_string_value(said);
    }
    return NULL;
}

bool complain_about(const struct options *options, const char *input, const session_answer *answer)
{
    static bool is_told;
    json_t *head;
    const char *flaw, *option, *unit = "";

    if (session_answer_result(answer) != SESSION_INVALID_ARGUMENT)
        return false;
    head = answer_head(session_answer_json(answer, NULL));
    flaw = text_of(json_object_get(head, "error"), "message", "invalid_argument");
    option = option_of(options, &flaw, &unit);
    if (!option && !strncmp(flaw, "expect.", 7))
        flaw += 7;
    /* The same option stands in each call. */
    if (!option || !is_told)
        complain("%s: %s%s", option ? option : input, flaw, unit);
    is_told = is_told || option;
    json_decref(head);
    return true;
}
