/* SPDX-License-Identifier: MIT */
/* Opens and closes a shared client COUNT times, as a worker of PHP does with each request: open
 * CONFIG COUNT. */
#include <paysession.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    session_client *client;
    unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long i;

    for (i = 0; i < count; i++) {
        if (session_client_open(argv[1], &client, NULL) != SESSION_OK)
            return 2;
        session_client_close(client);
    }
    return !count;
}
