/* SPDX-License-Identifier: MIT */
#include "list.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lines.h"

/* The columns of CSV, and the part of an expectation that each is; the first is what is asked
 * for. */
static const struct {
    const char *name, *part;
} known[MOST_COLUMNS] = {
    {"reference", NULL}, {"amount", "amount"}, {"currency", "currency"}, {"order", "reference"}};

/* ---- CSV (RFC 4180) ------------------------------------------------------------------------ */

enum flow { FIELD, LAST_FIELD, BROKEN };

/* Reads the field that begins at `*at` in place, and goes behind it and its comma. BROKEN: its
 * quotes are not closed, or something stands behind them. */
static enum flow next_field(char **at, char **field)
{
    char *from = *at, *to = *at, end;

    *field = *at;
    if (*from != '"') {
        to = from += strcspn(from, ",");
    } else {
        for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
            from += *from == '"';
            *to++ = *from;
        }
        if (*from != '"' || (from[1] && from[1] != ','))
            return BROKEN;
        from++;
    }
    end = *from;
    *to = '\0';
    *at = from + (end != '\0');
    return end ? FIELD : LAST_FIELD;
}

/* Blanks around a name are no part of it. */
static bool is_name(char *field, const char *name)
{
    size_t length = strlen(name);

    field += strspn(field, " \t");
    return !strncasecmp(field, name, length) && !field[length + strspn(field + length, " \t")];
}

bool list_open(struct list *list, const char *csv, const json_t *usual)
{
    const char *name = csv;
    bool has_reference = false;

    memset(list, 0, sizeof *list);
    list->usual = usual;
    while (name) {
        size_t length = strcspn(name, ","), i, j;

        for (i = 0; i < MOST_COLUMNS; i++)
            if (strlen(known[i].name) == length && !strncmp(known[i].name, name, length))
                break;
        for (j = 0; i < MOST_COLUMNS && j < list->column_count; j++)
            if (list->columns[j] == known[i].part)
                i = MOST_COLUMNS;
        if (i == MOST_COLUMNS) {
            complain(
                "--csv %s: expected columns out of reference, amount, currency and order, each "
                "once, got '%.*s'",
                csv, (int)length, name);
            return false;
        }
        list->columns[list->column_count++] = known[i].part;
        has_reference = has_reference || !known[i].part;
        name = name[length] ? name + length + 1 : NULL;
    }
    if (csv && !has_reference)
        complain("--csv %s: expected a column 'reference'", csv);
    return !csv || has_reference;
}

static const char *column_name(const struct list *list, size_t column)
{
    size_t i;

    for (i = 0; i + 1 < MOST_COLUMNS && known[i].part != list->columns[column]; i++)
        ;
    return known[i].name;
}

/* The first row that spells the columns says what they are. */
static bool is_header(const struct list *list, const char *line)
{
    char *copy = strdup(line), *at = copy, *field;
    enum flow flow = FIELD;
    size_t i;

    for (i = 0; copy && i < list->column_count && flow == FIELD; i++) {
        flow = next_field(&at, &field);
        if (flow == BROKEN || !is_name(field, column_name(list, i)))
            break;
    }
    free(copy);
    return copy && i == list->column_count && flow == LAST_FIELD;
}

/* ---- Lines --------------------------------------------------------------------------------- */

bool list_skips(struct list *list, const char *line)
{
    bool is_first = !list->has_begun;

    line += strspn(line, " \t");
    if (!*line)
        return true;
    if (!list->column_count)
        return *line == '#';
    list->has_begun = true;
    return is_first && is_header(list, line);
}

unsigned long list_count(struct list list, int fd)
{
    struct stat about;
    off_t place = lseek(fd, 0, SEEK_CUR);
    struct lines lines;
    unsigned long count = 0;
    const char *line;

    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || place < 0 || !lines_open(&lines, fd))
        return 0;
    while (!lines.is_over && lines_fill(&lines))
        while ((line = lines_next(&lines)))
            count += !list_skips(&list, line);
    lines_close(&lines);
    return lseek(fd, place, SEEK_SET) == place ? count : 0;
}

/* Says what is wrong with the item. false when memory has run out. */
static bool flawed(struct item *item, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    if (vasprintf(&item->flaw, format, values) < 0)
        item->flaw = NULL;
    va_end(values);
    return item->flaw != NULL;
}

/* Makes the item one that is refused: `refused` is the text that is no expectation. What is none
 * must not be asked without one. */
static bool refuse(struct item *item, const char *refused)
{
    json_t *text = json_string_nocheck(refused);

    free(item->expect);
    item->expect = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
    json_decref(text);
    return item->expect != NULL;
}

