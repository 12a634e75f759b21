/* SPDX-License-Identifier: MIT */
/*
 * paysession.h - is this order paid, may the goods ship?
 *
 * libpaysession reads the "session details" of four payment providers (Inbank, Kustom, Dintero,
 * Ledyer), returns them as one JSON object, says their state in one vocabulary, and never says
 * "paid" when it is not sure. This header is the whole interface and its reference manual;
 * paysession.schema.json beside it describes every answer. Installed beside them, paysession-ffi.h
 * has the declarations alone, for languages that parse C themselves: PHP's FFI::load takes it as it
 * is, others without its lines that begin with #.
 *
 *     session_client *client;
 *     session_answer *answer;
 *     if (session_client_open(config, &client, NULL) == SESSION_OK) {
 *         session_get(client, "kustom:550e8400-e29b-41d4-a716-446655440000", NULL, &answer);
 *         if (session_answer_paid(answer) == SESSION_PAID_YES)
 *             ship();
 *         session_answer_free(answer);
 *         session_client_close(client);
 *     }
 *
 * RULES OF THE INTERFACE
 *
 * Text. All text is UTF-8 and ends with a NUL byte. JSON goes in and comes out as text.
 *
 * Ownership is said in two fixed phrases, which can be searched for:
 *   "Owned by the caller; free with F"  - the caller calls F once.
 *   "Borrowed from X"                   - valid until X is freed, never freed by the caller.
 *   Arguments are read during the call and never kept.
 *
 * Errors. A function that can fail returns a session_result, and its answer says the same in words
 *   (error.message, error.advice). There is no "last error". A NULL where a value is needed gives
 *   SESSION_INVALID_ARGUMENT, never a crash. A result says whether the answer could be learnt, a
 *   session_status says what was learnt; the two are never mixed: a timeout is no "not paid".
 *
 * Answers. Where a function takes `session_answer **answer` it always sets it, whatever the result;
 *   NULL may be passed by those who do not want it. Only after SESSION_DONE and SESSION_AGAIN is
 *   there none: *answer is then NULL.
 *
 * Threads. A client may be used by any number of threads at once; an answer and a batch by one at a
 *   time. The functions without a client may be called by any thread at any time. A signal handler
 *   may call session_client_cancel() and nothing else: in the middle of a call of its thread every
 *   other one is refused at once with SESSION_INVALID_ARGUMENT (a verdict is UNKNOWN, a descriptor
 *   -1, and what was to be closed stays open). pthread_cancel() of a thread inside a call waits for
 *   its end.
 *
 * Fork. A client opened before fork() works in the parent and in the child: the child drops the
 *   connections it inherited without a byte on the wire, keeps the tokens, and connects anew. A
 *   batch belongs to the process that opened it. Every connection is close-on-exec. fork() waits
 *   until calls that are at work wait for the network, which is soon: so no call may be made while
 *   a lock is held that a handler of pthread_atfork() takes, nor from such a handler,
 *   session_answer_free() and the accessors aside.
 *   Not supported, and refused at once in the child
 *   with SESSION_INVALID_ARGUMENT, as above: every call in a child of a signal handler that forked
 *   in the middle of a call (crash reporters do), and in a child of _Fork() or clone(), which ask
 *   nobody (from Linux 4.14 on). No byte of such a child reaches the parent's connections; it may
 *   exec or _exit(). If the handler returns there, the call that it interrupted ends with
 *   SESSION_ABORTED; other threads' locks, though, nobody gives back (POSIX lets a child of many
 *   threads call async-signal-safe functions alone, and glibc's own fork() never returns where the
 *   signal came in the middle of malloc, in a process of several threads). vfork(), posix_spawn()
 *   and exec hand on no connection (only what libcurl is woken by, which leads nowhere); a child of
 *   vfork() must call nothing here.
 *
 * The process it runs in. The library starts no threads (libcurl's resolver aside), installs no
 *   signal handlers, changes no locale, writes to neither stdout nor stderr, registers no atexit
 *   handler, raises no SIGPIPE, and stays mapped once loaded. (libcurl 7.88 ignores SIGPIPE for the
 *   moment in which it closes a client's connections, and puts back what it found.) Its descriptors
 *   are 10 or higher: 0 to 9 are the host's, whatever it has closed there (but for the moment in
 *   which one is made, and files of certificates that the TLS library reads through). A host that
 *   closes every descriptor it finds costs itself the calls under way (SESSION_UNREACHABLE); later
 *   ones have new ones.
 *
 * libcurl. The library calls curl_global_init() by itself, once, with its first client, and never
 *   curl_global_cleanup(): a host that uses libcurl too may do both, before or after.
 *
 * Secrets. No message or report contains a credential or a token; where a provider's error quotes
 *   one back, error.provider_message says [redacted] instead (of secrets of 4 bytes or more:
 *   shorter ones keep nothing). What this library holds of them is wiped before its memory is given
 *   back; libcurl and the TLS library do not wipe theirs. Personal data stands in answers (session,
 *   raw), which are meant for the caller, and nowhere else: not in error.message, not in a report.
 *
 * REFERENCES
 *
 * A reference names one session in one line of text, for columns, files and logs:
 *
 *     inbank:SHOP_UUID/POS_SESSION_UUID
 *     kustom:SESSION_ID
 *     dintero:ACCOUNT_ID/ORDER_ID/SESSION_ID
 *     ledyer:SESSION_ID
 *
 * Each part is percent-encoded UTF-8 (RFC 3986, a path segment: letters, digits and
 * -._~!$&'()*+,;=:@ stand for themselves, everything else is %XX). Decoded, an identifier is 1 to
 * 128 bytes of UTF-8 without control characters, and not "." or ".."; it becomes exactly one path
 * segment of the request. Dintero's account is P or T and eight digits. Ledyer's session may also
 * be named by its order (or_...): then, and only then, the answer's orderId vouches for it.
 *
 * CONFIGURATION, the `config` of session_client_open: one JSON object
 *
 *   key                 default      meaning
 *   timeout_ms          10000        the whole call: DNS, connect, TLS, token, every attempt, every
 *                                    pause; 1 to 600000, never infinite
 *   connect_timeout_ms  3000         one attempt to connect, TLS included; 1 to 600000
 *   attempts            3            tries of one call, 1 to 10
 *   max_response_bytes  4194304      longest body read, after decompression; 1 to 67108864
 *   user_agent          none         the shop's own, put before "libpaysession/VERSION"
 *   proxy               environment  http://, https:// or socks5h:// address; "" means none;
 *                                    without the key the usual environment variables count
 *                                    (https_proxy, all_proxy, no_proxy)
 *   no_proxy            environment  comma-separated hosts that are reached directly
 *   ca_file, ca_path    libcurl's    certificates to trust: one PEM file, or a hashed directory
 *   client_certificate, client_key   PEM files for TLS with a client certificate
 *   http2               absent       absent: session_get and session_wait speak HTTP/1.1, a batch
 *                                    HTTP/2 where it is offered; false: never; true: always
 *   shared              false        see session_client_open
 *   inbank              absent       {"environment": "demo"|"live", "country": "pl", "api_key",
 *                                     "approvals": false}: whether session_approve() and
 *                                     session_refuse() may be called
 *   kustom              absent       {"environment": "playground"|"live", "api_key", "username",
 *                                     "callback_secret": "whsec_..."}
 *                                    without username the raw key is sent, Authorization: Basic
 *                                    KEY; with it the usual base64 of username:key
 *   dintero             absent       {"client_id", "client_secret", "trust_processed_at": false,
 *                                     "account_id": "P12345678", "callback_secret", "checkout_url"}:
 *                                    the account is for callbacks, which are signed with it, and
 *                                    for those who ask about the configuration alone, as `paysession
 *                                    doctor` does; checkout_url is where its transactions are, see
 *                                    PROOF (https://checkout.dintero.com, or base_url where that is
 *                                    given)
 *   ledyer              absent       {"environment": "sandbox"|"live", "client_id",
 *                                     "client_secret"}
 *
 *   Every provider takes "base_url" instead of an environment, Dintero and Ledyer also "auth_url",
 *   the full address of the token endpoint; http:// is accepted for loopback hosts only
 *   (127.0.0.0/8, [::1], localhost). Ledyer's base_url needs auth_url beside it; Dintero's token
 *   endpoint is BASE_URL/v1/accounts/ACCOUNT_ID/auth/token unless auth_url names another. Dintero
 *   and Ledyer also take a ready-made "token" instead of client_id and client_secret.
 *   A secret (api_key, client_secret, token, callback_secret) is text, {"env": NAME} or {"file":
 *   PATH}; it is read once, when the client is opened. callback_secret may also be a list of one to
 *   four of these, any of which will do: so a new one is taken up before the old one goes. Blanks
 *   and line breaks at its ends are dropped; anything in it that is neither visible ASCII nor a
 *   blank is a mistake, a byte order mark above all.
 *   ca_file, client_certificate and client_key must hold what they are for, in PEM, in 4 MiB at
 *   most. They too are read once, when the client is opened, and paths are made absolute: what
 *   becomes of the files and of the working directory later makes no difference. (With a libcurl
 *   before 7.77, or with a TLS library that takes no certificates but from files, they are read
 *   again with each connection.)
 *   An unknown key, a wrong type, a missing secret, an environment
 *   that contradicts the key (kco_live_ and kco_test_): SESSION_INVALID_CONFIG, and the message
 *   names the key and what was expected.
 *
 * OPTIONS, the `options` of a call: NULL or one JSON object
 *
 *   timeout_ms     instead of the client's
 *   (a number may be spelt as in documents: 30000, 30000.0, 3e4, "30000")
 *   expect         {"amount": minor units, "currency": "EUR", "reference": "..."}, each optional:
 *                  what the shop knows of the order. What differs, or cannot be confirmed, holds
 *                  the session: paid is then never "yes"
 *   traceparent    a W3C trace context header, sent on to the provider
 *   proof          true: where the session is not the proof of payment, read the resource that is,
 *                  too (see PROOF). Dintero: {"transaction": "T12345678..."}, from the callback or
 *                  the return address. session_normalize: {"document": {...}}, the resource's JSON
 *   interval_ms         session_wait: the first pause, 1 to 60000 (500)
 *   in_flight           session_batch_open: sessions read at once, 1 to 1024 (32)
 *   requests_per_second session_batch_open: for each provider, 1 to 100000 (not limited)
 *   http2               session_batch_open: false: where the configuration does not say, HTTP/1.1,
 *                       as single calls do (true)
 *   id, trust_processed_at   session_normalize: see there
 *   tolerance_s, received_at session_callback_verify: see there
 *
 * THE ANSWER: one JSON object
 *
 *   {"result", "provider", "reference", "decision", "session", "error", "exchange", "raw"}, every
 *   key always there, null where nothing is known; "proof" where it was asked for; and "report",
 *   "callback" or "approval" in the answers of their functions. paysession.schema.json describes it
 *   key by key, with the field of each provider that it is read from. `raw` is the provider's
 *   object byte for byte.
 *
 *   session.holds says why session.paid is "unknown", always, and is empty otherwise:
 *     unidentified            the document does not say which session it is about
 *     status_unknown          the status is absent, no text, or a word in no documentation
 *     success_unreadable      Dintero: success is neither true, false nor null
 *     time_unreadable         Dintero: processed_at is there, and is no point in time
 *     time_implausible        Dintero: processed_at is before 2015, from 2100 on, or before
 *                             created_at: as a moment and by its digits, for a wrong offset alone
 *                             proves nothing
 *     amount_unreadable       the amount is absent or inexact
 *     currency_unreadable     the amount's digits can be read, and the currency is absent or not
 *                             in ISO 4217
 *     amount_negative         below zero; the amount stays in the answer. Zero is an amount
 *     no_payment_state        Dintero's order sessions carry none; see trust_processed_at
 *     advance_invoice         Ledyer: authorized before anyone has paid
 *     payment_method_unknown  Ledyer: authorized by a method that is not exactly invoice, card,
 *                             serviceInvoice, bankTransfer or partPayment
 *     amount_mismatch, currency_mismatch, reference_mismatch
 *                             it differs from what was expected
 *     amount_not_provided, currency_not_provided, reference_not_provided
 *                             it was expected, and the answer does not tell it
 *     proof_...               what the proof of payment has against it, see PROOF
 *
 * PROOF
 *
 *   A session tells what became of a checkout; what became of the money is told by the resource
 *   behind it, which the option proof reads in the same call, under the same deadline, into the
 *   same answer. paid is then "yes" only if the session says so and the proof confirms it. It adds
 *   an answer at Dintero, whose order sessions never say paid by themselves, and at Ledyer, whose
 *   advance invoices do not; at Kustom it sees fraud, cancellations and refunds; at Inbank it
 *   confirms what `completed` says (not with pay next month, which has no contract to read). It
 *   costs a second request, and needs credentials that may make it (Dintero: read:checkout; Kustom:
 *   order management).
 *
 *     inbank   the contract, /partner/v3/shops/{shop}/contracts/{creditContractUuid}
 *              activated: captured. unsigned, signed: pending. terminatedAt set: ended
 *     kustom   the order, /ordermanagement/v1/orders/{order_id}
 *              AUTHORIZED, PART_CAPTURED: secured. CAPTURED: captured. CANCELLED, EXPIRED: ended.
 *              CLOSED, or any refunded_amount: refunded. fraud_status PENDING: pending
 *     ledyer   the payment status, /v1/orders/{orderId}/paymentstatus
 *              paymentConfirmed: secured. orderCaptured: captured. orderInitiated, orderPending,
 *              paymentPending: pending. orderRefunded: refunded. orderCancelled: ended
 *     dintero  the transaction that the caller names, CHECKOUT_URL/v1/transactions/{transaction}
 *              It is the state that the session lacks, and session.status is its own:
 *              AUTHORIZED, PARTIALLY_CAPTURED: secured, completed. CAPTURED: captured, completed.
 *              REFUNDED, PARTIALLY_REFUNDED, PARTIALLY_CAPTURED_REFUNDED: refunded, completed.
 *              INITIATED, ON_HOLD: pending, pending. DECLINED: ended, declined. FAILED: ended,
 *              failed. AUTHORIZATION_VOIDED: ended, cancelled. UNKNOWN: unknown, unknown
 *
 *   Only for a session that is completed is anything read (otherwise "proof" is null). secured and
 *   captured confirm it; every other state holds it: proof_pending, proof_refunded, proof_ended,
 *   proof_unknown. So do
 *     proof_unnamed           the session names no such resource, or Dintero's was not given
 *     proof_not_found         the provider answers 404: the result is SESSION_OK, and held
 *     proof_amount_mismatch   Kustom, Dintero: the amount is not the session's; Kustom: what is
 *                             reserved and captured does not reach it
 *     proof_amount_unreadable it, its currency or a sum beside it is absent or inexact
 *     proof_currency_mismatch Kustom: it is not the session's; Dintero: not expect.currency
 *     proof_reference_mismatch  Dintero: merchant_reference is neither the reference's order nor
 *                             expect.reference: another order's, or nobody's
 *     proof_fraud             Kustom: fraud_status is neither ACCEPTED nor PENDING
 *   Ledyer's settles an advance invoice, and nothing that stands beside it (payment_method_unknown).
 *   Of a Dintero session whose amount is not the transaction's, or not told, a transaction that came
 *   to nothing does not say "no": status unknown, held.
 *   A resource that says it is another than the one asked for is SESSION_MISMATCHED, and so is,
 *   before anything is sent, a transaction of another account. Ledyer's payment status does not say
 *   whose it is: it is bound to its order by the address alone, and tells no amount, as Inbank's
 *   contract; there the session's own amount is the one to expect.
 *   A proof that cannot be read is a call that failed: with the result of that request, no session,
 *   and a message that names it. Each of the two requests has `attempts` tries.
 *
 * HOW A DOCUMENT IS READ
 *
 *   What is certain is read, exactly, and nothing else. One UTF-8 byte order mark at the very start
 *   of a document, a configuration or options is skipped. Words and identifiers are compared byte
 *   for byte; only UUIDs (RFC 9562) and currency codes (ISO 4217) are the same in either letter
 *   case. An amount in minor units is any JSON number that is a whole number (2000, 2000.0, 2e3),
 *   or a text of digits; one in major units (Inbank) any JSON number, or a text that is a plain
 *   decimal with a point. Nothing is rounded: 299.999 EUR is unreadable, and so is
 *   299.99000000000001, as a program writes it that keeps money in a double. A reference may be an
 *   integer in the document: its digits. Points in time are RFC 3339; also +02 for +02:00, and a
 *   leap second. Half of a surrogate pair (\ud83d alone) is U+FFFD in texts for people; in a
 *   status, an identifier, a currency or a reference it makes that field unreadable.
 */
