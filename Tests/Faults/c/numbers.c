/* SPDX-License-Identifier: MIT */
/* numbers CONFIG FOLDER HOW: which numbers the library's descriptors have, in a program that has
 * 0, 1 and 2 open, or (HOW closed) not even those. Then the host opens files of its own on the
 * lowest numbers, up to 9, and goes on: nothing but what it writes itself stands in them, and
 * they are what they were. Prints the lowest number, what became of the write to 1, and how many
 * files were touched. */
#include "common.h"
#include <sys/stat.h>

enum { OURS = 60, LOW = 10 };

/* The lowest of the library's: not 0, 1 or 2 where the host has them. */
static int lowest(int is_closed)
{
    for (int fd = is_closed ? 0 : 3; fd < 256; fd++)
        if (fd != OURS && fcntl(fd, F_GETFD) >= 0)
            return fd;
    return 256;
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    int is_closed = !strcmp(arguments[3], "closed"), low = 256, touched = 0, files[LOW],
        opened_files = 0;
    ino_t inodes[LOW];
    struct stat facts;
    if (dup2(1, OURS) < 0 || chdir(arguments[2]))
        fail("setup");
    char *config = contents(arguments[1]);
    if (is_closed)
        close(0), close(1), close(2);
    session_client *client = NULL;
    session_batch *batch;
    session_answer *answer;
    if (session_client_open(config, &client, NULL))
        fail("open");
#define LOOK (low = lowest(is_closed) < low ? lowest(is_closed) : low)
    LOOK;
    for (int nth = 0; nth < 4; nth++)
        session_answer_free(get_own(client, EVERY, 1, nth)), LOOK;
    if (session_batch_open(client, NULL, &batch, NULL) || session_batch_fd(batch) < LOW)
        fail("batch");
    LOOK;
    if (session_batch_add(batch, "kustom:x", NULL, 1))
        fail("add");
    if (session_batch_next(batch, -1, NULL, &answer))
        fail("next");
    session_answer_free(answer);
    LOOK;
    /* A text that goes nowhere must be told so. */
    ssize_t written = is_closed ? write(1, "paid:42\n", 8) : -1;
    int problem = errno;

    for (;;) {
        char name[16];
        snprintf(name, sizeof name, "report%d", opened_files);
        int fd = open(name, O_RDWR | O_CREAT, 0600);
        if (fd < 0 || fd >= LOW) {
            close(fd);
            break;
        }
        fstat(fd, &facts);
        inodes[opened_files] = facts.st_ino;
        files[opened_files++] = fd;
        if (write(fd, "report\n", 7) != 7)
            fail("write");
    }
    session_client_cancel(client);
    for (int nth = 4; nth < 8; nth++)
        session_answer_free(get_own(client, EVERY, 1, nth));
    session_client *other = NULL;
    if (session_client_open(config, &other, NULL))
        fail("open");
    session_answer_free(get_own(other, EVERY, 1, 8));
    session_client_cancel(other);
    if (session_batch_add(batch, "kustom:x", NULL, 1))
        fail("add");
    if (session_batch_next(batch, -1, NULL, &answer))
        fail("next");
    session_answer_free(answer);
    session_batch_close(batch);
    session_client_close(other);
    session_client_close(client);
    for (int nth = 0; nth < opened_files; nth++)
        touched += fstat(files[nth], &facts) || facts.st_ino != inodes[nth] || facts.st_size != 7;
    dprintf(OURS,
            "{\"lowest\": %d, \"files\": %d, \"touched\": %d, \"written\": %d, \"is_ebadf\": %s}\n",
            low, opened_files, touched, (int)written, problem == EBADF ? "true" : "false");
    free(config);
    return 0;
}
