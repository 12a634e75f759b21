/* SPDX-License-Identifier: MIT */
/* An answer in words: which field was read, by which rule, to which result, and what to do. */
#include "cli.h"

#include <string.h>

struct words {
    const char *word, *meaning;
};

static const struct words hold_words[] = {
    {"unidentified", "the document does not say which session it is about"},
    {"status_unknown", "the status is absent, no text, or a word in no documentation"},
    {"success_unreadable", "success is neither true, false nor null"},
    {"time_unreadable", "processed_at is there, and is no point in time"},
    {"time_implausible", "processed_at is before 2015, from 2100 on, or before created_at"},
    {"amount_unreadable", "the amount is absent or inexact"},
    {"currency_unreadable", "the currency of the amount is absent or not in ISO 4217"},
    {"amount_negative", "the amount is below zero"},
    {"no_payment_state", "Dintero's order session says nothing of payment; trust_processed_at "
                         "decides whether processed_at does"},
    {"advance_invoice", "an advance invoice is authorized before anyone has paid"},
    {"payment_method_unknown", "the payment method is in no documentation; it could be an advance "
                               "invoice"},
    {"amount_mismatch", "the amount differs from what was expected"},
    {"amount_not_provided", "an amount was expected, and the provider tells none"},
    {"currency_mismatch", "the currency differs from what was expected"},
    {"currency_not_provided", "a currency was expected, and the provider tells none"},
    {"reference_mismatch", "the merchant's reference differs from what was expected"},
    {"reference_not_provided", "a reference was expected, and the provider tells none"},
    {"proof_unnamed",
     "the session names no contract, order or transaction that proves its payment"},
    {"proof_not_found", "the provider does not know the proof of payment that the session names"},
    {"proof_pending", "by the proof of payment the money is not there yet"},
    {"proof_ended", "by the proof of payment it was cancelled, declined, or has run out"},
    {"proof_refunded", "by the proof of payment some or all of the money went back"},
    {"proof_unknown", "the proof of payment has no state, or a word in no documentation"},
    {"proof_amount_mismatch", "the proof of payment is about another amount, or a part of it"},
    {"proof_amount_unreadable", "the amount of the proof of payment is absent or inexact"},
    {"proof_currency_mismatch", "the proof of payment is in another currency"},
    {"proof_reference_mismatch", "the proof of payment is another order's, or does not say whose"},
    {"proof_fraud", "the provider suspects fraud"},
    {NULL, NULL}};

static const struct words basis_words[] = {{"reported", "as the provider reports it"},
                                           {"derived", "concluded from it"},
                                           {"absent", "there is nothing to go by"},
                                           {NULL, NULL}};

static const struct words status_words[] = {
    {"unknown", "not told, not understood, or not readable"},
    {"open", "created, nothing under way"},
    {"pending", "the customer or the provider is at it"},
    {"action_required", "somebody else must act: the merchant, a signatory"},
    {"completed", "the session reached its good end"},
    {"declined", "the provider said no"},
    {"failed", "it broke"},
    {"cancelled", "customer or merchant called it off"},
    {"expired", "time ran out"},
    {NULL, NULL}};

static const struct words proof_words[] = {
    {"unknown", "not told, not understood, or not there"},
    {"pending", "somebody is still at it"},
    {"secured", "reserved or confirmed"},
    {"captured", "collected or financed"},
    {"refunded", "all or some of it went back"},
    {"ended", "cancelled, voided, expired, terminated or declined"},
    {NULL, NULL}};

static const char *meaning(const struct words *words, const char *word)
{
    for (; words->word; words++)
        if (!strcmp(words->word, word))
            return words->meaning;
    return "";
}

static void line(FILE *to, const char *label, const char *text)
{
    char padded[16];

    snprintf(padded, sizeof padded, "%-10s", label);
    fprintf(to, "%s %s\n", painted(FAINT, padded), text);
}

/* Of an answer that was asked for it. */
static void print_proof(FILE *to, const json_t *proof)
{
    const json_t *evidence = json_object_get(proof, "evidence");
    const char *state = text_of(proof, "state", "unknown");
    const char *value = text_of(evidence, "value", NULL);
    char text[4096];

    if (!json_is_object(proof)) {
        line(to, "proof", "nothing was read: the session is not completed, or names none");
        return;
    }
    snprintf(text, sizeof text, "%s %s: %s is %s%s%s, %s: %s", text_of(proof, "resource", "?"),
             text_of(proof, "id", "(not named)"), text_of(evidence, "field", "?"),
             value ? "\"" : "", value ? value : "not there as text", value ? "\"" : "", state,
             meaning(proof_words, state));
    line(to, "proof", printable(text));
}