#ifndef PAYSESSION_H
#define PAYSESSION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAYSESSION_VERSION_MAJOR 0
#define PAYSESSION_VERSION_MINOR 1
#define PAYSESSION_VERSION_PATCH 0

/* What a result must not be dropped of: without it nobody knows whether there is an object, or
 * whether a reference was taken. */
#ifdef __GNUC__
#define PAYSESSION_MUST_USE __attribute__((warn_unused_result))
#else
#define PAYSESSION_MUST_USE
#endif

/* ---- What a call came to ------------------------------------------------------------------- */

/* session_result - whether the answer could be learnt. Numbers are never reused. */
typedef enum session_result {
    SESSION_OK = 0,               /* the session was read */
    SESSION_INVALID_ARGUMENT = 1, /* bad argument, identifier, reference or options: nothing was
                                      sent */
    SESSION_INVALID_CONFIG = 2,   /* the configuration is wrong; the message names the key */
    SESSION_NOT_CONFIGURED = 3,   /* that provider has no credentials here */
    SESSION_ABORTED = 4,          /* session_client_cancel */
    SESSION_OUT_OF_MEMORY = 5,    /* or out of descriptors */
    SESSION_UNREACHABLE = 10,     /* no connection, or it broke */
    SESSION_TLS_FAILED = 11,      /* the peer could not be verified */
    SESSION_TIMED_OUT = 12,       /* the deadline passed */
    SESSION_UNAUTHORIZED = 20,    /* 401, or the token endpoint refused the credentials */
    SESSION_FORBIDDEN = 21,       /* 403 */
    SESSION_NOT_FOUND = 22,       /* 404 */
    SESSION_RATE_LIMITED = 23,    /* 429 */
    SESSION_PROVIDER_ERROR = 24,  /* 5xx */
    SESSION_UNEXPECTED_HTTP = 25, /* anything else that is not 200, redirects included */
    SESSION_MALFORMED = 30,       /* 200, but not a JSON object, or deeper than 128 levels, or a
                                      key twice, or not UTF-8; or no valid HTTP: a status line that
                                      is none, a NUL in a header, two lengths; or packed otherwise
                                      than by gzip, once */
    SESSION_TOO_LARGE = 31,       /* longer than max_response_bytes, or headers beyond 64 KiB, or
                                      more than 10,000 items, 100,000 objects and lists or 500,000
                                      texts and numbers, or an answer to be made of it that is
                                      longer than four times max_response_bytes and 64 KiB */
    SESSION_MISMATCHED = 32,      /* the answer is about another session than the one asked for; a
                                      callback is genuine, and another account's */
    SESSION_NOT_GENUINE = 33,     /* a callback that does not verify; callback.reason says why */
    SESSION_UNSIGNED = 34,        /* nothing to check: the provider signs no callbacks, or no
                                      secret is configured; a hint, worth a read at most */
    SESSION_NOT_WAITING = 35,     /* the session is not for the merchant to approve or to refuse */
    SESSION_DONE = 40,            /* a batch has nothing more to give */
    SESSION_AGAIN = 41            /* a batch has nothing yet */
} session_result;

