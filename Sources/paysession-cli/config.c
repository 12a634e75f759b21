/* SPDX-License-Identifier: MIT */
/* Where the configuration is, and the client made of it. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *file_read(const char *path, size_t *length)
{
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    char *text = NULL;
    size_t used = 0, room = 0;
    ssize_t got = 0;

    while (fd >= 0) {
        if (room - used < 2) {
            char *grown = realloc(text, room = room ? 2 * room : 4096);
            if (!grown) {
                got = -1;
                break;
            }
            text = grown;
        }
        got = read(fd, text + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    if (fd < 0 || got < 0) {
        complain("%s: %s", path, strerror(errno));
        free(text);
        text = NULL;
    } else {
        text[used] = '\0';
        if (length) {
            *length = used;
        } else if (strlen(text) != used) {
            complain("%s: expected text, got a NUL byte in it", path);
            explicit_bzero(text, used);
            free(text);
            text = NULL;
        }
    }
    if (fd > STDIN_FILENO)
        close(fd);
    return text;
}

const char *without_mark(const char *text)
{
    return strncmp(text, "\xEF\xBB\xBF", 3) ? text : text + 3;
}

static char *default_path(void)
{
    const char *home = getenv("XDG_CONFIG_HOME");
    const char *below = "paysession/config.json";
    char *path = NULL;

    /* The base directory specification: a path that is not absolute does not count. */
    if (!home || *home != '/') {
        home = getenv("HOME");
        below = ".config/paysession/config.json";
    }
    if (!home || asprintf(&path, "%s/%s", home, below) < 0)
        return NULL;
    return path;
}

char *config_read(const struct options *options)
{
    const char *named = options->config;
    char *path, *text;

    if (!named) {
        named = getenv("PAYSESSION_CONFIG");
        if (named && !*named)
            named = NULL;
    }
    if (named)
        return file_read(named, NULL);
    path = default_path();
    if (!path || access(path, F_OK) != 0) {
        complain("no configuration: neither --config nor $PAYSESSION_CONFIG, and no %s",
                 path ? path : "home directory");
        free(path);
        return NULL;
    }
    text = file_read(path, NULL);
    free(path);
    return text;
}

void config_free(char *config)
{
    if (config)
        explicit_bzero(config, strlen(config));
    free(config);
}

session_client *client_open(const struct options *options, char **config)
{
    session_client *client = NULL;
    session_answer *answer;
    char *text = config_read(options);

    if (config)
        *config = NULL;
    if (!text)
        return NULL;
    if (session_client_open(text, &client, &answer) != SESSION_OK) {
        json_t *head = answer_head(session_answer_json(answer, NULL));
        const char *message = text_of(json_object_get(head, "error"), "message",
                                      session_result_name(session_answer_result(answer)));
        /* Of a key the library says which, of the whole that it is the configuration. */
        complain("%s%s", strncmp(message, "configuration: ", 15) ? "configuration: " : "", message);
        json_decref(head);
    }
    session_answer_free(answer);
    if (config && client)
        *config = text;
    else
        config_free(text);
    return client;
}
