/* SPDX-License-Identifier: MIT */
/* pipe_closing CONFIG SECONDS: threads that each open a client, read and close it, while another
 * looks at what SIGPIPE would do to the process. Prints how often it was found changed, and what it
 * is in the end. */
#include "common.h"

enum { THREADS = 4 };
static const char *path;
static double end;
static volatile int stop;

static void *work(void *number)
{
    for (int nth = 0; seconds() < end; nth++) {
        session_client *client = opened(path);
        session_answer_free(get_own(client, 2, (int)(size_t)number, nth));
        session_client_close(client);
    }
    return NULL;
}

static int is_changed(void)
{
    struct sigaction action;
    sigaction(SIGPIPE, NULL, &action);
    return action.sa_handler != SIG_DFL;
}

static void *look(void *count)
{
    for (long *found = count; !stop;)
        *found += is_changed();
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    pthread_t ids[THREADS], looking;
    long found = 0;
    path = arguments[1];
    signal(SIGPIPE, SIG_DFL);
    end = seconds() + atof(arguments[2]);
    pthread_create(&looking, NULL, look, &found);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    stop = 1;
    pthread_join(looking, NULL);
    printf("{\"found_changed\": %ld, \"changed_in_the_end\": %d}\n", found, is_changed());
    return 0;
}
