/* SPDX-License-Identifier: MIT */
/* lookup CONFIG FOLDER: a name's lookup that outlives the call, and has descriptors of
 * libcurl's. Between the calls the host puts a file of its own on each number up to 9. Prints
 * the lowest of the descriptors, and how many of the files were touched or closed until the
 * lookup was over. */
#include "common.h"
#include <sys/stat.h>

enum { LOW = 10 };

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    session_client *client = opened(arguments[1]);
    session_answer *answer;
    struct stat mine, there;
    int lowest = 3, touched = 0;
    session_result result = session_get(client, "kustom:x", "{\"timeout_ms\": 200}", &answer);
    if (result != SESSION_TIMED_OUT)
        fail("%s", session_answer_json(answer, NULL));
    session_answer_free(answer);
    while (fcntl(lowest, F_GETFD) < 0)
        lowest++;
    if (chdir(arguments[2]))
        fail("folder");
    int file = open("report.txt", O_RDWR | O_CREAT, 0600);
    if (file < 0 || fstat(file, &mine))
        fail("file");
    for (int fd = 3; fd < LOW; fd++)
        if (fd != file && dup2(file, fd) < 0)
            fail("dup2");
    pause_ms(1500);
    session_client_close(client);
    for (int fd = 3; fd < LOW; fd++)
        touched += fstat(fd, &there) || there.st_ino != mine.st_ino || there.st_size;
    printf("{\"lowest\": %d, \"touched\": %d}\n", lowest, touched);
    return 0;
}
