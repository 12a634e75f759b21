/* SPDX-License-Identifier: MIT */
/* wiped CONFIG PROVIDER REQUEST BODY HEX...: how often each text is in this process once its
 * callbacks were checked and its client closed; each comes masked (each byte xor 0xA5, in
 * hexadecimal), and is never put together here. Prints the sum of all before the client is
 * closed, how many blocks were freed that held one, and of each text how often it is there
 * after.
 *
 * free is that of this program, for all libraries: it is linked with -rdynamic. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <paysession.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MASK = 0xA5, LONGEST = 256, MOST = 8 };

static int count_in(const unsigned char *masked, size_t size, const unsigned char *memory,
                    size_t length)
{
    int found = 0;
    size_t place, same;
    for (place = 0; place + size <= length; place++) {
        for (same = 0; same < size && (memory[place + same] ^ MASK) == masked[same];)
            same++;
        found += same == size;
    }
    return found;
}

static struct {
    unsigned char masked[LONGEST];
    size_t size;
} texts[MOST];
static int text_count, freed;

extern void __libc_free(void *);

void free(void *block)
{
    int nth;
    for (nth = 0; block && nth < text_count; nth++)
        freed += count_in(texts[nth].masked, texts[nth].size, block, malloc_usable_size(block)) > 0;
    __libc_free(block);
}

static void keep(const char *hex)
{
    unsigned byte;
    for (; hex[0] && hex[1] && texts[text_count].size < LONGEST; hex += 2) {
        sscanf(hex, "%2x", &byte);
        texts[text_count].masked[texts[text_count].size++] = (unsigned char)byte;
    }
    text_count++;
}

/* Every page that may be written: heap, stacks, anonymous memory, the libraries' data. */
static int scan(int nth)
{
    static char maps[1 << 18];
    size_t length = 0;
    int found = 0, file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t got;
    char *line;
    while ((got = read(file, maps + length, sizeof maps - 1 - length)) > 0)
        length += (size_t)got;
    close(file);
    maps[length] = '\0';
    for (line = strtok(maps, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && rights[1] == 'w')
            found += count_in(texts[nth].masked, texts[nth].size, (unsigned char *)from, to - from);
    }
    return found;
}

static size_t contents(const char *path, char *room, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, room, size - 1);
    if (length < 0)
        exit(2);
    close(file);
    room[length] = '\0';
    return (size_t)length;
}

int main(int count, char **arguments)
{
    static char config[1 << 16], request[1 << 16], body[1 << 16];
    session_client *client;
    session_result results[3];
    size_t length;
    int nth, before = 0;
    if (count < 6 || count > 5 + MOST)
        return 2;
    for (nth = 5; nth < count; nth++)
        keep(arguments[nth]);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    contents(arguments[1], config, sizeof config);
    contents(arguments[3], request, sizeof request);
    length = contents(arguments[4], body, sizeof body);
    if (session_client_open(config, &client, NULL) != SESSION_OK)
        return 3;
    explicit_bzero(config, sizeof config);
    for (nth = 0; nth < 3; nth++)
        results[nth] = session_callback_verify(client, arguments[2], request, body,
                                               nth == 2 ? length / 2 : length, NULL, NULL);
    for (nth = 0; nth < text_count; nth++)
        before += scan(nth);
    session_client_close(client);
    printf("%d %d %d %d", results[0], results[2], before, freed);
    for (nth = 0; nth < text_count; nth++)
        printf(" %d", scan(nth));
    putchar('\n');
    return 0;
}
