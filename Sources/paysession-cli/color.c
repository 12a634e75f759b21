/* SPDX-License-Identifier: MIT */
/* Colours on stdout, for who looks at it; never the only thing that tells two answers apart. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_on;

bool color_choose(const char *when)
{
    const char *terminal = getenv("TERM"), *none = getenv("NO_COLOR");

    if (!strcmp(when, "always"))
        is_on = true;
    else if (!strcmp(when, "never"))
        is_on = false;
    else if (!strcmp(when, "auto"))
        /* https://no-color.org: the variable counts where it is not empty. */
        is_on = isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") && !(none && *none);
    else
        return false;
    return true;
}

const char *painted(enum hue hue, const char *text)
{
    static const char *const begin[] = {"\033[32m", "\033[33m", "\033[31m", "\033[2m"};
    static char rooms[4][4224];
    static int next;
    char *room;

    if (!is_on || !*text)
        return text;
    room = rooms[next = (next + 1) % 4];
    snprintf(room, sizeof rooms[0], "%s%.4200s\033[0m", begin[hue], text);
    return room;
}

enum hue paid_hue(const char *paid)
{
    return !strcmp(paid, "yes") ? GOOD : !strcmp(paid, "no") ? BAD : DOUBTFUL;
}
