/* SPDX-License-Identifier: MIT */
/*
 * Completion: the scripts of bash, zsh and fish ask here what a word can become. So they know of
 * commands, options and providers just what this tool knows.
 */
#include "cli.h"

#include <string.h>

/* What is completed: `begun`, behind `front`, which is "--format=" of "--format=t". */
struct begun {
    const char *front, *text;
};

/* A word, if it begins with what stands there; `end` belongs to it. */
static void offer(struct begun begun, const char *word, const char *end, const char *meaning)
{
    char whole[512];

    snprintf(whole, sizeof whole, "%s%s", word, end);
    if (!strncmp(whole, begun.text, strlen(begun.text)))
        printf("%s%s\t%.*s\n", begun.front, whole, (int)display_fit(meaning, 60), meaning);
}

static void offer_commands(struct begun begun)
{
    const struct command *command = NULL;

    while ((command = command_next(command)))
        offer(begun, command->name, "", command->summary);
}

static void offer_options(const struct command *command, struct begun begun)
{
    const struct known *known = NULL;
    char name[64];

    while ((known = option_next(command, known))) {
        snprintf(name, sizeof name, "--%s", known->name);
        offer(begun, name, "", known->doc);
    }
}

/* Names, or with ":" what references begin with. */
static void offer_providers(struct begun begun, const char *end)
{
    json_t *providers = json_read(session_providers()), *provider;
    size_t i;

    json_array_foreach(providers, i, provider)
        offer(begun, text_of(provider, "name", ""), end,
              text_of(provider, *end ? "reference" : "title", ""));
    json_decref(providers);
}

/* The part behind the last comma, each once. A reference may hold commas, and comes last. */
static void offer_parts(struct begun begun)
{
    static const char *const parts[] = {"amount=", "currency=", "reference="};
    const char *comma = strrchr(begun.text, ',');
    int before = comma ? (int)(comma + 1 - begun.text) : 0;
    char word[256];
    size_t i;

    if (before > 200 || strstr(begun.text, parts[2]))
        return;
    for (i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *there = strstr(begun.text, parts[i]);

        snprintf(word, sizeof word, "%.*s%s", before, begun.text, parts[i]);
        if (!there || there - begun.text >= before)
            offer(begun, word, "", "");
    }
}

/* What is called so in the help: the value of an option, or an argument. */
static void offer_called(const char *called, struct begun begun)
{
    static const char *const whens[] = {"auto", "always", "never", NULL};
    const char *const *words = !strcmp(called, "FORMAT") ? format_names
                               : !strcmp(called, "WHEN") ? whens
                                                         : NULL;

    for (; words && *words; words++)
        offer(begun, *words, "", "");
    if (strstr(called, "COMMAND"))
        offer_commands(begun);
    if (strstr(called, "PROVIDER"))
        offer_providers(begun, "");
    if (strstr(called, "REF"))
        offer_providers(begun, ":");
    if (!strncmp(called, "amount=", 7))
        offer_parts(begun);
    if (strstr(called, "FILE"))
        puts("\tfile");
}

/* The nth argument of a command, of "PROVIDER [FILE]"; "..." stands for any number. */
static void offer_argument(const struct command *command, int nth, struct begun begun)
{
    const char *called = command->arguments;
    char one[64];
    size_t length;

    for (; (length = strcspn(called, " ")); called += length + strspn(called + length, " ")) {
        snprintf(one, sizeof one, "%.*s", (int)length, called);
        if (nth-- == 0 || strstr(one, "...")) {
            offer_called(one, begun);
            return;
        }
    }
}

static bool is_name(const char *name, const char *word, size_t length)
{
    return name && strlen(name) == length && !strncmp(name, word, length);
}

/* The option of a command that a word is; NULL for none. Of several letters the last can have
 * the next word for its value. */
static const struct known *option_of(const struct command *command, const char *word)
{
    const struct known *known = NULL;
    size_t length = strcspn(word, "=");

    while ((known = option_next(command, known)))
        if (word[1] != '-' ? known->key == word[strlen(word) - 1]
                           : is_name(known->name, word + 2, length - 2)
                                 || is_name(known->alias, word + 2, length - 2))
            return known;
    return NULL;
}

static const struct command *command_of(const char *name)
{
    const struct command *command = NULL;

    while ((command = command_next(command)) && strcmp(command->name, name))
        ;
    return command;
}

void complete(int count, char *const *words)
{
    struct begun begun = {"", count > 0 ? words[count - 1] : ""};
    const struct command *command = count > 1 ? command_of(words[0]) : NULL;
    const struct known *known = NULL; /* the option whose value is completed */
    bool is_behind = false;           /* an argument, or --: nothing is an option then */
    const char *value;
    char front[64];
    int i, nth = 0;

    if (count < 2) {
        offer_commands(begun);
        offer(begun, "--help", "", "");
        offer(begun, "--version", "", "");
    }
    for (i = 1; command && i < count - 1; i++) {
        known = NULL;
        if (is_behind || words[i][0] != '-' || !words[i][1]) {
            is_behind = is_behind || !command->is_loose;
            nth++;
        } else if (!strcmp(words[i], "--")) {
            is_behind = true;
        } else {
            known = strchr(words[i], '=') ? NULL : option_of(command, words[i]);
            if (known && known->argument && i + 1 < count - 1)
                i++;
            else if (known && known->argument)
                continue;
            known = NULL;
        }
    }
    if (!command)
        return;
    value = !known && !is_behind && !strncmp(begun.text, "--", 2) ? strchr(begun.text, '=') : NULL;
    if (value) {
        known = option_of(command, begun.text);
        snprintf(front, sizeof front, "%.*s", (int)(value + 1 - begun.text), begun.text);
        begun.front = front;
        begun.text = value + 1;
    }
    if (known && known->argument)
        offer_called(known->argument, begun);
    else if (!value && !is_behind && begun.text[0] == '-')
        offer_options(command, begun);
    else if (!value)
        offer_argument(command, nth, begun);
}
