/* SPDX-License-Identifier: MIT */
/*
 * The lines that a file holds, in 16 bytes each however long they are: where the line stands and a
 * hash of its head, which is the input and the expectation it was judged under; at the end, when
 * all are counted, of the input alone. The hash has a key of its own in each run, so nobody can
 * write references that collide. One that fits is still not enough to leave a payment out: the head
 * itself is read again and compared.
 */
#include "resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "siphash.h"

struct entry {
    uint64_t place; /* of the line, plus one; 0 for none */
    uint32_t hash;  /* the lower half of it */
    uint32_t value; /* how often the line is still there; at the end, its outcome */
};

struct resume {
    const char *path;
    int fd;
    unsigned char key[16];
    struct entry *entries;
    size_t used, room; /* room is a power of two */
    unsigned long lines;
    bool keeps_failed, wants_proof, is_tallied;
    char *read; /* a head, as it stands in the file */
    size_t read_room;
};

/* ---- Lines --------------------------------------------------------------------------------- */

char *resume_head(const char *input, const char *expect)
{
    json_t *text = json_string_nocheck(input);
    char *quoted = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL, *head = NULL;

    json_decref(text);
    if (quoted && asprintf(&head, "{\"input\":%s,\"expect\":%s,", quoted, expect) < 0)
        head = NULL;
    free(quoted);
    return head;
}

/* What a line is, by its bytes up to the answer's first key. */
enum kind {
    FOREIGN, /* batch writes no such line */
    TORN,    /* it ends before that key: the beginning of a line of batch, and no more */
    OLD,     /* 0.1 wrote it, which did not say the expectation */
    OURS
};

/* Goes on behind `word` if it stands there, or to the end if the line ends inside of it. */
static bool skip(const char **at, const char *end, const char *word)
{
    size_t left = (size_t)(end - *at), length = strlen(word);

    if (memcmp(*at, word, left < length ? left : length))
        return false;
    *at += left < length ? left : length;
    return true;
}

/* Goes behind a text whose first quote has been passed; to the end if it does not end. */
static bool skip_text(const char **at, const char *end)
{
    for (; *at < end && **at != '"'; ++*at) {
        if ((unsigned char)**at < 0x20)
            return false;
        if (**at == '\\' && *at + 1 < end)
            ++*at;
    }
    if (*at < end)
        ++*at;
    return true;
}

/* Goes behind an expectation: null, the text of one that was refused, or a flat object. */
static bool skip_expect(const char **at, const char *end)
{
    if (*at == end)
        return true;
    if (**at == '"') {
        ++*at;
        return skip_text(at, end);
    }
    if (**at != '{')
        return skip(at, end, "null");
    for (++*at; *at < end && **at != '}';) {
        if (**at == '{' || (unsigned char)**at < 0x20)
            return false;
        if (*(*at)++ == '"' && !skip_text(at, end))
            return false;
    }
    if (*at < end)
        ++*at;
    return true;
}

/* A line, taken apart. */
struct parts {
    size_t input;       /* how long it is up to the key behind the input */
    size_t head;        /* up to the answer's first key */
    const char *answer; /* behind that key */
};

static enum kind kind_of(const char *line, size_t length, struct parts *parts)
{
    const char *at = line, *end = line + length, *behind;

    memset(parts, 0, sizeof *parts);

    if (!skip(&at, end, "{\"input\":\"") || !skip_text(&at, end))
        return FOREIGN;
    behind = at;
    parts->input = (size_t)(at - line) + 1;
    if (skip(&at, end, ",\"result\":")) {
        parts->answer = at;
        return at == end ? TORN : OLD;
    }
    at = behind;
    if (!skip(&at, end, ",\"expect\":") || !skip_expect(&at, end) || !skip(&at, end, ","))
        return FOREIGN;
    parts->head = (size_t)(at - line);
    if (!skip(&at, end, "\"result\":"))
        return FOREIGN;
    parts->answer = at;
    return at == end ? TORN : OURS;
}

/* ---- What a line came to ------------------------------------------------------------------- */

/* Whether a text begins with that. */
static bool begins(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(end - at) >= length && !memcmp(at, word, length);
}

/* Behind the first key of that name in an answer; `end` if there is none. All before `raw` is the
 * library's, as it writes it: the quotes inside of a text are escaped, and no blank stands between. */
static const char *behind_key(const char *at, const char *end, const char *key)
{
    size_t length = strlen(key);
    const char *found = memmem(at, (size_t)(end - at), key, length);

    return found ? found + length : end;
}