/* session_status - the state of a session in one vocabulary. Zero is never good news. */
typedef enum session_status {
    SESSION_STATUS_UNKNOWN = 0,         /* not told, not understood, or not readable */
    SESSION_STATUS_OPEN = 1,            /* created, nothing under way */
    SESSION_STATUS_PENDING = 2,         /* the customer or the provider is at it */
    SESSION_STATUS_ACTION_REQUIRED = 3, /* somebody else must act: the merchant, a signatory */
    SESSION_STATUS_COMPLETED = 4,       /* the session reached its good end */
    SESSION_STATUS_DECLINED = 5,        /* the provider said no */
    SESSION_STATUS_FAILED = 6,          /* it broke */
    SESSION_STATUS_CANCELLED = 7,       /* customer or merchant called it off */
    SESSION_STATUS_EXPIRED = 8          /* time ran out */
} session_status;

/*
 * session_paid - what a shop decides on. YES: the goods can be shipped. NO: the provider says not
 * (yet, unless the session is final). UNKNOWN: hold the order and look; session.holds says why.
 */
typedef enum session_paid {
    SESSION_PAID_UNKNOWN = 0,
    SESSION_PAID_YES = 1,
    SESSION_PAID_NO = 2
} session_paid;

/*
 * session_decision - what the shop does next, made where the verdict is made.
 *   HOLD     a person looks: paid is UNKNOWN, or there is no answer and asking again brings none
 *   SHIP     paid is YES
 *   WAIT     read it again later: paid is NO and the session is not final, or there is no answer
 *            and a later attempt may bring one (error.retryable)
 *   RELEASE  paid is NO and the session is final: the stock is free again
 */
