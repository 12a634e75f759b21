/* SPDX-License-Identifier: MIT */
/*
 * config: a configuration to begin with, and what its keys mean. The same words, as a manual page,
 * are paysession-config(5), which make writes with `paysession --config-manual`.
 */
#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A key: what counts where it is absent, what it means, and what it is in the template: NULL for
 * nothing, or, of a credential, for a secret. */
struct key {
    const char *name, *absent, *meaning, *example;
};

static const struct key general_keys[] = {
    {"timeout_ms", "10000",
     "the whole call in milliseconds: DNS, connect, TLS, token, every attempt, every pause; 1 to "
     "600000, never infinite",
     NULL},
    {"connect_timeout_ms", "3000", "one attempt to connect, TLS included; 1 to 600000", NULL},
    {"attempts", "3", "tries of one call, 1 to 10", NULL},
    {"max_response_bytes", "4194304", "the longest body that is read, unpacked; 1 to 67108864",
     NULL},
    {"user_agent", "none", "the shop's own, put before libpaysession/VERSION", NULL},
    {"proxy", "environment",
     "an http://, https:// or socks5h:// address; \"\" for none; without the key the usual environment "
     "variables count (https_proxy, all_proxy, no_proxy)",
     NULL},
    {"no_proxy", "environment", "hosts that are reached directly, with commas between them", NULL},
    {"ca_file", "libcurl's", "certificates to trust, a PEM file", NULL},
    {"ca_path", "libcurl's", "certificates to trust, a hashed directory", NULL},
    {"client_certificate", "none", "a PEM file, for TLS with a client certificate", NULL},
    {"client_key", "none", "a PEM file, its key", NULL},
    {"http2", "absent",
     "absent: get and wait speak HTTP/1.1, batch HTTP/2 where it is offered; false: never; true: "
     "always",
     NULL},
    {"shared", "false",
     "opened again in the same process, the same configuration gives the same client; nothing for this "
     "tool, whose process ends",
     NULL},
    {NULL, NULL, NULL, NULL}};

/* What stands in the section of a provider; which of them, session_providers() says. */
static const struct key provider_keys[] = {
    {"environment", "needed", "which of the provider's systems", NULL},
    {"country", "needed",
     "the country of Inbank's that the shop belongs to, two lower-case letters", "pl"},
    {"api_key", "needed", "a secret", NULL},
    {"username", "none",
     "without it the raw key is sent, Authorization: Basic KEY; with it the usual base64 of "
     "username:key",
     NULL},
    {"client_id", "needed", "which client the secret belongs to", "CLIENT_ID"},
    {"client_secret", "needed", "a secret", NULL},
    {"token", "none", "a ready-made token, instead of client_id and client_secret; a secret", NULL},
    {"account_id", "none",
     "the account whose credentials doctor checks and whose callbacks come, P or T and eight digits; "
     "sessions name theirs",
     NULL},
    {"callback_secret", "none",
     "what callbacks are signed with: a secret, or a list of one to four, any of which will do; without "
     "it callbacks are hints. Kustom's begins with whsec_; Dintero's needs account_id beside it",
     NULL},
    {"trust_processed_at", "false",
     "whether processed_at means that the money is there: the sessions themselves tell no payment",
     NULL},
    {"base_url", "environment's",
     "an address instead of an environment; http:// for loopback hosts only", NULL},
    {"auth_url", "environment's", "the full address of the token endpoint", NULL},
    {"approvals", "false",
     "whether approve and refuse may be called, which bind the shop to deliver or end the sale",
     NULL},
    {"checkout_url", "base_url's",
     "where the transactions are that prove the payment, https://checkout.dintero.com without base_url",
     NULL},
    {NULL, NULL, NULL, NULL}};

static const char *const intro =
    "The configuration is one JSON object in a file that only its owner may write. A key that is not "
    "known is a mistake, and so is a value of the wrong type; the message names file, line and column.";

static const char *const secrets =
    "A secret is text, {\"env\": NAME} for what an environment variable holds, or {\"file\": PATH} for "
    "what a file holds. Blanks and line breaks at its ends are dropped.";

static const struct key *key_named(const struct key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (!strcmp(keys->name, name))
            return keys;
    return NULL;
}

/* ---- The template -------------------------------------------------------------------------- */

/* NULL for `options` means all. */
static bool is_wanted(const struct options *options, const json_t *provider)
{
    int which;

    for (which = 0; options && which < options->count; which++)
        if (!strcmp(text_of(provider, "name", ""), options->arguments[which]))
            return true;
    return !options || options->count == 0;
}