static struct outcome outcome_of(const char *answer, const char *end)
{
    const char *raw = memmem(answer, (size_t)(end - answer), ",\"raw\":", 7), *paid;
    struct outcome outcome = {SESSION_MALFORMED, SESSION_PAID_UNKNOWN, false};
    char word[40];
    int i;

    if (raw)
        end = raw;
    /* A word that this version does not know is one that failed. */
    for (i = 0; i < 256; i++) {
        int length = snprintf(word, sizeof word, "\"%s\"", session_result_name((session_result)i));
        if (length > 0 && begins(answer, end, word))
            break;
    }
    if (i < 256)
        outcome.result = (session_result)i;
    paid = behind_key(answer, end, ",\"paid\":");
    if (begins(paid, end, "\"yes\""))
        outcome.paid = SESSION_PAID_YES;
    else if (begins(paid, end, "\"no\""))
        outcome.paid = SESSION_PAID_NO;
    outcome.is_open = outcome_is_open(
        outcome.result, begins(behind_key(answer, end, ",\"retryable\":"), end, "true"));
    return outcome;
}

/* Whether an answer was asked for its proof. */
static bool has_proof(const char *answer)
{
    const char *raw = strstr(answer, ",\"raw\":"), *behind = raw ? value_end(raw + 7) : NULL;

    return behind && !strncmp(behind, ",\"proof\":", 9);
}

/* An outcome in the place of a number. */
static uint32_t packed(struct outcome outcome)
{
    return (uint32_t)outcome.result << 8 | (uint32_t)outcome.paid << 4 | outcome.is_open;
}

static struct outcome unpacked(uint32_t value)
{
    struct outcome outcome = {(session_result)(value >> 8), (session_paid)(value >> 4 & 15),
                              value & 1};

    return outcome;
}

/* ---- The table ----------------------------------------------------------------------------- */

/* 1 if the line at that place has this head, 0 if not, -1 if it cannot be read. */
static int is_line_of(struct resume *resume, uint64_t place, const char *head, size_t length)
{
    size_t used = 0;

    if (length > resume->read_room) {
        char *grown = realloc(resume->read, length);
        if (!grown)
            return -1;
        resume->read = grown;
        resume->read_room = length;
    }
    while (used < length) {
        ssize_t got = pread(resume->fd, resume->read + used, length - used, (off_t)(place + used));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (!got)
            return 0;
        used += (size_t)got;
    }
    return !memcmp(resume->read, head, length);
}

/* Where the head stands in the table, or the free place for it. NULL if lines cannot be read. */
static struct entry *find(struct resume *resume, const char *head, size_t length, uint32_t *hash)
{
    size_t place;