typedef enum session_decision {
    SESSION_HOLD = 0,
    SESSION_SHIP = 1,
    SESSION_WAIT = 2,
    SESSION_RELEASE = 3
} session_decision;

/* session_client - credentials, connections and tokens. Constructor session_client_open,
 * destructor session_client_close. */
typedef struct session_client session_client;

/* session_batch - many sessions being read. Constructor session_batch_open, destructor
 * session_batch_close. It keeps what it needs of its client: destructors may run in any order. */
typedef struct session_batch session_batch;

/* session_answer - one answer: a result, a status, a verdict, and the JSON. Destructor
 * session_answer_free. It depends on no other object: destructors may run in any order. */
typedef struct session_answer session_answer;

/* ---- The library --------------------------------------------------------------------------- */

/* session_abi_version() - the number of this binary interface, 1. It changes when a program
 * compiled against an older header would break; additions do not change it. */
uint32_t session_abi_version(void);

/* session_version() - the library's version, "0.1.0". Static; never freed. */
const char *session_version(void);

/* session_result_name() - the word for a result as it stands in answers ("timed_out"); "unknown"
 * for a number not listed. Static; never freed. */
const char *session_result_name(session_result result);

/* session_status_name() - the word for a status ("completed"); "unknown" for a number not listed.
 * Static; never freed. */
