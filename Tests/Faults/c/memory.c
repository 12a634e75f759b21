/* SPDX-License-Identifier: MIT */
/* memory CONFIG HOW WHO=HEX...: where copies of secrets are, and who lets go of memory that
 * still holds one. Each secret comes masked (each byte xor 0xA5, in hexadecimal), and is never
 * put together here. Prints, for each, the copies in this process after opening, after calls,
 * and after closing, and by library how many blocks it freed that held one.
 *
 * HOW is "leave", or "wipe": then such a block is wiped when it is let go. Otherwise the next one
 * to get it from malloc has a copy that it never made, and would be blamed for it.
 *
 * free and realloc are those of this program, for all libraries: it is linked with -rdynamic. */
#include "common.h"
#include <dlfcn.h>
#include <malloc.h>

enum { MASK = 0xA5, MOST = 16, OWNERS = 16 };
static struct secret {
    const char *who;
    unsigned char masked[128];
    size_t length;
    int after_open, after_calls, after_close, where[4];
    struct {
        char name[64];
        int count;
    } freed[OWNERS];
} secrets[MOST];
static int secret_count;
static volatile int is_watching, does_wipe;

extern void __libc_free(void *);
extern void *__libc_malloc(size_t);

static int count_in(const struct secret *secret, const unsigned char *memory, size_t length)
{
    int found = 0;
    for (size_t i = 0; i + secret->length <= length; i++) {
        size_t same = 0;
        while (same < secret->length && (memory[i + same] ^ MASK) == secret->masked[same])
            same++;
        if (same == secret->length)
            found++;
    }
    return found;
}

static void let_go(void *block, const void *caller)
{
    if (!is_watching || !block)
        return;
    int found = 0;
    for (int i = 0; i < secret_count; i++) {
        Dl_info info = {0};
        if (!count_in(&secrets[i], block, malloc_usable_size(block)))
            continue;
        found++;
        const char *name = dladdr(caller, &info) && info.dli_fname ? info.dli_fname : "?";
        const char *slash = strrchr(name, '/');
        if (slash)
            name = slash + 1;
        for (int owner = 0; owner < OWNERS; owner++) {
            if (!secrets[i].freed[owner].count)
                strncpy(secrets[i].freed[owner].name, name, 63);
            if (strcmp(secrets[i].freed[owner].name, name))
                continue;
            secrets[i].freed[owner].count++;
            break;
        }
    }
    if (found && does_wipe)
        explicit_bzero(block, malloc_usable_size(block));
}

void free(void *block)
{
    let_go(block, __builtin_return_address(0));
    __libc_free(block);
}

void *realloc(void *block, size_t length)
{
    if (!block)
        return __libc_malloc(length);
    size_t old = malloc_usable_size(block);
    if (length && length <= old)
        return block;
    void *moved = __libc_malloc(length);
    if (!moved)
        return NULL;
    memcpy(moved, block, old < length ? old : length);
    let_go(block, __builtin_return_address(0));
    __libc_free(block);
    return moved;
}

/* Every page that may be written: heap, stacks, anonymous memory, the libraries' data. */
static void scan(int *total, int where, struct secret *secret)
{
    static char maps[1 << 18];
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    for (ssize_t got; (got = read(file, maps + length, sizeof maps - 1 - length)) > 0;)
        length += (size_t)got;
    close(file);
    maps[length] = 0;
    *total = 0;
    for (char *line = maps; *line; line += strcspn(line, "\n") + 1) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w')
            continue;
        char *end = strchr(line, '\n');
        *end = 0;
        int found = count_in(secret, (unsigned char *)from, to - from);
        *total += found;
        if (where) {
            if (strstr(line, "[heap]"))
                secret->where[0] += found;
            else if (strstr(line, "[stack]"))
                secret->where[1] += found;
            else if (strchr(line, '/'))
                secret->where[2] += found;
            else
                secret->where[3] += found;
        }
        *end = '\n';
    }
}

int main(int count, char **arguments)
{
    if (count < 4)
        return 2;
    does_wipe = !strcmp(arguments[2], "wipe");
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    for (int i = 3; i < count && secret_count < MOST; i++) {
        struct secret *secret = &secrets[secret_count++];
        char *hex = strchr(arguments[i], '=');
        if (!hex)
            return 2;
        *hex++ = 0;
        secret->who = arguments[i];
        for (; hex[0] && hex[1] && secret->length < sizeof secret->masked; hex += 2) {
            unsigned byte;
            sscanf(hex, "%2x", &byte);
            secret->masked[secret->length++] = (unsigned char)byte;
        }
    }
    static char config[1 << 16];
    int file = open(arguments[1], O_RDONLY | O_CLOEXEC);
    if (read(file, config, sizeof config - 1) <= 0)
        fail("%s", arguments[1]);
    close(file);

    session_client *client;
    session_answer *answer;
    is_watching = 1;
    if (session_client_open(config, &client, &answer))
        fail("%s", session_answer_json(answer, NULL));
    session_answer_free(answer);
    explicit_bzero(config, sizeof config);
    for (int i = 0; i < secret_count; i++)
        scan(&secrets[i].after_open, 0, &secrets[i]);
    for (int nth = 0; nth < 12; nth++)
        session_answer_free(get_own(client, EVERY, 1, nth));
    static const char *const bad[] = {"kustom:e401-x", "ledyer:e401-x", "ledyer:e404-x",
                                      "dintero:T12345678/order/e403-x", "kustom:page-x"};
    for (int nth = 0; nth < 5; nth++) {
        session_get(client, bad[nth], NULL, &answer);
        session_answer_free(answer);
    }
    for (int i = 0; i < secret_count; i++)
        scan(&secrets[i].after_calls, 0, &secrets[i]);
    session_client_close(client);
    is_watching = 0;
    for (int i = 0; i < secret_count; i++)
        scan(&secrets[i].after_close, 1, &secrets[i]);
    printf("{");
    for (int i = 0; i < secret_count; i++) {
        struct secret *s = &secrets[i];
        printf("%s\"%s\": {\"after_open\": %d, \"after_calls\": %d, \"after_close\": %d, "
               "\"heap\": %d, \"stack\": %d, \"file\": %d, \"anonymous\": %d, \"freed_by\": {",
               i ? ", " : "", s->who, s->after_open, s->after_calls, s->after_close, s->where[0],
               s->where[1], s->where[2], s->where[3]);
        for (int owner = 0; owner < OWNERS && s->freed[owner].count; owner++)
            printf("%s\"%s\": %d", owner ? ", " : "", s->freed[owner].name, s->freed[owner].count);
        printf("}}");
    }
    puts("}");
    return 0;
}