    *hash = (uint32_t)siphash(resume->key, head, length);
    for (place = *hash & (resume->room - 1);; place = (place + 1) & (resume->room - 1)) {
        struct entry *entry = &resume->entries[place];
        int is_same;

        if (!entry->place)
            return entry;
        if (entry->hash != *hash)
            continue;
        is_same = is_line_of(resume, entry->place - 1, head, length);
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

/* The entry of a head, made if it is new. NULL if memory has run out, or lines cannot be read. */
static struct entry *hold(struct resume *resume, const char *head, size_t length, uint64_t place)
{
    struct entry *entry;
    uint32_t hash;

    if (4 * (resume->used + 1) > 3 * resume->room && !grow(resume))
        return NULL;
    entry = find(resume, head, length, &hash);
    if (entry && !entry->place) {
        entry->place = place + 1;
        entry->hash = hash;
        resume->used++;
    }
    return entry;
}

/* ---- The file ------------------------------------------------------------------------------ */

/* Holds a line: as one that need not be asked, or for the tally. */
static bool hold_line(struct resume *resume, const char *line, size_t length, enum kind kind,
                      const struct parts *parts, uint64_t place)
{
    struct outcome outcome = outcome_of(parts->answer, line + length);
    struct entry *entry;

    resume->lines++;
    if (resume->is_tallied) {
        entry = hold(resume, line, parts->input, place);
        if (entry)
            entry->value = packed(outcome);
        return entry != NULL;
    }
    if (kind != OURS || (outcome.is_open && !resume->keeps_failed))
        return true;
    if (resume->wants_proof && outcome.result == SESSION_OK && !has_proof(parts->answer))
        return true;
    entry = hold(resume, line, parts->head, place);
    if (entry)
        entry->value++;
    return entry != NULL;
}

/* Reads the lines; `*end` is where the last whole one ends, `*size` where the file does. */
static bool read_lines(struct resume *resume, uint64_t *end, uint64_t *size)
{
    int fd = dup(resume->fd);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t length;
    bool is_well = file != NULL;

    *end = *size = 0;
    while (is_well && *end == *size && (length = getline(&line, &room, file)) > 0) {
        bool is_whole = line[length - 1] == '\n';
        struct parts parts;
        enum kind kind = kind_of(line, (size_t)length - is_whole, &parts);

        number++;
        *size += (uint64_t)length;
        if (kind == FOREIGN
            || (is_whole && (kind == TORN || length < 2 || line[length - 2] != '}'))) {
            complain("%s: line %zu: expected a line of paysession batch, it is none; "
                     "nothing was changed",
                     resume->path, number);
            errno = 0;
            is_well = false;
        } else if (is_whole) {
            is_well = hold_line(resume, line, (size_t)length - 1, kind, &parts, *end);
            *end = *size;
        }
    }
    /* Where getline() has run out of memory it ends too, and the rest is not an unfinished line. */
    if (is_well && (ferror(file) || !feof(file)))
        is_well = false;
    free(line);
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
    if (!is_well && errno)
        complain("%s: %s", resume->path, strerror(errno));
    return is_well;
}

/* Why it may not be appended to or cut; NULL if it may. */
static const char *flaw_of(const struct stat *about)
{
    if (!S_ISREG(about->st_mode))
        return "expected a regular file";
    if (about->st_uid != geteuid())
        return "expected a file of the user who runs this, it is another's";
    if (about->st_mode & (S_IWGRP | S_IWOTH))
        return "expected a file that only its owner may write, its group or others may";
    return NULL;
}

struct resume *resume_open(const char *path, bool keeps_failed, bool wants_proof)
{
    struct resume *resume = calloc(1, sizeof *resume);
    struct stat about;
    uint64_t end, size;

    if (!resume) {
        complain("memory has run out");
        return NULL;
    }
    resume->path = path;
    resume->keeps_failed = keeps_failed;
    resume->wants_proof = wants_proof;
    /* Answers hold personal data: a new file is the user's alone. What is at the other end of a
     * link is not plainly meant to be written. */
    resume->fd =
        open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (resume->fd < 0 && errno == ELOOP) {
        complain("%s: expected a regular file, it is a symbolic link", path);
    } else if (resume->fd < 0) {
        complain("%s: %s", path, strerror(errno));
    } else if (fstat(resume->fd, &about) != 0) {
        complain("%s: %s", path, strerror(errno));
    } else if (flaw_of(&about)) {
        complain("%s: %s", path, flaw_of(&about));
    } else if (flock(resume->fd, LOCK_EX | LOCK_NB) != 0) {
        complain("%s: another batch is writing to it", path);
    } else if (getrandom(resume->key, sizeof resume->key, 0) != (ssize_t)sizeof resume->key) {
        complain("no random numbers: %s", strerror(errno));
    } else if (!grow(resume)) {
        complain("memory has run out");
    } else if (read_lines(resume, &end, &size)) {
        /* Nothing is cut that was not looked at. */
        if (fstat(resume->fd, &about) != 0 || (uint64_t)about.st_size != size)
            complain("%s: somebody else is writing to it; nothing was changed", path);
        else if (end == size || ftruncate(resume->fd, (off_t)end) == 0)
            return resume;
        else
            complain("%s: %s", path, strerror(errno));
    }
    resume_close(resume);
    return NULL;
}

int resume_fd(const struct resume *resume)
{
    return resume->fd;
}

int resume_take(struct resume *resume, const char *head)
{
    uint32_t hash;
    struct entry *entry = find(resume, head, strlen(head), &hash);

    if (!entry) {
        complain("the file to resume cannot be read any more");
        return -1;
    }
    if (!entry->place || !entry->value)
        return 0;
    entry->value--;
    return 1;
}

unsigned long resume_lines(const struct resume *resume)
{
    return resume->lines;
}

bool resume_tally(struct resume *resume, struct tally *tally)
{
    uint64_t end, size;
    size_t i;

    memset(tally, 0, sizeof *tally);
    memset(resume->entries, 0, resume->room * sizeof *resume->entries);
    resume->used = 0;
    resume->is_tallied = true;
    if (lseek(resume->fd, 0, SEEK_SET) != 0 || !read_lines(resume, &end, &size))
        return false;
    for (i = 0; i < resume->room; i++)
        if (resume->entries[i].place)
            tally_add(tally, unpacked(resume->entries[i].value));
    return true;
}

void resume_close(struct resume *resume)
{
    if (!resume)
        return;
    if (resume->fd >= 0)
        close(resume->fd);
    free(resume->entries);
    free(resume->read);
    free(resume);
}