const char *session_status_name(session_status status);

/* session_paid_name() - the word for a verdict ("yes"); "unknown" for a number not listed.
 * Static; never freed. */
const char *session_paid_name(session_paid paid);

/* session_decision_name() - the word for a decision ("ship"); "hold" for a number not listed.
 * Static; never freed. */
const char *session_decision_name(session_decision decision);

/*
 * session_providers() - the providers that this library reads, as JSON: a list with one object for
 * each, in the order in which they are always named. More keys may come.
 *   name         the word in references, the configuration and answers: "inbank"
 *   title        as people write it: "Inbank"
 *   reference    the form of its references: "inbank:SHOP_UUID/POS_SESSION_UUID"
 *   identifiers  their parts: ["shop_uuid", "pos_session_uuid"]
 *   environments, credentials, settings   what its section of the configuration takes. Of its
 *                credentials all are needed, or each of alternative_credentials alone
 *   proof        what of the provider's tells what became of the payment behind a session:
 *                "contract", "order", "payment_status" or "transaction". Not read by this version
 *   callbacks    whether session_callback_verify() can check what it sends to a shop: "signed" or
 *                "unsigned"
 * "[]" where no call is taken, see Threads. Static; never freed.
 */
const char *session_providers(void);

/* ---- A client ------------------------------------------------------------------------------ */

/*
 * session_client_open() - makes a client from a configuration (see CONFIGURATION above). Nothing is
 * sent. Returns SESSION_OK and sets *client. Owned by the caller; free with session_client_close().
 * On failure *client is NULL and the answer says what is wrong:
 *   SESSION_INVALID_ARGUMENT  config or client is NULL
 *   SESSION_INVALID_CONFIG    not a JSON object, an unknown key, a wrong type or value, a missing
 *                             secret
 *   SESSION_OUT_OF_MEMORY
 * With "shared": true, opening the byte-identical configuration again in the same process gives the
 * same client, and each close gives back one reference: connections and tokens outlive, say, one
 * PHP request. What the configuration names (environment variables, files) is read each time, and
 * only where it holds the same bytes as before is the client the same: a key that was renewed, and
 * another shop's key under the same name, are another's. A shared client that nobody holds is kept
 * for the next to open it, 16 of them at most; the one that was not used for longest goes first.
 * *answer: Owned by the caller; free with session_answer_free().
 */
PAYSESSION_MUST_USE
session_result session_client_open(const char *config, session_client **client,
                                   session_answer **answer);

/*
 * session_client_open_file() - session_client_open() with the configuration in a file, of at most
 * 1 MiB; a pipe will do. With NULL for the path it is looked for where the shell tool looks: the
 * file that the environment variable PAYSESSION_CONFIG names, else
 * $XDG_CONFIG_HOME/paysession/config.json, else ~/.config/paysession/config.json (not in a program
 * that runs with another user's rights than its caller's).
 * Returns as session_client_open(). SESSION_INVALID_CONFIG is also a file that cannot be read, and
 * one that configures a provider and that its group or others may write: they could have
 * credentials sent to an address of theirs. error.message begins with the path and, for what is
 * wrong in the file, line and column ("/etc/shop.json:4:13: kustom.api_key: expected ..."). The
 * report says which file it was, and whether others may read it.
 * *answer: Owned by the caller; free with session_answer_free().
 */
PAYSESSION_MUST_USE
session_result session_client_open_file(const char *path, session_client **client,
                                        session_answer **answer);

/*
 * session_client_cancel() - ends the calls in flight on this client, all of them, with
 * SESSION_ABORTED; calls made later are not affected. NULL does nothing. May be called from any
 * thread, and from a signal handler: it adds to an atomic counter and sets a timer descriptor
 * (timerfd_settime), both async-signal-safe, keeps errno, and takes no lock. The client must stay
 * open during the call.
 */
void session_client_cancel(session_client *client);

/*
 * session_client_report() - what this client has seen since it was opened. The answer has one key
 * more, "report": calls counted by provider and result, latency percentiles in milliseconds,
 * tokens, connections, and the drift that a shop wants to hear of early: statuses that are in no
 * documentation and fields that could not be read (names, never contents); and for whoever looks
 * for a fault, each provider's address and clock, and what requests are made with (libcurl, TLS,
 * trusted certificates). No secrets, no personal data. Returns SESSION_OK, SESSION_INVALID_ARGUMENT
 * (client is NULL) or SESSION_OUT_OF_MEMORY.
 * *answer: Owned by the caller; free with session_answer_free().
 */
session_result session_client_report(session_client *client, session_answer **answer);

