/* SPDX-License-Identifier: MIT */
/* What the programs of this folder share. Each asks for sessions of names it makes up, and looks
 * for that name in the answer: an answer of another request is found out. */
#ifndef PAYSESSION_FAULTS_COMMON_H
#define PAYSESSION_FAULTS_COMMON_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <paysession.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOP "a93f1f44-d5dd-4469-bfcc-c1de9e969213"

__attribute__((format(printf, 1, 2), noreturn, unused)) static void fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    _exit(1);
}

__attribute__((unused)) static char *contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("%s: %s", path, strerror(errno));
    size_t room = 1 << 22, length;
    char *text = malloc(room);
    if (!text)
        fail("no memory");
    length = fread(text, 1, room - 1, file);
    text[length] = 0;
    fclose(file);
    return text;
}

__attribute__((unused)) static session_client *opened(const char *path)
{
    char *config = contents(path);
    session_client *client = NULL;
    session_answer *answer = NULL;
    if (session_client_open(config, &client, &answer) != SESSION_OK)
        fail("open: %s", session_answer_json(answer, NULL));
    session_answer_free(answer);
    free(config);
    return client;
}

__attribute__((unused)) static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

__attribute__((unused)) static void pause_ms(int milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&time, &time) && errno == EINTR) {
    }
}

/* Descriptors whose target begins with `kind` ("" counts all but the one that lists them). */
__attribute__((unused)) static int descriptors(const char *kind)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    int count = 0;
    while (directory && (entry = readdir(directory))) {
        char path[300], target[300];
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory))
            continue;
        snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[length] = 0;
        count += !strncmp(target, kind, strlen(kind));
    }
    if (directory)
        closedir(directory);
    return count;
}

/* Descriptors that are connections to somewhere. */
__attribute__((unused)) static int connections(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        if (!getsockname(fd, (struct sockaddr *)&address, &length))
            count += address.ss_family == AF_INET || address.ss_family == AF_INET6;
    }
    return count;
}

/* What references begin with, by provider: first the one that stands for all, then the others that
 * need no token, then those that do. programs.py knows them. */
__attribute__((unused)) static const char *const prefixes[] = {PREFIXES};
enum { EVERY = sizeof prefixes / sizeof *prefixes };

/* The nth session of a caller at one of the first `providers` providers, by its reference and,
 * quoted as in the document, by its name. */
__attribute__((unused)) static void name_session(char *reference, char *quoted, size_t room,
                                                 int providers, int caller, int nth)
{
    char name[64];
    snprintf(name, sizeof name, "s-%d-%d-%d", (int)getpid(), caller, nth);
    snprintf(reference, room, "%s%s", prefixes[nth % providers], name);
    snprintf(quoted, room, ": \"%s\"", name);
}

/* The value of a key whose value is text, "" if it is not there. Good for one use at a time. */
__attribute__((unused)) static void text_of(const char *json, const char *key, char *value,
                                            size_t room)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\": \"", key);
    const char *at = strstr(json, pattern);
    value[0] = 0;
    if (!at)
        return;
    at += strlen(pattern);
    size_t length = strcspn(at, "\"");
    if (length >= room)
        length = room - 1;
    memcpy(value, at, length);
    value[length] = 0;
}

/* Reads a session and checks that the answer is its own. Fails otherwise, and tells why. */
__attribute__((unused)) static session_answer *get_own(session_client *client, int providers,
                                                       int caller, int nth)
{
    char reference[128], quoted[128];
    session_answer *answer = NULL;
    name_session(reference, quoted, sizeof reference, providers, caller, nth);
    session_result result = session_get(client, reference, NULL, &answer);
    const char *json = session_answer_json(answer, NULL);
    if (result != SESSION_OK)
        fail("%s in %d: %s", reference, (int)getpid(), json);
    /* Twice: in `session`, as the library read it, and in `raw`, as it came. */
    const char *raw = strstr(json, "\"raw\":");
    if (!raw || !strstr(raw, quoted))
        fail("%s got another's answer: %s", reference, json);
    return answer;
}

#endif