static void print_session(FILE *to, const json_t *head, const json_t *session, bool is_vouched)
{
    const json_t *evidence = json_object_get(session, "evidence");
    const json_t *holds = json_object_get(session, "holds");
    const json_t *amount = json_object_get(session, "amount");
    const json_t *expectations = json_object_get(session, "expectations");
    const char *value = text_of(evidence, "value", NULL);
    const char *basis = text_of(evidence, "basis", "absent");
    const char *status = text_of(session, "status", "unknown");
    const char *paid = text_of(session, "paid", "unknown");
    const char *provider = text_of(head, "provider", "?");
    bool is_final = json_is_true(json_object_get(session, "final"));
    char text[4096];
    const char *name;
    json_t *match;
    size_t i;

    line(to, "session", printable(text_of(session, "id", "(not named)")));
    if (value)
        snprintf(text, sizeof text, "%s is \"%s\", %s", text_of(evidence, "field", "?"), value,
                 meaning(basis_words, basis));
    else
        snprintf(text, sizeof text, "%s is not there as text, %s", text_of(evidence, "field", "?"),
                 meaning(basis_words, basis));
    line(to, "field", printable(text));
    if (!strcmp(status, "unknown"))
        snprintf(text, sizeof text, "%s documents no such value: nothing is guessed", provider);
    else if (!strcmp(text_of(evidence, "field", ""), "proof.status"))
        snprintf(text, sizeof text, "%s's session has no status field: its proof's \"%s\" means %s",
                 provider, value ? value : "", status);
    else if (!strcmp(basis, "reported"))
        snprintf(text, sizeof text, "%s's \"%s\" means %s", provider, value ? value : "", status);
    else
        snprintf(text, sizeof text, "%s has no status field: %s %s means %s", provider,
                 text_of(evidence, "field", "?"), value ? "with a time" : "without a time", status);
    line(to, "rule", printable(text));
    snprintf(text, sizeof text, "%s: %s; %s", status, meaning(status_words, status),
             is_final ? "final" : "not final, it can change");
    line(to, "result", text);
    if (json_is_object(amount)) {
        const char *decimal = text_of(amount, "decimal", NULL);
        if (decimal)
            snprintf(text, sizeof text, "%s %s", decimal, text_of(amount, "currency", ""));
        else
            snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT " in minor units, no currency",
                     json_integer_value(json_object_get(amount, "minor")));
        line(to, "amount", printable(text));
    }
    json_object_foreach((json_t *)expectations, name, match)
    {
        if (!json_is_string(match))
            continue;
        snprintf(text, sizeof text, "%s: %s", name, json_string_value(match));
        line(to, "expected", printable(text));
    }
    if (json_object_get(head, "proof"))
        print_proof(to, json_object_get(head, "proof"));
    for (i = 0; i < json_array_size(holds); i++) {
        const char *word = json_string_value(json_array_get(holds, i));
        const char *why = word ? meaning(hold_words, word) : "";
        snprintf(text, sizeof text, "%s%s%s", word ? word : "?", *why ? ": " : "", why);
        line(to, "held", painted(DOUBTFUL, printable(text)));
    }
    line(to, "paid", painted(paid_hue(paid), printable(paid)));
    if (!is_vouched)
        return;
    line(to, "so",
         !strcmp(paid, "yes") ? "the goods can be shipped"
         : strcmp(paid, "no") ? "hold the order and look"
         : is_final           ? "do not ship"
                              : "do not ship yet; read it again later");
}

static void print_failure(FILE *to, const json_t *head, bool is_vouched)
{
    const json_t *error = json_object_get(head, "error");
    const json_t *status = json_object_get(error, "http_status");
    char text[64];

    line(to, "result", painted(BAD, printable(text_of(head, "result", "?"))));
    /* Where nothing failed it is no answer to a read: a callback, a report. */
    line(to, "because",
         printable(
             text_of(error, "message", "no session was read, so nothing is known of payment")));
    if (json_is_integer(status)) {
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(status));
        line(to, "http", text);
    }
    if (text_of(error, "provider_message", NULL))
        line(to, "provider", printable(text_of(error, "provider_message", "")));
    line(to, "paid", painted(paid_hue("unknown"), "unknown"));
    line(to, is_vouched ? "so" : "advice", printable(text_of(error, "advice", "read the session")));
}

void words_print(FILE *to, const json_t *head, bool is_vouched)
{
    const json_t *session = json_object_get(head, "session");

    if (text_of(head, "reference", NULL))
        line(to, "reference", printable(text_of(head, "reference", "")));
    else if (text_of(head, "input", NULL))
        line(to, "input", printable(text_of(head, "input", "")));
    if (json_is_object(session))
        print_session(to, head, session, is_vouched);
    else
        print_failure(to, head, is_vouched);
}

void words_approval(FILE *to, const session_answer *answer)
{
    const char *sent = session_answer_text(answer, "/approval/sent");
    const char *status = session_answer_text(answer, "/approval/http_status");
    char text[64];

    if (!sent)
        return;
    if (strcmp(sent, "true"))
        snprintf(text, sizeof text, "not sent");
    else if (status)
        snprintf(text, sizeof text, "sent, answered with HTTP %s", status);
    else
        snprintf(text, sizeof text, "sent, or may have been; no answer to it");
    line(to, "request", text);
}

void words_disclaim(FILE *to)
{
    line(to, "so", painted(DOUBTFUL, "this file is explained, not vouched for"));
}
