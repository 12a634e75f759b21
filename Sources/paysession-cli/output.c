/* SPDX-License-Identifier: MIT */
/* How answers look. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

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

json_t *answer_head(const char *json)
{
    /*
     * `raw` holds the provider's bytes, in which jansson may refuse a number that fits no type of
     * its own. It comes last, and what stands before it is the library's: in a text of it, the
     * quotes of this mark would be escaped.
     */
    const char *raw = json ? strstr(json, ",\"raw\":") : NULL;
    json_t *head = NULL;
    char *text;

    if (!raw)
        return json ? json_read(json) : NULL;
    text = malloc((size_t)(raw - json) + 2);
    if (text) {
        memcpy(text, json, (size_t)(raw - json));
        strcpy(text + (raw - json), "}");
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

const char *table_header(void)
{
    return "REFERENCE                                             STATUS           PAID     AMOUNT"
           "          NOTE\n";
}

/* A row of the table: nothing personal, nothing that a terminal would obey. */
static int table_row(char **row, const char *reference, const session_answer *answer)
{
    json_t *head = answer_head(session_answer_json(answer, NULL));
    json_t *session = json_object_get(head, "session");
    json_t *amount = json_object_get(session, "amount");
    char money[64] = "-", note[512] = "";
    size_t i, used = 0;
    int length;

    if (!head)
        return -1;
    if (json_is_object(amount)) {
        const char *decimal = text_of(amount, "decimal", NULL);
        if (decimal)
            snprintf(money, sizeof money, "%s %s", decimal, text_of(amount, "currency", ""));
        else
            snprintf(money, sizeof money, "%" JSON_INTEGER_FORMAT,
                     json_integer_value(json_object_get(amount, "minor")));
    }
    if (session_answer_result(answer) == SESSION_OK) {
        json_t *holds = json_object_get(session, "holds");
        for (i = 0; i < json_array_size(holds) && used < sizeof note; i++)
            used += (size_t)snprintf(note + used, sizeof note - used, "%s%s", i ? ", " : "",
                                     json_string_value(json_array_get(holds, i)));
    } else {
        snprintf(note, sizeof note, "%s", text_of(json_object_get(head, "error"), "message", ""));
    }
    length = asprintf(row, "%-53s %-16s %-8s %-15s %s", printable(reference),
                      session_answer_result(answer) == SESSION_OK
                          ? session_status_name(session_answer_status(answer))
                          : session_result_name(session_answer_result(answer)),
                      session_paid_name(session_answer_paid(answer)), money, printable(note));
    json_decref(head);
    if (length < 0)
        return -1;
    while (length > 0 && (*row)[length - 1] == ' ')
        (*row)[--length] = '\0';
    return length;
}

static int json_line(char **line, const char *head, const session_answer *answer)
{
    size_t i, length;
    const char *json = session_answer_json(answer, &length);
    int used = head ? asprintf(line, "%s%s", head, json + 1) : asprintf(line, "%s", json);

    /* A provider's object may be written over several lines. Between two words of JSON a line end
     * is a blank, and inside of one there is none. */
    for (i = 0; used > 0 && i < (size_t)used; i++)
        if ((*line)[i] == '\n' || (*line)[i] == '\r')
            (*line)[i] = ' ';
    return used;
}

char *answer_line(const struct options *options, const char *head, const char *reference,
                  const session_answer *answer, size_t *length)
{
    char *line = NULL, *whole = NULL;
    int used = -1;

    if (!reference)
        reference = "-";
    switch (options->format) {
    case FORMAT_JSON:
        used = json_line(&line, head, answer);
        break;
    case FORMAT_TABLE:
        used = table_row(&line, reference, answer);
        break;
    case FORMAT_STATUS:
        used = asprintf(&line, "%s\t%s\t%s", printable(reference),
                        session_answer_result(answer) == SESSION_OK
                            ? session_status_name(session_answer_status(answer))
                            : session_result_name(session_answer_result(answer)),
                        session_paid_name(session_answer_paid(answer)));
        break;
    }
    if (used < 0)
        return NULL;
    *length = (size_t)used;
    if (options->format == FORMAT_JSON && options->is_for_terminal) {
        char *shown = json_shown(line, length);
        free(line);
        line = shown;
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
    line = answer_line(options, NULL, reference, answer, &length);
    if (!line) {
        complain("memory has run out");
        exit(EXIT_NO_OUTPUT);
    }
    /* main() looks at stdout before it exits. */
    fwrite(line, 1, length, stdout);
    fflush(stdout);
    free(line);
}
