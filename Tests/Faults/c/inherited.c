/* SPDX-License-Identifier: MIT */
/* inherited CONFIG HOW COUNT: starts COUNT programs, by vfork, posix_spawn or system, while two
 * threads open clients, read by new connections and close them. Each program is this one again,
 * and tells what it has open beside 0, 1 and 2. */
#include "common.h"
#include <spawn.h>

extern char **environ;
static char *config;
static volatile int stopped;

static int list(void)
{
    int count = 0;
    for (int fd = 3; fd < 256; fd++) {
        char path[64], target[256];
        int domain = 0;
        socklen_t size = sizeof domain;
        if (fcntl(fd, F_GETFD) < 0)
            continue;
        /* libcurl's own wake-up pair: see exec.c. */
        if (!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) && domain == AF_UNIX)
            continue;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        fprintf(stderr, "%d %.*s\n", fd, (int)(length < 0 ? 0 : length), target);
        count++;
    }
    return count;
}

static void read_one(int number, int nth)
{
    session_client *client;
    if (session_client_open(config, &client, NULL))
        fail("open");
    session_answer_free(get_own(client, EVERY, number, nth));
    session_client_close(client);
}

static void *work(void *number)
{
    for (int nth = 0; !stopped; nth++)
        read_one((int)(size_t)number, nth);
    return NULL;
}

int main(int count, char **arguments)
{
    if (count == 2)
        return list();
    if (count != 4)
        return 2;
    const char *how = arguments[2];
    char self[512], command[600];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        fail("self");
    self[length] = 0;
    snprintf(command, sizeof command, "%s list", self);
    char *const again[] = {self, "list", NULL};
    pthread_t threads[2];
    config = contents(arguments[1]);
    /* OpenSSL reads its configuration once, by fopen() without close-on-exec. */
    read_one(2, 0);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, (void *)(size_t)i);
    int rounds = atoi(arguments[3]);
    for (int round = 0; round < rounds; round++) {
        int status = 0;
        pid_t child = 0;
        if (!strcmp(how, "system")) {
            status = system(command);
        } else if (!strcmp(how, "posix_spawn")) {
            if (posix_spawn(&child, self, NULL, NULL, again, environ))
                fail("posix_spawn");
        } else {
            child = vfork();
            if (!child) {
                execve(self, again, environ);
                _exit(127);
            }
        }
        if (child && waitpid(child, &status, 0) != child)
            fail("wait");
        if (status)
            fail("round %d: %x", round, status);
    }
    stopped = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("{\"rounds\": %d}\n", rounds);
    free(config);
    return 0;
}
