#!/bin/bash
# SPDX-License-Identifier: MIT
# From the library of 0.1.0 to today's, under a program that was compiled for 0.1.0 and runs meanwhile.
# shellcheck source=/dev/null
. /try/common.sh

get /try/previous.deb gcc libc6-dev
library=$(echo /usr/lib/*/libpaysession.so.0)
cp paid-0.1.0.c paid.c
cat > lasting.c << 'C'
#include <paysession.h>
#include <stdio.h>
#include <unistd.h>
/* Reads the same session until it is told to stop; ends well if it was paid each time. */
int main(int count, char **arguments)
{
    session_client *client;
    session_answer *answer;
    int read = 0;
    if (count != 4 || session_client_open(arguments[1], &client, &answer) != SESSION_OK)
        return 2;
    session_answer_free(answer);
    for (; access(arguments[3], F_OK); read++) {
        session_get(client, arguments[2], NULL, &answer);
        if (session_answer_paid(answer) != SESSION_PAID_YES)
            return 1;
        session_answer_free(answer);
        usleep(20000);
    }
    session_client_close(client);
    printf("%s, read %d times\n", session_version(), read);
    return 0;
}
C
for program in paid lasting; do cc -std=gnu99 -Wall -Werror -I0.1.0 "$program.c" "$library" -o "$program"; done
[[ $(./paid "$(cat config.json)" "$PAID") == *"paid yes: ship" ]]
was=$(readlink -f "$library" | xargs md5sum)
./lasting "$(cat config.json)" "$PAID" stop > lasted &
running=$!
sleep 1
get /dist/libpaysession0_*_"$(dpkg --print-architecture)".deb
[[ $(readlink -f "$library" | xargs md5sum) != "$was" ]]
sleep 1
kill -0 "$running"
touch stop
wait "$running"
well "a program of 0.1.0 runs on while its library is upgraded: $(cat lasted)"
[[ $(./paid "$(cat config.json)" "$PAID") == *"paid yes: ship" ]]
well "started again, it uses today's library"
