/* SPDX-License-Identifier: MIT */
/*
 * Reads COUNT sessions in one batch and judges each: batch CONFIG COUNT [NAME]. Prints the most
 * memory that it had in KiB. Fails if one session is not paid.
 */
#include <paysession.h>
#include <stdio.h>
#include <stdlib.h>

/* The kernel's own count since exec: getrusage would tell what the parent had before it. */
static void print_peak(void)
{
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");

    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (status)
        fclose(status);
    printf("%ld\n", kib);
}

int main(int argc, char **argv)
{
    session_client *client;
    session_batch *batch;
    session_answer *answer;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    const char *name = argc > 3 ? argv[3] : "full";
    unsigned long added = 0, paid = 0;

    if (!count || session_client_open(argv[1], &client, NULL) != SESSION_OK
        || session_batch_open(client, NULL, &batch, NULL) != SESSION_OK)
        return 2;
    for (;;) {
        char reference[64];
        while (added < count) {
            snprintf(reference, sizeof reference, "kustom:%s-%lu", name, added);
            if (session_batch_add(batch, reference, NULL, added) != SESSION_OK)
                break;
            added++;
        }
        if (session_batch_next(batch, -1, NULL, &answer) == SESSION_DONE)
            break;
        paid += session_answer_paid(answer) == SESSION_PAID_YES;
        session_answer_free(answer);
    }
    session_batch_close(batch);
    session_client_close(client);
    print_peak();
    return paid != count;
}