/* session_client_close() - destructor of session_client; NULL does nothing. No other thread may
 * be inside a call on a client that is not shared. Open connections are closed. */
void session_client_close(session_client *client);

/* ---- Reading a session --------------------------------------------------------------------- */

/*
 * session_get() - reads the session that a reference names (see REFERENCES) and judges it. Blocks
 * until there is an answer, at most timeout_ms. Transient failures (no connection, a broken one,
 * 408, 425, 429, 500, 502, 503, 504, 520 to 524, a 200 that is empty or a page of HTML; not a proxy
 * that answers 403 or 407) are tried again within that time, `attempts` times in all, after pauses
 * that grow from 0.2 s to 5 s with full jitter; a Retry-After is kept where it fits, otherwise the
 * answer is given at once. A token that is refused with 401 is renewed once. exchange.tries tells
 * each attempt.
 * Returns SESSION_OK if the session was read, whatever its status: decide on
 * session_answer_paid(). Otherwise
 *   SESSION_INVALID_ARGUMENT  client or reference NULL, a bad reference or options; nothing was
 *                             sent
 *   SESSION_NOT_CONFIGURED    the configuration has no such provider; nothing was sent
 *   SESSION_ABORTED, SESSION_OUT_OF_MEMORY, or one of 10 to 32: see session_result
 * *answer: Owned by the caller; free with session_answer_free().
 */
session_result session_get(session_client *client, const char *reference, const char *options,
                           session_answer **answer);

/* session_get_inbank() - session_get() with the identifiers as they are, not encoded.
 * GET /partner/v3/shops/{shopUuid}/pos-sessions/{posSessionUuid} (Inbank partner API v3). */
session_result session_get_inbank(session_client *client, const char *shop_uuid,
                                  const char *pos_session_uuid, const char *options,
                                  session_answer **answer);

/* session_get_kustom() - session_get() with the identifier as it is, not encoded.
 * GET /ipp/v1/sessions/{session_id} (Kustom In-Person Payments 1.0.0). */
session_result session_get_kustom(session_client *client, const char *session_id,
                                  const char *options, session_answer **answer);

/* session_get_dintero() - session_get() with the identifiers as they are, not encoded.
 * GET /v1/accounts/{aid}/shopping/orders/{order_id}/sessions/{session_id} (Dintero shopping). */
session_result session_get_dintero(session_client *client, const char *account_id,
                                   const char *order_id, const char *session_id,
                                   const char *options, session_answer **answer);

/* session_get_ledyer() - session_get() with the identifier as it is, not encoded.
 * GET /v1/sessions/{sessionId} (Ledyer order sessions). */
session_result session_get_ledyer(session_client *client, const char *session_id,
                                  const char *options, session_answer **answer);

/*
 * session_wait() - reads a session again and again, with growing, jittered pauses (interval_ms
 * first), until it is final or timeout_ms is over, and gives the last answer: so SESSION_OK with a
 * session that is not final means that time ran out. What a later attempt may mend (see
 * error.retryable) is waited for as well, a Retry-After also from one read to the next; any other
 * failure ends it, and a Retry-After beyond timeout_ms gives the last answer at once. Ended by
 * session_client_cancel(). Otherwise as session_get().
 * *answer: Owned by the caller; free with session_answer_free().
 */
session_result session_wait(session_client *client, const char *reference, const char *options,
                            session_answer **answer);

/* ---- The merchant's approval --------------------------------------------------------------- */

/*
 * session_approve() - sees to it that a session that waits for the merchant's approval is approved
 * (session_refuse(): cancelled). Reads the session; if it waits, sends one request; reads again,
 * until the session is final or timeout_ms is over. The answer is the last read: decide on
 * session_answer_paid() as ever. To repeat the call is safe: what is approved already is not asked
 * for again. The one request is never sent twice by one call: if its fate is unknown, the reads
 * that follow tell.
 *
 * For Inbank alone (merchant-approval and cancel of a contract), and only where its section of the
 * configuration has "approvals": true. An approval makes the merchant liable for the delivery, and
 * nothing takes it back. Options as for session_wait(), but for proof. session_approve() demands
 * expect with amount and currency: what has not been checked is not approved. What differs from
 * what was expected, or cannot be confirmed, holds the session before anything is sent, as other
 * holds do: SESSION_OK, session.holds says why, and approval.sent is false.
 *
 * The answer has one key more, "approval": {"wanted": "approved" or "refused", "sent": whether the
 * request was sent, or may have been, "http_status": what was answered to it, or null}.
 * Returns SESSION_OK if the session was read last: it is as it was wanted (without a request where
 * it was so before), or held, or timeout_ms ended before it was final. Otherwise
 *   SESSION_NOT_WAITING       the session is neither as it was wanted nor waiting: pending, declined
 *                             and the like, or it has no contract yet; nothing was sent. Or the
 *                             provider refused the request (422, error.provider_code) and the
 *                             session is not as it was wanted
 *   SESSION_INVALID_ARGUMENT  as session_get(); another provider; no expect for session_approve()
 *   SESSION_NOT_CONFIGURED    the configuration has no such provider, or does not say approvals
 *   SESSION_UNREACHABLE, SESSION_TIMED_OUT, SESSION_PROVIDER_ERROR with approval.sent: its fate is
 *                             unknown, and the session was not as it was wanted up to the end of
 *                             timeout_ms. It may have been carried out: read the session
 *   any other of session_get()
 * *answer: Owned by the caller; free with session_answer_free().
 */
session_result session_approve(session_client *client, const char *reference, const char *options,
                               session_answer **answer);

