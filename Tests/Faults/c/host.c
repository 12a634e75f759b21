/* SPDX-License-Identifier: MIT */
/* host LIBRARY OUT LOCALE CONFIG [CONFIG...]: what a process is, told to the file OUT at each
 * stage: before the library is there, when it is loaded, after calls with each configuration, after
 * it was unloaded and loaded again. Itself it writes nothing anywhere else.
 *
 * Not linked to the library: loading it is part of what is watched. */
#include "common.h"
#include <dlfcn.h>
#include <locale.h>
#include <sys/stat.h>

static FILE *out;
static void *library;
extern char **environ;

static void no_handler(int number)
{
    (void)number;
}

static void tell_status(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[512];
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "Sig", 3) || !strncmp(line, "ShdPnd", 6) || !strncmp(line, "Threads", 7))
            fputs(line, out);
    if (status)
        fclose(status);
}

static int threads(void)
{
    DIR *directory = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    if (directory)
        closedir(directory);
    return count;
}

/* name, then one line for each thing that must not change */
static void tell(const char *name)
{
    fprintf(out, "--- %s\n", name);
    tell_status();
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action))
            continue;
        fprintf(out, "signal %d: %s %x\n", number,
                action.sa_handler == SIG_DFL      ? "default"
                : action.sa_handler == SIG_IGN    ? "ignored"
                : action.sa_handler == no_handler ? "ours"
                                                  : "somebody's",
                (unsigned)action.sa_flags);
    }
    stack_t stack;
    sigaltstack(NULL, &stack);
    fprintf(out, "alternate stack: %x\n", (unsigned)stack.ss_flags);
    fprintf(out, "locale: %s\n", setlocale(LC_ALL, NULL));
    mode_t mask = umask(0);
    umask(mask);
    fprintf(out, "umask: %o\n", mask);
    char folder[4096];
    fprintf(out, "folder: %s\n", getcwd(folder, sizeof folder));
    for (int limit = 0; limit < RLIMIT_NLIMITS; limit++) {
        struct rlimit value;
        getrlimit(limit, &value);
        fprintf(out, "limit %d: %lu %lu\n", limit, (unsigned long)value.rlim_cur,
                (unsigned long)value.rlim_max);
    }
    for (char **variable = environ; *variable; variable++)
        fprintf(out, "environment: %s\n", *variable);
    fprintf(out, "priority: %d\n", getpriority(PRIO_PROCESS, 0));
    struct stat of;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &of))
            fprintf(out, "fd %d closed\n", fd);
        else
            fprintf(out, "fd %d: %lu %x\n", fd, (unsigned long)of.st_ino,
                    (unsigned)fcntl(fd, F_GETFL));
    }
    fprintf(out, "descriptors: %d\n", descriptors(""));
    fflush(out);
}

#define FIND(name) __typeof__(&name) p_##name = dlsym(library, #name)

static void call(const char *path)
{
    FIND(session_client_open);
    FIND(session_get);
    FIND(session_client_report);
    FIND(session_answer_free);
    FIND(session_client_close);
    FIND(session_batch_open);
    FIND(session_batch_add);
    FIND(session_batch_next);
    FIND(session_batch_close);
    FIND(session_normalize);
    static const char *const references[] = {
        "kustom:x",      "inbank:" SHOP "/x", "ledyer:x",      "dintero:T12345678/order/x",
        "nonsense",      "kustom:e404-x",     "kustom:page-x", "kustom:huge-x",
        "kustom:wrong-x"};
    session_client *client;
    session_batch *batch;
    session_answer *answer;
    char *config = contents(path);
    if (p_session_client_open("{\"timeout_ms\": -1}", &client, &answer) != SESSION_INVALID_CONFIG)
        fail("a configuration that is none");
    p_session_answer_free(answer);
    p_session_normalize("kustom", "{]", NULL, &answer);
    p_session_answer_free(answer);
    if (p_session_client_open(config, &client, &answer))
        fail("open");
    p_session_answer_free(answer);
    if (p_session_batch_open(client, NULL, &batch, NULL))
        fail("batch");
    for (int i = 0; i < 9; i++) {
        p_session_get(client, references[i], NULL, &answer);
        p_session_answer_free(answer);
        if (p_session_batch_add(batch, references[i], NULL, 0))
            fail("add");
    }
    for (int i = 0; i < 5; i++) {
        p_session_batch_next(batch, -1, NULL, &answer);
        p_session_answer_free(answer);
    }
    p_session_client_report(client, &answer);
    p_session_answer_free(answer);
    p_session_batch_close(batch);
    p_session_client_close(client);
    free(config);
}

int main(int count, char **arguments)
{
    if (count < 5)
        return 2;
    out = fopen(arguments[2], "we");
    if (!out)
        return 2;
    setlocale(LC_ALL, arguments[3]);
    /* A host with handlers and a mask of its own. */
    struct sigaction action = {.sa_handler = no_handler, .sa_flags = SA_RESTART | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR2);
    umask(027);
    tell("before");
    library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail("%s", dlerror());
    tell("loaded");
    for (int i = 4; i < count; i++) {
        char name[64];
        call(arguments[i]);
        snprintf(name, sizeof name, "called %d", i - 3);
        /* libcurl's name lookup that was given up has a thread of its own, until it ends. */
        for (int wait = 0; wait < 300 && threads() > 1; wait++)
            pause_ms(100);
        tell(name);
    }
    for (int again = 0; again < 5; again++) {
        FIND(session_version);
        const char *version = p_session_version();
        dlclose(library);
        /* It stays mapped: what it gave is still there. */
        if (strcmp(version, "0.1.0"))
            fail("version");
        library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        if (!library)
            fail("%s", dlerror());
        call(arguments[4]);
    }
    tell("loaded again");
    dlclose(library);
    tell("unloaded");
    return 0;
}
