/* SPDX-License-Identifier: MIT */
/* doctor: what requests are made with, and whether each configured provider takes them. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What is found, each as a line for who looks, or kept for the one object of --format json. */
struct findings {
    json_t *list; /* NULL where lines are printed */
    enum verdict { OK, WARN, FAIL } worst;
    bool is_lost; /* memory ran out under the list */
};

static void check(struct findings *found, enum verdict verdict, const char *provider,
                  const char *what, const char *detail)
{
    static const char *const shown[] = {"ok", "warn", "FAIL"}, *const words[] = {"ok", "warn",
                                                                                 "fail"};
    static const enum hue hues[] = {GOOD, DOUBTFUL, BAD};
    char padded[8], name[64];
    json_t *one;

    if (verdict > found->worst)
        found->worst = verdict;
    if (found->list) {
        one = json_pack("{s:s, s:s?, s:s, s:s}", "verdict", words[verdict], "provider", provider,
                        "check", what, "detail", printable(detail));
        found->is_lost |= !one || json_array_append_new(found->list, one) != 0;
        return;
    }
    snprintf(padded, sizeof padded, "%-5s", shown[verdict]);
    snprintf(name, sizeof name, "%s%s%s", provider ? provider : "", provider ? " " : "", what);
    printf("%s %-26s %s\n", painted(hues[verdict], padded), name, printable(detail));
}

/* Which file, and who else may read what can be secrets in it. */
static void check_configuration(struct findings *found, const struct options *options,
                                const json_t *configuration)
{
    const char *file = text_of(configuration, "file", NULL);
    bool is_open = json_is_true(json_object_get(configuration, "readable_by_others"));
    struct stat seen;
    char text[4352];
    unsigned mode;

    if (!file) {
        check(found, OK, NULL, "configuration",
              options->config && strcmp(options->config, "-") ? options->config : "standard input");
        return;
    }
    mode = stat(file, &seen) == 0 ? (unsigned)seen.st_mode & 0777 : 0600;
    snprintf(text, sizeof text, "%s, mode %03o%s", file, mode,
             is_open          ? ": everybody on this machine may read it; chmod 600 ends that"
             : mode & S_IRGRP ? ": its group may read it"
                              : "");
    check(found, is_open ? WARN : OK, NULL, "configuration", text);
}

/* What a proxy's address can begin with; anything else in front of "://" may be part of a
 * password. */
static size_t scheme_length(const char *address)
{
    static const char *const schemes[] = {"http://",    "https://",  "socks4://",
                                          "socks4a://", "socks5://", "socks5h://"};
    size_t i;

    for (i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (!strncasecmp(address, schemes[i], strlen(schemes[i])))
            return strlen(schemes[i]);
    return 0;
}

/* An address without the user and password that it may hold, whatever characters they have: a host
 * and what follows it have no @, so all before the last one can be a secret. */
static const char *without_credentials(const char *address)
{
    static char shown[1024];
    size_t scheme = scheme_length(address);
    const char *at = strrchr(address + scheme, '@');

    snprintf(shown, sizeof shown, "%.*s%s", (int)scheme, address, at ? at + 1 : address + scheme);
    return shown;
}

/* What libcurl itself will use: the configuration's, else the environment's (libcurl(3)). */
static void check_proxy(struct findings *found, const json_t *config)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    const char *configured = text_of(config, "proxy", NULL);
    const char *exempt = text_of(config, "no_proxy", getenv("no_proxy"));
    char text[2048];
    size_t i;

    if (!exempt)
        exempt = getenv("NO_PROXY");
    if (configured) {
        snprintf(text, sizeof text, "%s (configuration)",
                 *configured ? without_credentials(configured) : "none");
    } else {
        snprintf(text, sizeof text, "none");
        for (i = 0; i < sizeof names / sizeof *names; i++) {
            const char *value = getenv(names[i]);
            if (value && *value) {
                snprintf(text, sizeof text, "%s ($%s)", without_credentials(value), names[i]);
                break;
            }
        }
    }
    check(found, OK, NULL, "proxy", text);
    if (exempt && *exempt)
        check(found, OK, NULL, "no proxy for", exempt);
}