/* KUSTOM_API_KEY of kustom's api_key. Owned by the caller; free with json_decref(). */
static json_t *variable(const char *provider, const char *credential)
{
    char name[128];
    size_t i;

    snprintf(name, sizeof name, "%s_%s", provider, credential);
    for (i = 0; name[i]; i++)
        name[i] = (char)toupper((unsigned char)name[i]);
    return json_pack("{s:s}", "env", name);
}

/* The section of a provider: its first environment, and what has to be filled in. Owned by the
 * caller; free with json_decref(). NULL when memory has run out. */
static json_t *section(const json_t *provider)
{
    static const char *const lists[] = {"settings", "credentials"};
    json_t *environment = json_array_get(json_object_get(provider, "environments"), 0);
    json_t *made = json_object();
    bool is_well = !environment || json_object_set(made, "environment", environment) == 0;
    size_t i, j;

    for (i = 0; i < 2; i++) {
        const json_t *names = json_object_get(provider, lists[i]);
        for (j = 0; j < json_array_size(names); j++) {
            const char *name = json_string_value(json_array_get(names, j));
            const struct key *key = key_named(provider_keys, name);
            json_t *value = key && key->example ? json_string(key->example)
                            : i                 ? variable(text_of(provider, "name", ""), name)
                                                : NULL;

            if (value || i || (key && key->example))
                is_well = json_object_set_new(made, name, value) == 0 && is_well;
        }
    }
    if (is_well)
        return made;
    json_decref(made);
    return NULL;
}

/* What a configuration for those providers begins with, as text. Owned by the caller; free with
 * free(). NULL when memory has run out. */
static char *template_of(const json_t *providers, const struct options *options)
{
    json_t *template = json_object();
    const json_t *provider;
    bool is_well = template != NULL;
    char *text = NULL;
    size_t i;

    json_array_foreach(providers, i, provider) if (is_wanted(options, provider)) is_well =
        is_well
        && json_object_set_new(template, text_of(provider, "name", ""), section(provider)) == 0;
    if (is_well)
        text = json_dumps(template, JSON_INDENT(2));
    json_decref(template);
    return text;
}

/* ---- What the keys mean -------------------------------------------------------------------- */

/* How a page is written: comments on stderr, or a manual. */
enum { WIDTH = 99 };
struct page {
    FILE *to;
    bool is_manual;
};

/* Text in a page. In a manual a hyphen would be a dash, and what it must not begin with does not
 * occur. */
static void write_text(const struct page *page, const char *text)
{
    for (; *text; text++) {
        if (page->is_manual && (*text == '-' || *text == '\\'))
            fputc('\\', page->to);
        fputc(*text, page->to);
    }
}

static void write_key(const struct page *page, const char *name, const struct key *key,
                      const char *choices)
{
    enum { MARGIN = 39 };
    const char *absent = key ? key->absent : "", *meaning = key ? key->meaning : "";
    char text[512];

    if (page->is_manual) {
        fputs(".TP\n.BR ", page->to);
        write_text(page, name);
        fputs(*absent ? " \" (" : "", page->to);
        write_text(page, absent);
        fputs(*absent ? ")\"\n" : "\n", page->to);
        write_text(page, meaning);
        fputs(*choices ? ": " : "", page->to);
        write_text(page, choices);
        fputs(".\n", page->to);
        return;
    }
    fprintf(page->to, "#   %-19s %-14s ", name, absent);
    snprintf(text, sizeof text, "%s%s%s", meaning, *choices ? ": " : "", choices);
    print_wrapped(page->to, text, "#", MARGIN, WIDTH);
}

static void write_comment(const char *text)
{
    fputs("# ", stderr);
    print_wrapped(stderr, text, "#", 2, WIDTH);
}

static void write_heading(const struct page *page, const char *name, const char *comment)
{
    if (page->is_manual)
        fprintf(page->to, ".SS %s\n", name);
    else
        fprintf(page->to, "#\n# %s\n", comment);
}

/* "demo" or "live". */
static const char *choices_of(const json_t *provider, char *room, size_t size)
{
    const json_t *environments = json_object_get(provider, "environments");
    size_t i, used = 0;

    *room = '\0';
    for (i = 0; i < json_array_size(environments) && used < size; i++)
        used += (size_t)snprintf(room + used, size - used, "%s\"%s\"", i ? " or " : "",
                                 json_string_value(json_array_get(environments, i)));
    return room;
}

