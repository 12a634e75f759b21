/* SPDX-License-Identifier: MIT */
/*
 * The inputs that a file holds, in 16 bytes each however long they are: a hash and where the line
 * stands. A hash that fits is not enough to leave a payment out: the line itself is read again and
 * compared.
 */
#include "resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

struct entry {
    uint64_t place; /* of the line, plus one; 0 for none */
    uint32_t hash;
    uint32_t left;
};

struct resume {
    int fd;
    struct entry *entries;
    size_t used, room; /* room is a power of two */
    size_t count;
};

static const char mark[] = "{\"input\":";
/* What the longest input can take in a line, every byte escaped. */
enum { LONGEST = 64 * 1024 };

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

/* The input of a line; NULL if it has none. Owned by the caller; free with json_decref(). */
static json_t *input_of(const char *line, size_t length)
{
    size_t begin = sizeof mark - 1;
    json_t *input;

    if (length <= begin || memcmp(line, mark, begin))
        return NULL;
    input = json_loadb(line + begin, length - begin, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK,
                       NULL);
    if (json_is_string(input))
        return input;
    json_decref(input);
    return NULL;
}

/* 1 if the line at that place is of this input, 0 if not, -1 if it cannot be read. */
static int is_line_of(const struct resume *resume, uint64_t place, const char *input)
{
    char *line = malloc(LONGEST);
    ssize_t got = line ? pread(resume->fd, line, LONGEST, (off_t)place) : -1;
    json_t *held = got > 0 ? input_of(line, (size_t)got) : NULL;
    int is_same = held ? !strcmp(json_string_value(held), input) : -1;

    json_decref(held);
    free(line);
    return is_same;
}

/* Where the input stands in the table, or the free place for it. NULL if lines cannot be read. */
static struct entry *find(const struct resume *resume, const char *input)
{
    uint32_t hash = hash_of(input);
    size_t place = hash & (resume->room - 1);

    for (;; place = (place + 1) & (resume->room - 1)) {
        struct entry *entry = &resume->entries[place];
        int is_same;

        if (!entry->place)
            return entry;
        if (entry->hash != hash)
            continue;
        is_same = is_line_of(resume, entry->place - 1, input);
        if (is_same < 0)
            return NULL;
        if (is_same)
            return entry;
    }
}

static bool grow(struct resume *resume)
{
    struct entry *old = resume->entries;
    size_t i, room = resume->room;

    resume->room = room ? 2 * room : 1024;
    resume->entries = calloc(resume->room, sizeof *old);
    if (!resume->entries) {
        resume->entries = old;
        resume->room = room;
        return false;
    }
    for (i = 0; i < room; i++) {
        size_t place = old[i].hash & (resume->room - 1);
        if (!old[i].place)
            continue;
        while (resume->entries[place].place)
            place = (place + 1) & (resume->room - 1);
        resume->entries[place] = old[i];
    }
    free(old);
    return true;
}

static bool hold(struct resume *resume, const char *input, uint64_t place)
{
    struct entry *entry;

    if (4 * (resume->used + 1) > 3 * resume->room && !grow(resume))
        return false;
    entry = find(resume, input);
    if (!entry)
        return false;
    if (!entry->place) {
        entry->place = place + 1;
        entry->hash = hash_of(input);
        resume->used++;
    }
    entry->left++;
    resume->count++;
    return true;
}

/* Reads the lines; `*end` is where the last whole one ends. */
static bool read_lines(struct resume *resume, const char *path, uint64_t *end)
{
    FILE *file = fdopen(dup(resume->fd), "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool is_well = file != NULL;

    *end = 0;
    while (is_well && (length = getline(&line, &room, file)) > 0 && line[length - 1] == '\n') {
        json_t *input = input_of(line, (size_t)length);
        if (!input || length < 2 || line[length - 2] != '}') {
            complain("%s: line %zu: expected a line of paysession batch, it is none; "
                     "nothing was changed", path, resume->count + 1);
            errno = 0;
            is_well = false;
        } else {
            is_well = hold(resume, json_string_value(input), *end);
        }
        json_decref(input);
        *end += (uint64_t)length;
    }
    if (file && ferror(file))
        is_well = false;
    free(line);
    if (file)
        fclose(file);
    if (!is_well && errno)
        complain("%s: %s", path, strerror(errno));
    return is_well;
}

struct resume *resume_open(const char *path)
{
    struct resume *resume = calloc(1, sizeof *resume);
    struct stat about;
    uint64_t end;

    if (!resume)
        return NULL;
    /* Answers hold personal data: a new file is the user's alone. */
    resume->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (resume->fd < 0) {
        complain("%s: %s", path, strerror(errno));
    } else if (fstat(resume->fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        complain("%s: expected a regular file", path);
    } else if (flock(resume->fd, LOCK_EX | LOCK_NB) != 0) {
        complain("%s: another batch is writing to it", path);
    } else if (!grow(resume)) {
        complain("memory has run out");
    } else if (read_lines(resume, path, &end)) {
        if (ftruncate(resume->fd, (off_t)end) == 0)
            return resume;
        complain("%s: %s", path, strerror(errno));
    }
    resume_close(resume);
    return NULL;
}

int resume_fd(const struct resume *resume)
{
    return resume->fd;
}

size_t resume_count(const struct resume *resume)
{
    return resume->count;
}

int resume_take(struct resume *resume, const char *input)
{
    struct entry *entry = find(resume, input);

    if (!entry) {
        complain("the file to resume cannot be read any more");
        return -1;
    }
    if (!entry->place || !entry->left)
        return 0;
    entry->left--;
    return 1;
}

void resume_close(struct resume *resume)
{
    if (!resume)
        return;
    if (resume->fd >= 0)
        close(resume->fd);
    free(resume->entries);
    free(resume);
}