/* Whether it is part of a table of amounts or currencies: "kustom:x,2000,SEK", also with
 * semicolons or blanks. `*columns` is what stands behind the reference. */
static bool looks_like_columns(const char *input, const char **columns)
{
    const char *const partings = ",; \t", *at = input + strcspn(input, partings);
    bool has_amount = false;

    *columns = at + strspn(at, partings);
    for (at = *columns; *at; at += strspn(at, partings)) {
        size_t length = strcspn(at, partings), digits = strspn(at, "0123456789."), i;

        for (i = 0; i < length && isalpha((unsigned char)at[i]); i++)
            ;
        if (digits != length && (i != length || length != 3))
            return false;
        has_amount = has_amount || digits == length;
        at += length;
    }
    return has_amount;
}

/* Where a comment begins in what stands behind a reference: at a # behind a blank; but the shop's
 * reference takes the rest of the line. */
static char *comment_of(char *own)
{
    char *at = own, *shops = strstr(own, "reference=");

    for (; (at = strchr(at, '#')); at++)
        if (at == own || at[-1] == ' ' || at[-1] == '\t')
            return shops && shops < at ? NULL : at;
    return NULL;
}

static size_t without_blanks(char *text, size_t length)
{
    while (length && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    return length;
}

/* A reference, a blank, and what is expected of it. */
static bool read_words(struct item *item, json_t *expect, const char **refused)
{
    size_t word = strcspn(item->input, " \t");
    char *own = item->input + word + strspn(item->input + word, " \t"), *comment = comment_of(own);
    const char *columns, *flaw = NULL;

    if (comment) {
        *comment = '\0';
        without_blanks(item->input, strlen(item->input));
    }
    item->reference = strndup(item->input, word);
    *refused = own;
    if (!item->reference)
        return false;
    if (looks_like_columns(item->input, &columns)) {
        *refused = columns;
        return flawed(item, "%s",
                      "looks like columns: write amount=MINOR,currency=CODE behind a "
                      "blank, or say --csv reference,amount,currency; a comma in an "
                      "identifier is %2C");
    }
    if (!*own || expect_add(expect, own, &flaw))
        return true;
    return flaw && flawed(item, "%s", flaw);
}

/* A row of CSV. */
static bool read_row(const struct list *list, struct item *item, json_t *expect)
{
    char *copy = strdup(item->input), *at = copy, *field;
    enum flow flow = FIELD;
    const char *flaw = NULL;
    bool is_well = copy != NULL;
    size_t i;

    for (i = 0; is_well && !item->flaw && flow == FIELD; i++) {
        flow = next_field(&at, &field);
        if (flow == BROKEN) {
            is_well =
                flawed(item, "CSV: a field in quotes does not end with them; a line break in a "
                             "field is not read");
        } else if (i >= list->column_count) {
            continue;
        } else if (!*field) {
            is_well = flawed(item, "%s: the column is empty", column_name(list, i));
        } else if (!list->columns[i]) {
            is_well = (item->reference = strdup(field)) != NULL;
        } else if (!expect_add_part(expect, list->columns[i], field, &flaw)) {
            is_well = flaw && flawed(item, "%s", flaw);
        }
    }
    if (is_well && !item->flaw && i != list->column_count)
        is_well = flawed(item, "CSV: expected %zu column%s, got %zu", list->column_count,
                         list->column_count == 1 ? "" : "s", i);
    if (is_well && !item->reference)
        is_well = (item->reference = strdup(item->input)) != NULL;
    free(copy);
    return is_well;
}

/* What the line expects, with what the command expects of all. */
static bool merge(const struct list *list, struct item *item, json_t *expect)
{
    size_t count = json_object_size(expect) + json_object_size(list->usual);
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)list->usual, name, value)
    {
        if (json_object_get(expect, name))
            return flawed(item, "%s: said by --expect already", name);
        if (json_object_set(expect, name, value) != 0)
            return false;
    }
    if (json_object_size(expect) != count)
        return false;
    item->expect = expect_text(expect);
    return item->expect != NULL;
}

bool list_read(const struct list *list, char *line, struct item *item)
{
    json_t *expect = json_object();
    const char *refused;
    bool is_well = expect != NULL;

    memset(item, 0, sizeof *item);
    item->input = line + strspn(line, " \t");
    without_blanks(item->input, strlen(item->input));
    refused = item->input;
    if (is_well)
        is_well =
            list->column_count ? read_row(list, item, expect) : read_words(item, expect, &refused);
    if (is_well && !item->flaw && json_object_size(expect))
        is_well = merge(list, item, expect);
    if (is_well && item->flaw)
        is_well = refuse(item, refused);
    json_decref(expect);
    return is_well;
}

void item_free(struct item *item)
{
    free(item->reference);
    free(item->expect);
    free(item->flaw);
}
