/* SPDX-License-Identifier: MIT */
/* doctor: what requests are made with, and whether each configured provider takes them. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* Sessions that cannot exist. Dintero's begins with an account, which the user has to say. */
static const struct {
    const char *provider, *reference;
} probes[] = {
    {"inbank", "inbank:00000000-0000-0000-0000-000000000000/00000000-0000-0000-0000-000000000000"},
    {"kustom", "kustom:00000000-0000-0000-0000-000000000000"},
    {"dintero", NULL},
    {"ledyer", "ledyer:00000000-0000-0000-0000-000000000000"},
};

static const char *const no_account = "dintero:T00000000/paysession-doctor/paysession-doctor";

static void check(const char *verdict, const char *what, const char *detail)
{
    printf("%-5s %-26s %s\n", verdict, what, printable(detail));
}

/* What a proxy's address can begin with; anything else in front of "://" may be part of a
 * password. */
static size_t scheme_length(const char *address)
{
    static const char *const schemes[] = {"http://",   "https://",   "socks4://",
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
static bool check_proxy(const char *config)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    json_t *read = json_read(without_mark(config));
    const char *configured = text_of(read, "proxy", NULL);
    const char *exempt = text_of(read, "no_proxy", getenv("no_proxy"));
    char text[2048];
    size_t i;

    if (!exempt)
        exempt = getenv("NO_PROXY");
    if (!read) {
        check("FAIL", "proxy", "not known: the configuration could not be read again");
        return false;
    }
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
    check("ok", "proxy", text);
    if (exempt && *exempt)
        check("ok", "no proxy for", exempt);
    json_decref(read);
    return true;
}

static void check_transport(const json_t *transport)
{
    const char *file = text_of(transport, "ca_file", NULL);
    const char *path = text_of(transport, "ca_path", NULL);
    const char *tls = text_of(transport, "tls", NULL);
    bool has_http2 = json_is_true(json_object_get(transport, "http2"));
    bool ends_floods = json_is_true(json_object_get(transport, "ends_floods"));
    char text[2048];

    check("ok", "libcurl", text_of(transport, "libcurl", "?"));
    check(tls ? "ok" : "FAIL", "TLS", tls ? tls : "none: no provider can be reached");
    snprintf(text, sizeof text, "%s%s%s", file ? file : "", file && path ? ", " : "",
             path ? path : "");
    check(*text ? "ok" : "warn", "trusted certificates", *text ? text : "libcurl does not say");
    check(has_http2 ? "ok" : "warn", "HTTP/2",
          has_http2 ? "yes" : "no: a batch opens a connection for each session in flight");
    check(ends_floods ? "ok" : "warn", "floods over TLS",
          ends_floods ? "ended before the deadline"
                      : "not with this TLS library: a provider that sends without end can outlast "
                        "the deadline");
}

static enum exit_code check_provider(session_client *client, const char *provider,
                                     const char *reference, bool has_account, const char *call)
{
    session_answer *answer;
    session_result result = session_get(client, reference, call, &answer);
    json_t *head = answer_head(session_answer_json(answer, NULL));
    const char *message = text_of(json_object_get(head, "error"), "message", "");
    enum exit_code code = EXIT_PAID;
    char what[64];

    snprintf(what, sizeof what, "%s reachable", provider);
    switch (result) {
    case SESSION_UNREACHABLE:
    case SESSION_TLS_FAILED:
    case SESSION_TIMED_OUT:
    case SESSION_OUT_OF_MEMORY:
        check("FAIL", what, message);
        code = EXIT_NO_ANSWER;
        break;
    case SESSION_PROVIDER_ERROR:
    case SESSION_RATE_LIMITED:
        check("warn", what, message);
        code = EXIT_NO_ANSWER;
        break;
    default:
        check("ok", what, "yes");
    }
    snprintf(what, sizeof what, "%s credentials", provider);
    if (code != EXIT_PAID) {
        check("warn", what, "not checked");
    } else if (!has_account) {
        check("warn", what, "not checked: say --account");
    } else {
        switch (result) {
        case SESSION_OK:
        case SESSION_NOT_FOUND:
        case SESSION_MISMATCHED:
            check("ok", what, "accepted");
            break;
        case SESSION_UNAUTHORIZED:
        case SESSION_FORBIDDEN:
            check("FAIL", what, message);
            code = EXIT_CREDENTIALS;
            break;
        case SESSION_UNEXPECTED_HTTP:
            check("warn", what, "probably accepted; the made-up session was refused otherwise");
            break;
        case SESSION_INVALID_ARGUMENT:
            check("FAIL", what, message);
            code = EXIT_BAD_USAGE;
            break;
        default:
            check("FAIL", what, message);
            code = EXIT_NO_ANSWER;
        }
    }
    json_decref(head);
    session_answer_free(answer);
    return code;
}

static void check_clock(const json_t *report, const char *provider)
{
    const json_t *skew = json_object_get(report, "clock_skew_s");
    char what[64], text[128];
    json_int_t seconds = json_integer_value(skew);

    snprintf(what, sizeof what, "%s clock", provider);
    if (!json_is_integer(skew)) {
        check("warn", what, "not told");
        return;
    }
    snprintf(text, sizeof text, "%+" JSON_INTEGER_FORMAT " s against this machine", seconds);
    if (seconds < 0)
        seconds = -seconds;
    check(seconds > 300 ? "FAIL" : seconds > 5 ? "warn" : "ok", what, text);
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

enum exit_code run_doctor(struct options *options)
{
    char *config = NULL;
    session_client *client = client_open(options, &config);
    char *call = call_text(options, NULL);
    enum exit_code code = client && config && call ? EXIT_PAID : EXIT_BAD_USAGE;
    json_t *report = client ? report_of(client) : NULL;
    char dintero[256];
    size_t i, configured = 0;

    if (!call)
        complain("memory has run out");
    if (code == EXIT_PAID) {
        check_transport(json_object_get(report, "transport"));
        if (!check_proxy(config))
            code = EXIT_NO_ANSWER;
    }
    for (i = 0; code != EXIT_BAD_USAGE && i < sizeof probes / sizeof *probes; i++) {
        const json_t *providers = json_object_get(report, "providers");
        const char *address =
            text_of(json_object_get(providers, probes[i].provider), "base_url", NULL);
        const char *reference = probes[i].reference;
        char what[64];
        json_t *seen;

        if (!address)
            continue;
        configured++;
        if (!reference && options->account) {
            snprintf(dintero, sizeof dintero, "dintero:%s/paysession-doctor/paysession-doctor",
                     options->account);
            reference = dintero;
        }
        snprintf(what, sizeof what, "%s address", probes[i].provider);
        check("ok", what, address);
        code = worse(code, check_provider(client, probes[i].provider,
                                          reference ? reference : no_account, reference != NULL,
                                          call));
        seen = report_of(client);
        if (!seen)
            code = worse(code, EXIT_NO_ANSWER);
        check_clock(json_object_get(json_object_get(seen, "providers"), probes[i].provider),
                    probes[i].provider);
        json_decref(seen);
        fflush(stdout);
    }
    if (code == EXIT_PAID && !configured) {
        check("FAIL", "providers", "none is configured");
        code = EXIT_CREDENTIALS;
    }
    json_decref(report);
    config_free(config);
    free(call);
    session_client_close(client);
    return code;
}