static void write_provider(const struct page *page, const json_t *provider)
{
    static const char *const lists[] = {"credentials", "alternative_credentials", "settings"};
    const char *name = text_of(provider, "name", "");
    char choices[256], comment[160];
    size_t i, j;

    snprintf(comment, sizeof comment, "In \"%s\", for %s:", name, text_of(provider, "title", ""));
    write_heading(page, name, comment);
    for (i = 0; i < 3; i++) {
        const json_t *keys = json_object_get(provider, lists[i]);
        for (j = 0; j < json_array_size(keys); j++) {
            const char *key = json_string_value(json_array_get(keys, j));
            write_key(page, key, key_named(provider_keys, key),
                      strcmp(key, "environment") ? ""
                                                 : choices_of(provider, choices, sizeof choices));
        }
    }
}

static void write_general(const struct page *page)
{
    const struct key *key;

    write_heading(page, "Of all calls", "Of all calls, each optional:");
    for (key = general_keys; key->name; key++)
        write_key(page, key->name, key, "");
}

/* ---- The command --------------------------------------------------------------------------- */

/* Where the configuration is looked for, and what is wrong with it if it cannot be used. */
static void tell_path(const struct options *options)
{
    session_client *client;
    session_answer *answer;
    const char *file, *message;

    if (session_client_open_file(options->config, &client, &answer) == SESSION_OK) {
        session_answer_free(answer);
        session_client_report(client, &answer);
        file = session_answer_text(answer, "/report/configuration/file");
        fprintf(stderr, "# The configuration in use: %s\n", printable(file ? file : "?"));
    } else {
        message = session_answer_text(answer, "/error/message");
        fprintf(stderr, "# No configuration is in use: %s\n", printable(message ? message : "?"));
    }
    session_answer_free(answer);
    session_client_close(client);
}

/* Whether each argument names a provider. */
static bool are_providers(const struct options *options, const json_t *providers)
{
    const json_t *provider;
    struct guess guess;
    size_t i;
    int which;

    for (which = 0; which < options->count; which++) {
        guess_begin(&guess, options->arguments[which]);
        json_array_foreach(providers, i, provider) guess_add(&guess, text_of(provider, "name", ""));
        if (guess.nearest && !strcmp(guess.nearest, options->arguments[which]))
            continue;
        if (guess.nearest)
            complain("config: %s: no such provider; did you mean '%s'?", options->arguments[which],
                     guess.nearest);
        else
            complain("config: %s: no such provider; 'paysession help' lists them",
                     options->arguments[which]);
        return false;
    }
    return true;
}

enum exit_code run_config(struct options *options)
{
    const struct page comments = {stderr, false};
    json_t *providers = json_read(session_providers()), *provider;
    char *template = providers ? template_of(providers, options) : NULL;
    enum exit_code code = EXIT_BAD_USAGE;
    size_t i;

    if (!template) {
        complain("memory has run out");
    } else if (are_providers(options, providers)) {
        tell_path(options);
        write_comment(intro);
        write_comment(secrets);
        write_general(&comments);
        json_array_foreach(providers, i, provider) if (is_wanted(options, provider))
            write_provider(&comments, provider);
        fputs("#\n", stderr);
        puts(template);
        code = EXIT_PAID;
    }
    free(template);
    json_decref(providers);
    return code;
}

void config_manual(void)
{
    const struct page manual = {stdout, true};
    json_t *providers = json_read(session_providers()), *provider;
    char *template = template_of(providers, NULL);
    size_t i;

    printf(".\\\" SPDX-License-Identifier: MIT\n"
           ".TH PAYSESSION\\-CONFIG 5 \"\" \"paysession %s\" \"File Formats\"\n"
           ".SH NAME\npaysession\\-config \\- the configuration of paysession\n.SH DESCRIPTION\n",
           session_version());
    write_text(&manual, intro);
    fputs("\n.PP\n", stdout);
    write_text(&manual, secrets);
    fputs("\n.SH KEYS\nBehind each, what counts where it is absent.\n", stdout);
    write_general(&manual);
    json_array_foreach(providers, i, provider) write_provider(&manual, provider);
    fputs(".SH EXAMPLE\n.B paysession config\nprints this, for all providers or for those that are "
          "named:\n.PP\n.RS\n.nf\n",
          stdout);
    write_text(&manual, template ? template : "");
    fputs("\n.fi\n.RE\n.SH FILES\n.TP\n.I $PAYSESSION_CONFIG\n.TQ\n"
          ".I $XDG_CONFIG_HOME/paysession/config.json\n.TQ\n.I ~/.config/paysession/config.json\n"
          "Looked for in this order, unless\n.B \\-\\-config\nnames another.\n"
          ".SH SEE ALSO\n.BR paysession (1)\n",
          stdout);
    free(template);
    json_decref(providers);
}
