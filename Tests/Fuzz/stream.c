/* SPDX-License-Identifier: MIT */
/*
 * What comes over a connection. A thread listens on loopback and answers each request with
 * libFuzzer's bytes; the first byte chooses where they stand:
 *   0  the whole stream               1  the headers of a good session
 *   2  the whole stream of a token    3  the body of a token answer, a good session after it
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

static const char session[] =
    "{\"id\":\"s\",\"session_id\":\"s\",\"status\":\"FINALIZED\",\"order_amount\":5,"
    "\"purchase_currency\":\"SEK\",\"amount\":5}";

enum { MOST = 1 << 16 };
/* libFuzzer's bytes are its own: the thread, which can be late, has a copy. */
static struct turn {
    char bytes[MOST];
    size_t size;
    int place;
} current;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int listener;

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
    if (turn.place == 1 && !is_token) {
        send_all(fd, "HTTP/1.1 200 OK\r\n", 17);
        send_all(fd, turn.bytes, turn.size);
        send_all(fd, "\r\n\r\n", 4);
        send_all(fd, session, sizeof session - 1);
    } else if (turn.place == 3) {
        size_t size = is_token ? turn.size : sizeof session - 1;
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
        send_all(fd, head, strlen(head));
        send_all(fd, is_token ? turn.bytes : session, size);
    } else {
        send_all(fd, turn.bytes, turn.size);
    }
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
            /* A token is asked for with a body, which ends with the JSON object. */
            if (strstr(request, "\r\n\r\n") && (*request == 'G' || request[used - 1] == '}')) {
                answer(fd, *request == 'P');
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
             "\"client_secret\":\"0123456789\"}}", port, port);
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
    current.place = data[0] & 3;
    current.size = size - 1;
    memcpy(current.bytes, data + 1, size - 1);
    pthread_mutex_unlock(&lock);
    if ((data[0] & 3) < 2) {
        result = session_get(kustom, "kustom:s", NULL, &answer);
    } else {
        client = opened(config); /* without a token from the turn before */
        result = session_get(client, "dintero:T12345678/o/s", NULL, &answer);
        session_client_close(client);
    }
    demand(result == SESSION_OK || !strstr(session_answer_json(answer, NULL), "0123456789"),
           "no credential in a message");
    check(result, answer);
    return 0;
}