static void check_transport(struct findings *found, const json_t *transport)
{
    const char *file = text_of(transport, "ca_file", NULL);
    const char *path = text_of(transport, "ca_path", NULL);
    const char *tls = text_of(transport, "tls", NULL);
    bool has_http2 = json_is_true(json_object_get(transport, "http2"));
    bool ends_floods = json_is_true(json_object_get(transport, "ends_floods"));
    char text[2048];

    check(found, OK, NULL, "libcurl", text_of(transport, "libcurl", "?"));
    check(found, tls ? OK : FAIL, NULL, "TLS", tls ? tls : "none: no provider can be reached");
    snprintf(text, sizeof text, "%s%s%s", file ? file : "", file && path ? ", " : "",
             path ? path : "");
    check(found, *text ? OK : WARN, NULL, "trusted certificates",
          *text ? text : "libcurl does not say");
    check(found, has_http2 ? OK : WARN, NULL, "HTTP/2",
          has_http2 ? "yes" : "no: a batch opens a connection for each session in flight");
    check(found, ends_floods ? OK : WARN, NULL, "floods over TLS",
          ends_floods ? "ended before the deadline"
                      : "not with this TLS library: a provider that sends without end can outlast "
                        "the deadline");
}

/* ---- Providers ----------------------------------------------------------------------------- */

/* A session that cannot exist, by the provider's own form of references. The account is the only
 * part that cannot be made up: *account says whether there is one. */
static void make_probe(const json_t *provider, const json_t *config, const char *said, char *probe,
                       size_t size, bool *has_account)
{
    const char *name = text_of(provider, "name", "");
    const json_t *identifiers = json_object_get(provider, "identifiers");
    size_t i, used = (size_t)snprintf(probe, size, "%s:", name);

    *has_account = true;
    for (i = 0; i < json_array_size(identifiers) && used < size; i++) {
        const char *identifier = json_string_value(json_array_get(identifiers, i));
        const char *value = "00000000-0000-0000-0000-000000000000";

        if (identifier && !strcmp(identifier, "account_id")) {
            value = said ? said : text_of(json_object_get(config, name), identifier, NULL);
            *has_account = value != NULL;
            value = value ? value : "T00000000";
        }
        used += (size_t)snprintf(probe + used, size - used, "%s%s", i ? "/" : "", value);
    }
}

static enum exit_code check_credentials(struct findings *found, const char *name,
                                        session_result result, const char *message)
{
    switch (result) {
    case SESSION_OK:
    case SESSION_NOT_FOUND:
    case SESSION_MISMATCHED:
        check(found, OK, name, "credentials", "accepted");
        return EXIT_PAID;
    case SESSION_UNEXPECTED_HTTP:
        check(found, WARN, name, "credentials",
              "probably accepted; the made-up session was refused otherwise");
        return EXIT_PAID;
    case SESSION_UNAUTHORIZED:
    case SESSION_FORBIDDEN:
        check(found, FAIL, name, "credentials", message);
        return EXIT_CREDENTIALS;
    case SESSION_INVALID_ARGUMENT:
        check(found, FAIL, name, "credentials", message);
        return EXIT_BAD_USAGE;
    default:
        check(found, FAIL, name, "credentials", message);
        return EXIT_NO_ANSWER;
    }
}

static enum exit_code check_reachable(struct findings *found, const char *name,
                                      session_result result, const char *message)
{
    switch (result) {
    case SESSION_UNREACHABLE:
    case SESSION_TLS_FAILED:
    case SESSION_TIMED_OUT:
    case SESSION_OUT_OF_MEMORY:
        check(found, FAIL, name, "reachable", message);
        return EXIT_NO_ANSWER;
    case SESSION_PROVIDER_ERROR:
    case SESSION_RATE_LIMITED:
        check(found, WARN, name, "reachable", message);
        return EXIT_NO_ANSWER;
    default:
        check(found, OK, name, "reachable", "yes");
        return EXIT_PAID;
    }
}

static void check_clock(struct findings *found, const char *name, const json_t *skew)
{
    json_int_t seconds = json_integer_value(skew);
    char text[128];

    if (!json_is_integer(skew)) {
        check(found, WARN, name, "clock", "not told");
        return;
    }
    snprintf(text, sizeof text, "%+" JSON_INTEGER_FORMAT " s against this machine", seconds);
    if (seconds < 0)
        seconds = -seconds;
    check(found, seconds > 300 ? FAIL : seconds > 5 ? WARN : OK, name, "clock", text);
}

