/* SPDX-License-Identifier: MIT */
/* Files, and the client made of the configuration in one. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_read(const char *path, size_t *length)
{
    const char *name = strcmp(path, "-") ? path : "standard input";
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
        complain("%s: %s", name, strerror(errno));
        free(text);
        text = NULL;
    } else {
        text[used] = '\0';
        if (length) {
            *length = used;
        } else if (strlen(text) != used) {
            complain("%s: expected text, there is a NUL byte in it", name);
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

void config_free(char *config)
{
    if (config)
        explicit_bzero(config, strlen(config));
    free(config);
}

/* What is wrong with the configuration, as the library says it: it names the file. */
static void complain_of_config(const session_answer *answer, const char *file)
{
    const char *message = session_answer_text(answer, "/error/message");

    if (!message)
        message = session_result_name(session_answer_result(answer));
    complain("%s%s%s%s", file ? file : "", file ? ": " : "", message,
             strstr(message, "there is none") ? "; 'paysession config' prints a template" : "");
}

/* Whether it can be read twice. */
static bool is_regular(const char *path)
{
    struct stat seen;

    return stat(path, &seen) == 0 && S_ISREG(seen.st_mode);
}

/* From standard input, or from where it can be read only once and is wanted. */
static session_client *open_text(const char *path, char **config)
{
    session_client *client = NULL;
    session_answer *answer;
    char *text = file_read(path, NULL);

    if (!text)
        return NULL;
    if (session_client_open(text, &client, &answer) != SESSION_OK)
        complain_of_config(answer, strcmp(path, "-") ? path : "standard input");
    session_answer_free(answer);
    if (config && client)
        *config = text;
    else
        config_free(text);
    return client;
}

session_client *client_open(const struct options *options, char **config)
{
    session_client *client = NULL;
    session_answer *answer, *report;
    const char *file;

    if (config)
        *config = NULL;
    if (options->config
        && (!strcmp(options->config, "-") || (config && !is_regular(options->config))))
        return open_text(options->config, config);
    if (session_client_open_file(options->config, &client, &answer) != SESSION_OK)
        complain_of_config(answer, NULL);
    session_answer_free(answer);
    if (!client || !config)
        return client;
    session_client_report(client, &report);
    file = session_answer_text(report, "/report/configuration/file");
    *config = file ? file_read(file, NULL) : NULL;
    session_answer_free(report);
    if (!*config) {
        session_client_close(client);
        client = NULL;
    }
    return client;
}
