/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

const char *grouped(unsigned long number, char *room, size_t size)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lu", number), i;
    size_t used = 0;

    for (i = 0; i < length && used + 2 < size; i++) {
        if (i && (length - i) % 3 == 0)
            room[used++] = ',';
        room[used++] = digits[i];
    }
    room[used] = '\0';
    return room;
}

void progress_begin(struct progress *progress, bool is_on, unsigned long total)
{
    memset(progress, 0, sizeof *progress);
    progress->is_on = is_on;
    progress->total = total;
    progress->start = now();
}

static void write_line(struct progress *progress, const char *end)
{
    struct winsize window = {0};
    char done[32], total[32], rate_text[32], text[256];
    double seconds = now() - progress->start;
    double rate = seconds > 0 ? (double)(progress->done - progress->before) / seconds : 0;
    size_t used, width;

    used = (size_t)snprintf(text, sizeof text, "%s", grouped(progress->done, done, sizeof done));
    if (progress->total)
        used += (size_t)snprintf(text + used, sizeof text - used, " of %s",
                                 grouped(progress->total, total, sizeof total));
    used += (size_t)snprintf(text + used, sizeof text - used, " done  %s/s  %lu failed",
                             grouped((unsigned long)rate, rate_text, sizeof rate_text),
                             progress->failed);
    if (progress->total > progress->done && rate > 0)
        snprintf(text + used, sizeof text - used, "  %.0f s left",
                 (double)(progress->total - progress->done) / rate);
    /* A line that wraps cannot be rewritten. */
    width = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col ? window.ws_col : 80;
    if (strlen(text) >= width)
        text[width - 1] = '\0';
    fprintf(stderr, "\r%s\033[K%s", text, end);
    fflush(stderr);
    progress->is_visible = !*end;
    progress->shown = now();
}

void progress_show(struct progress *progress)
{
    if (progress->is_on && (!progress->is_visible || now() - progress->shown >= 0.2))
        write_line(progress, "");
}

void progress_hide(struct progress *progress)
{
    if (progress->is_visible) {
        fputs("\r\033[K", stderr);
        progress->is_visible = false;
    }
}

void progress_end(struct progress *progress)
{
    if (progress->is_on)
        write_line(progress, "\n");
}