/* session_refuse() - session_approve() for the opposite: the session is cancelled. expect is held
 * against it where it is given. *answer: Owned by the caller; free with session_answer_free(). */
session_result session_refuse(session_client *client, const char *reference, const char *options,
                              session_answer **answer);

/* ---- Many sessions at once ----------------------------------------------------------------- */

/*
 * session_batch_open() - prepares to read many sessions at once on one thread. Options: in_flight,
 * sessions of each provider read at once, which also bounds the memory in use (with a libcurl
 * before 8.0 no more than 100 of a provider that speaks HTTP/2: it would open a connection for each
 * of the others); requests_per_second, for each provider. Returns SESSION_OK and sets *batch. Owned
 * by the caller; free with session_batch_close(). Otherwise SESSION_INVALID_ARGUMENT or
 * SESSION_OUT_OF_MEMORY, and *batch is NULL.
 * *answer: Owned by the caller; free with session_answer_free().
 */
PAYSESSION_MUST_USE
session_result session_batch_open(session_client *client, const char *options,
                                  session_batch **batch, session_answer **answer);

/*
 * session_batch_add() - adds a session to be read, at any time, also between two calls of
 * session_batch_next(). Options as for session_get(); timeout_ms counts from its beginning. Returns
 *   SESSION_OK                it will come back exactly once, with `tag`; a bad reference or bad
 *                             options come back too, as SESSION_INVALID_ARGUMENT
 *   SESSION_AGAIN             no room for another of this provider, not added: take something out
 *                             with session_batch_next() first, or add others' meanwhile
 *   SESSION_OUT_OF_MEMORY     not added
 *   SESSION_INVALID_ARGUMENT  batch or reference NULL, or a batch that the parent process opened
 * Room is for 1024 references of each provider beside those in flight.
 */
PAYSESSION_MUST_USE
session_result session_batch_add(session_batch *batch, const char *reference, const char *options,
                                 uint64_t tag);

/*
 * session_batch_next() - gives the next answer, in the order in which they come, and the tag that
 * it was added with. Drives the batch: nothing happens between two calls. timeout_ms: 0 only does
 * what can be done at once, a negative number waits for an answer however long it takes. Returns
 * the answer's own result, or, without an answer,
 *   SESSION_AGAIN             nothing yet, within timeout_ms
 *   SESSION_DONE              everything added has come back; more may be added
 * SESSION_INVALID_ARGUMENT, with an answer, for NULL and for a batch that the parent process
 * opened. tag may be NULL.
 * *answer: Owned by the caller; free with session_answer_free().
 */
session_result session_batch_next(session_batch *batch, int64_t timeout_ms, uint64_t *tag,
                                  session_answer **answer);

/*
 * session_batch_fd() - a descriptor that becomes readable when session_batch_next() with timeout 0
 * would make progress: for poll(2) and event loops. Not to be read from; ask session_batch_next()
 * until SESSION_AGAIN or SESSION_DONE, then poll again. -1 for NULL, for a batch of the parent
 * process, and when descriptors have run out. Borrowed from the batch; never closed by the caller.
 */
int session_batch_fd(session_batch *batch);

/* session_batch_close() - destructor of session_batch; NULL does nothing. What is under way is
 * given up. The client may be closed before or after. */
void session_batch_close(session_batch *batch);

/* ---- Judging a document without a request -------------------------------------------------- */

/*
 * session_normalize() - judges a provider's document that the caller already has, by the same rules
 * and without a request. `provider` is inbank, kustom, dintero or ledyer. Options: expect; id, the
 * identifier that the document must carry (SESSION_MISMATCHED if it carries another);
 * trust_processed_at (Dintero), true or false. Without id, a document that names no session is held
 * as `unidentified` all the same. In the answer reference and exchange are null.
 * Returns SESSION_OK, SESSION_INVALID_ARGUMENT, SESSION_MALFORMED, SESSION_MISMATCHED or
 * SESSION_OUT_OF_MEMORY. Opens no connection and no file.
 * *answer: Owned by the caller; free with session_answer_free().
 */
session_result session_normalize(const char *provider, const char *provider_json,
                                 const char *options, session_answer **answer);

/* session_status_normalized() - the status of session_normalize() without options;
 * SESSION_STATUS_UNKNOWN for whatever cannot be read. Needs nothing freed. */
session_status session_status_normalized(const char *provider, const char *provider_json);

/* session_paid_normalized() - the verdict of session_normalize() without options;
 * SESSION_PAID_UNKNOWN for whatever cannot be read. Nobody said which session was meant: use
 * session_normalize() with id before goods are shipped on it. Needs nothing freed. */
session_paid session_paid_normalized(const char *provider, const char *provider_json);

/* ---- What comes to the shop ---------------------------------------------------------------- */