/* The report of what the client has seen. Owned by the caller; free with json_decref(). */
static json_t *report_of(session_client *client)
{
    session_answer *answer;
    json_t *whole, *report;

    session_client_report(client, &answer);
    whole = json_read(session_answer_json(answer, NULL));
    report = json_incref(json_object_get(whole, "report"));
    json_decref(whole);
    session_answer_free(answer);
    return report;
}

static enum exit_code check_provider(struct findings *found, session_client *client,
                                     const json_t *provider, const char *probe, bool has_account,
                                     const char *call)
{
    const char *name = text_of(provider, "name", "");
    session_answer *answer;
    session_result result = session_get(client, probe, call, &answer);
    const char *message = session_answer_text(answer, "/error/message");
    enum exit_code code = check_reachable(found, name, result, message ? message : "");
    json_t *seen;

    if (code != EXIT_PAID)
        check(found, WARN, name, "credentials", "not checked");
    else if (!has_account)
        check(found, WARN, name, "credentials",
              "not checked: say --account, or account_id in the configuration");
    else
        code = check_credentials(found, name, result, message ? message : "");
    session_answer_free(answer);
    seen = report_of(client);
    if (!seen)
        code = worse(code, EXIT_NO_ANSWER);
    check_clock(
        found, name,
        json_object_get(json_object_get(json_object_get(seen, "providers"), name), "clock_skew_s"));
    json_decref(seen);
    fflush(stdout);
    return code;
}

static enum exit_code check_providers(struct findings *found, session_client *client,
                                      const struct options *options, const json_t *config,
                                      const json_t *report, const char *call)
{
    json_t *providers = json_read(session_providers()), *provider;
    const json_t *configured = json_object_get(report, "providers");
    enum exit_code code = providers ? EXIT_PAID : EXIT_NO_ANSWER;
    char probe[1024];
    bool has_account, is_any = false;
    size_t i;

    json_array_foreach(providers, i, provider)
    {
        const char *name = text_of(provider, "name", "");
        const char *address = text_of(json_object_get(configured, name), "base_url", NULL);

        if (!address)
            continue;
        is_any = true;
        check(found, OK, name, "address", address);
        make_probe(provider, config, options->account, probe, sizeof probe, &has_account);
        code = worse(code, check_provider(found, client, provider, probe, has_account, call));
    }
    if (code == EXIT_PAID && !is_any) {
        check(found, FAIL, NULL, "providers",
              "none is configured; 'paysession config' prints a template");
        code = EXIT_CREDENTIALS;
    }
    json_decref(providers);
    return code;
}

/* All that was found as one object. */
static enum exit_code print_findings(struct findings *found, enum exit_code code)
{
    static const char *const words[] = {"ok", "warn", "fail"};
    json_t *whole = found->is_lost ? NULL
                                   : json_pack("{s:s, s:i, s:O}", "verdict", words[found->worst],
                                               "exit_status", code, "checks", found->list);
    char *text = whole ? json_dumps(whole, JSON_COMPACT) : NULL;

    if (text)
        puts(text);
    else
        complain("memory has run out");
    if (!text)
        code = EXIT_NO_OUTPUT;
    json_decref(whole);
    free(text);
    return code;
}

enum exit_code run_doctor(struct options *options)
{
    char *text = NULL, *call = call_text(options, NULL);
    bool is_readable = !options->has_format || options->format == FORMAT_JSON;
    session_client *client = call && is_readable ? client_open(options, &text) : NULL;
    json_t *report = client ? report_of(client) : NULL;
    json_t *config = text ? json_read(without_mark(text)) : NULL;
    struct findings found = {NULL, OK, false};
    enum exit_code code = EXIT_BAD_USAGE;

    if (options->has_format)
        found.list = json_array();
    if (!is_readable) {
        complain("--format %s: expected json, or no --format", format_names[options->format]);
    } else if (!call || (client && (!report || !config)) || (options->has_format && !found.list)) {
        complain("memory has run out");
        code = client ? EXIT_NO_ANSWER : EXIT_BAD_USAGE;
    } else if (client) {
        check_configuration(&found, options, json_object_get(report, "configuration"));
        check_transport(&found, json_object_get(report, "transport"));
        check_proxy(&found, config);
        code = check_providers(&found, client, options, config, report, call);
        if (found.list)
            code = print_findings(&found, code);
    }
    json_decref(found.list);
    json_decref(report);
    json_decref(config);
    config_free(text);
    free(call);
    session_client_close(client);
    return code;
}
