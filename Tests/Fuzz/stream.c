/* SPDX-License-Identifier: MIT */
/*
 * What comes over a connection. A thread listens on loopback and answers each request with
 * libFuzzer's bytes; the first byte chooses where they stand:
 *   0  the whole stream               1  the headers of a good session
 *   2  the whole stream of a token    3  the body of a token answer, a good session after it
 *   4  frames of HTTP/2               5  frames of HTTP/2 behind the headers of an answer
 *   6  what a session was gzipped to  7  the Retry-After of each answer of a session that is
 *                                        waited for
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

static const char session[] =
    "{\"id\":\"s\",\"session_id\":\"s\",\"status\":\"FINALIZED\",\"order_amount\":5,"
    "\"purchase_currency\":\"SEK\",\"amount\":5}";

enum { MOST = 1 << 16 };
enum { STREAM, HEAD, TOKEN_STREAM, TOKEN, FRAMES, FRAMES_OF_ANSWER, GZIP, RETRY_AFTER };
/* libFuzzer's bytes are its own: the thread, which can be late, has a copy. */
static struct turn {
    char bytes[MOST];
    size_t size;
    int place;
} current;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int listener;
static int speaks_http2;

/* HTTP/2 needs TLS, which would be the same each time and cost most of the time: here the client
 * begins with HTTP/2 at once. */
#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    static CURLcode (*next)(CURL *, CURLoption, ...);
    va_list list;
    void *value;

    if (!next) /* by way of an integer, for a pointer to data is none to a function */
        next =
            (CURLcode (*)(CURL *, CURLoption, ...))(uintptr_t)dlsym(RTLD_NEXT, "curl_easy_setopt");
    va_start(list, option);
    value = va_arg(list, void *);
    va_end(list);
    if (option == CURLOPT_HTTP_VERSION && speaks_http2)
        return next(easy, option, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    return next(easy, option, value);
}

static void send_all(int fd, const void *bytes, size_t size)
{
    const char *rest = bytes;

    while (size) {
        ssize_t sent = send(fd, rest, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        rest += sent;
        size -= (size_t)sent;
    }
}

static void answer(int fd, int is_token)
{
    static struct turn turn;
    char head[128];

    pthread_mutex_lock(&lock);
    turn = current;
    pthread_mutex_unlock(&lock);
    if (turn.place == FRAMES || turn.place == FRAMES_OF_ANSWER) {
        static const char settings[] = "\0\0\0\4\0\0\0\0\0"
                                       "\0\0\0\4\1\0\0\0\0";
        static const char headers[] = "\0\0\1\1\4\0\0\0\1\x88";
        send_all(fd, settings, sizeof settings - 1);
        if (turn.place == FRAMES_OF_ANSWER)
            send_all(fd, headers, sizeof headers - 1);
        send_all(fd, turn.bytes, turn.size);
    } else if (turn.place == GZIP) {
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                 turn.size);
        send_all(fd, head, strlen(head));
        send_all(fd, turn.bytes, turn.size);
    } else if (turn.place == RETRY_AFTER) {
        static const char wait[] = "HTTP/1.1 429 X\r\nContent-Length: 0\r\nRetry-After: ";
        send_all(fd, wait, sizeof wait - 1);
        send_all(fd, turn.bytes, turn.size);
        send_all(fd, "\r\n\r\n", 4);
    } else if (turn.place == HEAD && !is_token) {
        send_all(fd, "HTTP/1.1 200 OK\r\n", 17);
        send_all(fd, turn.bytes, turn.size);
        send_all(fd, "\r\n\r\n", 4);
        send_all(fd, session, sizeof session - 1);
    } else if (turn.place == TOKEN) {
        size_t size = is_token ? turn.size : sizeof session - 1;
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
        send_all(fd, head, strlen(head));
        send_all(fd, is_token ? turn.bytes : session, size);
    } else {
        send_all(fd, turn.bytes, turn.size);
    }
}

/* Whether the request is there whole. A token is asked for with a body, which ends with the JSON
 * object. By HTTP/2 it is the first frame of headers. */
static int has_asked(const char *request, size_t used)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    size_t at = sizeof preface - 1;

    if (used < at || memcmp(request, preface, at))
        return strstr(request, "\r\n\r\n") && (*request == 'G' || request[used - 1] == '}');
    while (used >= at + 9) {
        const unsigned char *frame = (const unsigned char *)request + at;
        if (frame[3] == 1)
            return 1;
        at += 9 + ((size_t)frame[0] << 16 | (size_t)frame[1] << 8 | frame[2]);
    }
    return 0;
}

static void *serve(void *unused)
{
    (void)unused;
    for (;;) {
        char request[8192];
        size_t used = 0;
        ssize_t got;
        int fd = accept(listener, NULL, NULL);

        while (fd >= 0 && (got = recv(fd, request + used, sizeof request - 1 - used, 0)) > 0) {
            request[used += (size_t)got] = '\0';
            if (has_asked(request, used)) {
                answer(fd, !strncmp(request, "POST", 4));
                /* By HTTP/2 the client has something to say until it is gone, and a close with
                 * something unread would be a reset. */
                shutdown(fd, SHUT_WR);
                while (!strncmp(request, "PRI", 3)
                       && recv(fd, request + 3, sizeof request - 3, 0) > 0) {
                }
                break;
            }
        }
        if (fd >= 0) {
            shutdown(fd, SHUT_RDWR);
            close(fd);
        }
    }
    return NULL;
}

static char *configuration(void)
{
    static char config[1024];
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    pthread_t thread;
    int port;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    demand(bind(listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    demand(listen(listener, 64) == 0, "listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    port = ntohs(address.sin_port);
    pthread_create(&thread, NULL, serve, NULL);
    snprintf(config, sizeof config,
             "{\"attempts\":1,\"timeout_ms\":500,\"max_response_bytes\":65536,\"proxy\":\"\","
             "\"kustom\":{\"base_url\":\"http://127.0.0.1:%d\",\"api_key\":\"0123456789\"},"
             "\"dintero\":{\"base_url\":\"http://127.0.0.1:%d\",\"client_id\":\"i\","
             "\"client_secret\":\"0123456789\"}}",
             port, port);
    return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *config;
    static session_client *kustom;
    session_client *client;
    session_answer *answer;
    session_result result;

    if (!config)
        kustom = opened(config = configuration());
    if (!size || size > MOST)
        return 0;
    pthread_mutex_lock(&lock);
    current.place = data[0] & 7;
    current.size = size - 1;
    memcpy(current.bytes, data + 1, size - 1);
    pthread_mutex_unlock(&lock);
    switch (data[0] & 7) {
    case TOKEN_STREAM:
    case TOKEN:
        client = opened(config); /* without a token from the turn before */
        result = session_get(client, "dintero:T12345678/o/s", NULL, &answer);
        session_client_close(client);
        break;
    case FRAMES:
    case FRAMES_OF_ANSWER:
        client = opened(config); /* without the connection of the turn before */
        speaks_http2 = 1;
        result = session_get(client, "kustom:s", NULL, &answer);
        speaks_http2 = 0;
        session_client_close(client);
        break;
    case RETRY_AFTER:
        result = session_wait(kustom, "kustom:s", "{\"timeout_ms\":20,\"interval_ms\":5}", &answer);
        demand(result != SESSION_OK, "429 is no session");
        break;
    default:
        result = session_get(kustom, "kustom:s", NULL, &answer);
    }
    demand(result == SESSION_OK || !strstr(session_answer_json(answer, NULL), "0123456789"),
           "no credential in a message");
    check(result, answer);
    return 0;
}