/*
 * session_callback_verify() - whether a request that came to the shop is genuinely the provider's,
 * and which session it wants looked at. It proves no payment: session is null, and
 * session_answer_paid() is SESSION_PAID_UNKNOWN, whatever the callback says. Read the session next:
 *
 *     result = session_callback_verify(client, "kustom", request, body, length, NULL, &call);
 *     if (result == SESSION_OK && session_answer_reference(call) != NULL)
 *         session_get(client, session_answer_reference(call), options, &answer);
 *
 * request: one JSON object, {"method": "POST", "url": "https://shop.example/pay/hook?x=1",
 *   "headers": {"webhook-id": "..."}}. url is the address as the provider called it: behind a proxy
 *   the public one, with the query as it came. A header's value is text, or a list of texts where
 *   it came more than once; names in any letter case. At most 64 KiB, 100 headers and, for Dintero,
 *   1000 parameters.
 * body: the bytes as they came, before any parser saw them; NULL if body_length is 0. At most
 *   max_response_bytes.
 * Options: tolerance_s, how far from the clock a signature's time may be, in either direction, 1 to
 *   900 seconds (300); received_at, a point in time (RFC 3339): judged as of then instead of now,
 *   for a callback that waited in a queue.
 * Opens no connection and no file, and remembers nothing: the same request verifies twice. Against
 *   repeats keep callback.id for 15 minutes, and only once the work on it is done.
 *
 * Where the configuration has a callback_secret, a signature is demanded, and a request without one
 * is SESSION_NOT_GENUINE. What a provider signs, and what its answer names:
 *
 *   provider  signature                              what it vouches for, and the reference
 *   inbank    checked by none yet: SESSION_UNSIGNED  nothing is read; read by your own reference
 *   kustom    Standard Webhooks 1.0.0, v1            the body; kustom:... of ipp.* events
 *   dintero   Dintero-Signature, v0-hmac-sha256      address and query, not the body; no reference,
 *                                                    for it names the checkout's session
 *   ledyer    none documented: SESSION_UNSIGNED      nothing; ledyer:... of sessions and orders
 *
 * Inbank is said to sign with the API key. Nobody here has seen a message that was, and the
 * signature passes through the customer's browser and names no order. Dintero's return address is
 * the customer's browser, never signed: it is not for this function.
 *
 * The answer has one key more, callback, which is null where the request could not be judged:
 *   authenticity  "genuine", "refused" or "unsigned", as SESSION_OK, SESSION_NOT_GENUINE and
 *                 SESSION_UNSIGNED. Of a refused one, event, identifiers, id and reference are null
 *   reason        why it is refused: signature_missing, signature_malformed, signature_mismatch,
 *                 timestamp_missing, timestamp_malformed, repeated (what may be there once is there
 *                 more than once); and of a genuine one, so that they are worth an alarm, too_old
 *                 and too_new
 *   scheme, covers   what it was checked by, and what of the request that vouches for: "body" or
 *                 "query"; nothing else is read
 *   secret        which of the configured secrets matched, from 1: tells when an old one can go
 *   id            one text for one delivery: Kustom's webhook-id; Dintero's signature
 *   sent_at, age_ms   when it was signed, and how long before now or received_at
 *   event         the provider's own word for what happened
 *   identifiers   session, order, transaction, merchant_reference, merchant, checkout_session: to
 *                 find the order in your own records, never what to ship
 *
 * Returns
 *   SESSION_OK                genuine and fresh
 *   SESSION_NOT_GENUINE       it does not verify; callback.reason says why
 *   SESSION_UNSIGNED          there is nothing to check it by
 *   SESSION_MALFORMED         not what this provider sends: the body is no JSON object
 *   SESSION_MISMATCHED        genuine, and another account's (Dintero)
 *   SESSION_TOO_LARGE         request, headers or body
 *   SESSION_NOT_CONFIGURED    the configuration has no such provider
 *   SESSION_INVALID_ARGUMENT  something is NULL, or no provider, request or options; for Dintero
 *                             also a url with user info, a fragment, or a host that is not ASCII
 *   SESSION_OUT_OF_MEMORY
 * Any number of threads may call it at once, on one client.
 * *answer: Owned by the caller; free with session_answer_free().
 */
session_result session_callback_verify(session_client *client, const char *provider,
                                       const char *request, const void *body, size_t body_length,
                                       const char *options, session_answer **answer);

/* ---- An answer ----------------------------------------------------------------------------- */

/* session_answer_result() - what the call returned; SESSION_INVALID_ARGUMENT for NULL. */
session_result session_answer_result(const session_answer *answer);

/* session_answer_status() - session.status; SESSION_STATUS_UNKNOWN where there is no session, and
 * for NULL. */
session_status session_answer_status(const session_answer *answer);

/* session_answer_paid() - session.paid; SESSION_PAID_UNKNOWN where there is no session, and for
 * NULL. */
session_paid session_answer_paid(const session_answer *answer);

/* session_answer_decision() - what the shop does next; SESSION_HOLD for NULL. */
session_decision session_answer_decision(const session_answer *answer);

/*
 * session_answer_text() - one value of the answer, by its JSON pointer (RFC 6901):
 * "/error/message", "/session/holds/0", "/raw/order_lines/3/name". A text is decoded, a number or a
 * boolean is as it is spelt ("30000", "true"). In texts of raw, U+FFFD stands for half a surrogate pair. NULL for
 * null, for what is not there, for objects and lists, for a text with a NUL in it, when memory has
 * run out, and if answer or pointer is NULL or pointer is none. Borrowed from the answer.
 */
const char *session_answer_text(const session_answer *answer, const char *pointer);

/* session_answer_json() - the whole answer as JSON, and its length in bytes without the NUL if
 * length is not NULL. Never NULL for an answer; NULL and 0 for NULL. Borrowed from the answer. */
const char *session_answer_json(const session_answer *answer, size_t *length);

/* session_answer_reference() - the answer's reference, for session_get(); NULL where there is none,
 * when memory has run out, and for NULL. Borrowed from the answer. */
const char *session_answer_reference(const session_answer *answer);

/* session_answer_free() - destructor of session_answer; NULL does nothing. */
void session_answer_free(session_answer *answer);

#ifdef __cplusplus
}
#endif

#endif /* PAYSESSION_H */
