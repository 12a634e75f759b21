/* SPDX-License-Identifier: MIT */
/*
 * failing_sqlite EXTENSION STATEMENTS: loads the extension into a database of its own and prints
 * what the statements give, first with memory, then with each of its allocations failing in turn,
 * then with all from each on. For each a process, and a line: the text of the last row's last
 * column, "error", or "signal" and its number. Linked with failing.c.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

long failing_set(long count, int lasts);

static char told[64];

static int keep(void *unused, int count, char **values, char **names)
{
    (void)unused, (void)names;
    snprintf(told, sizeof told, "%s", values[count - 1] ? values[count - 1] : "NULL");
    return 0;
}

static sqlite3 *opened(void)
{
    sqlite3 *database;

    if (sqlite3_open(":memory:", &database) || sqlite3_enable_load_extension(database, 1))
        abort();
    return database;
}

/* How many allocations there were. */
static long run(const char *extension, const char *statements, long failing, int lasts)
{
    sqlite3 *database = opened();

    alarm(20);
    failing_set(failing, lasts);
    if (sqlite3_load_extension(database, extension, NULL, NULL)
        || sqlite3_exec(database, statements, keep, NULL, NULL))
        strcpy(told, "error");
    sqlite3_close(database);
    printf("%s\n", told);
    fflush(stdout);
    return failing_set(-1, 0);
}

int main(int count, char **arguments)
{
    long all = 0, number;
    int ends[2], lasts, status;
    sqlite3 *database = opened();

    /* The extension stays, so its libraries need not be looked for and bound by each process. */
    if (count != 3 || pipe(ends) || sqlite3_load_extension(database, arguments[1], NULL, NULL))
        return 2;
    sqlite3_close(database);
    if (!fork()) {
        all = run(arguments[1], arguments[2], 0, 0);
        _exit(write(ends[1], &all, sizeof all) != sizeof all);
    }
    close(ends[1]);
    if (read(ends[0], &all, sizeof all) != sizeof all || wait(&status) < 0)
        return 3;
    for (lasts = 0; lasts < 2; lasts++)
        for (number = 1; number <= all; number++) {
            if (!fork()) {
                run(arguments[1], arguments[2], number, lasts);
                _exit(0);
            }
            wait(&status);
            if (WIFSIGNALED(status))
                printf("signal %d\n", WTERMSIG(status));
            fflush(stdout);
        }
    return 0;
}
