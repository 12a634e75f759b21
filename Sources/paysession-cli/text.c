/* SPDX-License-Identifier: MIT */
/* Text from outside: whether it is UTF-8, and how it is shown to whoever sits at a terminal. */
#include "cli.h"

#include <ctype.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

size_t utf8_sequence(const char *text, size_t left)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length, i;

    if (!left || !bytes[0])
        return 0;
    length = bytes[0] < 0x80   ? 1
             : bytes[0] < 0xC2 ? 0
             : bytes[0] < 0xE0 ? 2
             : bytes[0] < 0xF0 ? 3
             : bytes[0] < 0xF5 ? 4
                               : 0;
    if (!length || length > left)
        return 0;
    for (i = 1; i < length; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    if ((bytes[0] == 0xE0 && bytes[1] < 0xA0) || (bytes[0] == 0xED && bytes[1] > 0x9F)
        || (bytes[0] == 0xF0 && bytes[1] < 0x90) || (bytes[0] == 0xF4 && bytes[1] > 0x8F))
        return 0;
    return length;
}

bool is_utf8(const char *text)
{
    size_t left = strlen(text), length;

    for (; left; text += length, left -= length)
        if (!(length = utf8_sequence(text, left)))
            return false;
    return true;
}

/*
 * The code point of a sequence of `length` bytes if it is one that is obeyed instead of shown:
 * C0, DEL and C1, which a terminal takes for commands, and what turns the direction of writing, so
 * that a reader sees another order than the bytes have (Unicode's Bidi_Control). 0 for any other.
 */
static unsigned control(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned point;

    if (length == 1)
        return bytes[0] < 0x20 || bytes[0] == 0x7F ? bytes[0] : 0;
    if (length == 2) {
        point = (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu);
        return point < 0xA0 || point == 0x061C ? point : 0;
    }
    if (length != 3)
        return 0;
    point = (bytes[0] & 0x0Fu) << 12 | (bytes[1] & 0x3Fu) << 6 | (bytes[2] & 0x3Fu);
    return point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E)
                   || (point >= 0x2066 && point <= 0x2069)
               ? point
               : 0;
}

const char *printable(const char *text)
{
    static char rooms[4][4096];
    static int next;
    char *room = rooms[next = (next + 1) % 4];
    size_t used = 0, left = strlen(text);

    while (left && used + 8 < sizeof rooms[0]) {
        size_t length = utf8_sequence(text, left);
        unsigned point = length ? control(text, length) : (unsigned char)*text;

        if (!length)
            length = 1;
        else if (!point)
            memcpy(room + used, text, length);
        if (!point)
            used += length;
        else
            used += (size_t)sprintf(room + used, point < 0x100 ? "\\x%02x" : "\\u%04x", point);
        text += length;
        left -= length;
    }
    room[used] = '\0';
    return room;
}

char *json_shown(const char *json, size_t *length)
{
    /* DEL, one byte, grows most: to the six of its escape. */
    char *shown = malloc(6 * *length + 1);
    size_t used = 0, left = *length;

    while (shown && left) {
        size_t size = utf8_sequence(json, left);
        unsigned point = size ? control(json, size) : 0;

        if (!size)
            size = 1;
        /* C0 stands in JSON between two words only: blanks. */
        if (point >= 0x7F) {
            used += (size_t)sprintf(shown + used, "\\u%04x", point);
        } else {
            memcpy(shown + used, json, size);
            used += size;
        }
        json += size;
        left -= size;
    }
    if (shown)
        shown[ *length = used] = '\0';
    return shown;
}

/* How many letters must be put in, left out, changed, or exchanged with the next one: the optimal
 * string alignment. Only of short words; what is longer is far from everything. */
static size_t distance(const char *one, const char *other)
{
    enum { MOST = 32 };
    size_t rows[3][MOST + 1], *before = rows[0], *last = rows[1], *now = rows[2];
    size_t length = strlen(one), width = strlen(other), i, j;

    if (length > MOST || width > MOST)
        return MOST;
    for (j = 0; j <= width; j++)
        last[j] = j;
    for (i = 1; i <= length; i++) {
        size_t *spare = before;

        now[0] = i;
        for (j = 1; j <= width; j++) {
            int a = tolower((unsigned char)one[i - 1]), b = tolower((unsigned char)other[j - 1]);
            size_t best = last[j - 1] + (a != b);

            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a == tolower((unsigned char)other[j - 2])
                && tolower((unsigned char)one[i - 2]) == b && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[width];
}

void guess_begin(struct guess *guess, const char *word)
{
    size_t length = strlen(word);

    guess->word = word;
    guess->nearest = NULL;
    /* A third of the letters, and two at most, can be wrong. */
    guess->distance = length < 2 ? 0 : length < 6 ? 2 : 3;
}

void guess_add(struct guess *guess, const char *candidate)
{
    size_t there = distance(guess->word, candidate);

    if (there >= guess->distance)
        return;
    guess->distance = there;
    guess->nearest = candidate;
}

/* How many columns the character takes that begins there, and `*length`, its bytes. */
static size_t columns_of(const char *text, size_t left, size_t *length)
{
    static locale_t utf8;
    locale_t before;
    wchar_t point;
    size_t i;
    int width;

    /* wcwidth() knows what a locale's characters are; of the process's own nothing is asked. */
    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    *length = utf8_sequence(text, left);
    if (*length < 2 || !utf8) {
        *length = *length ? *length : 1;
        return 1;
    }
    point = (wchar_t)((unsigned char)*text & (0x7F >> *length));
    for (i = 1; i < *length; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3F);
    before = uselocale(utf8);
    width = wcwidth(point);
    uselocale(before);
    return width < 0 ? 1 : (size_t)width;
}

size_t display_fit(const char *text, size_t columns)
{
    size_t left = strlen(text), used = 0, length = 0;
    const char *end = text;

    for (; left; end += length, left -= length) {
        used += columns_of(end, left, &length);
        if (used > columns)
            break;
    }
    return (size_t)(end - text);
}

size_t display_width(const char *text)
{
    size_t left = strlen(text), used = 0, length;

    for (; left; text += length, left -= length)
        used += columns_of(text, left, &length);
    return used;
}
