/* SPDX-License-Identifier: MIT */
/*
 * What there is to compare a batch with: libcurl's multi interface and jansson, nothing of ours.
 * bare_batch BASE_URL CA_FILE COUNT [NAME]. Sends the same requests as batch.c, 32 at a time, over
 * one connection, each with a handle that is used again; parses each answer and looks at its
 * status. No retries, no deadlines, no check whose answer it is, no exact amounts: it is as cheap
 * as a careful program can be.
 */
#include "body.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT = 32 };

struct transfer {
    CURL *easy;
    struct body body;
};

static CURLM *multi;
static const char *base, *name;
static unsigned long count, added, finalized;

static void start(struct transfer *transfer)
{
    char url[512];
    snprintf(url, sizeof url, "%s/ipp/v1/sessions/%s-%lu", base, name, added++);
    transfer->body.length = 0;
    curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
    curl_multi_add_handle(multi, transfer->easy);
}

static void judge(const struct transfer *transfer)
{
    json_t *document =
        json_loadb(transfer->body.bytes, transfer->body.length, JSON_REJECT_DUPLICATES, NULL);
    const char *status = json_string_value(json_object_get(document, "status"));
    long code = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &code);
    finalized += code == 200 && status && !strcmp(status, "FINALIZED");
    json_decref(document);
}

int main(int argc, char **argv)
{
    static struct transfer transfers[IN_FLIGHT];
    struct curl_slist *headers;
    unsigned long ended = 0;
    int i, running, left;

    if (argc < 4)
        return 2;
    base = argv[1];
    name = argc > 4 ? argv[4] : "full";
    count = strtoul(argv[3], NULL, 10);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    headers = curl_slist_append(NULL, "Accept: application/json");
    headers = curl_slist_append(headers, "Authorization: Basic nginx-secret-of-kustom");
    for (i = 0; i < IN_FLIGHT && added < count; i++) {
        CURL *easy = transfers[i].easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfers[i]);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
        curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "libpaysession/0.1.0");
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 3000L);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfers[i].body);
        start(&transfers[i]);
    }
    while (ended < count) {
        CURLMsg *message;
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left))) {
            struct transfer *transfer;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
            curl_multi_remove_handle(multi, transfer->easy);
            judge(transfer);
            ended++;
            if (added < count)
                start(transfer);
        }
        if (ended < count)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    for (i = 0; i < IN_FLIGHT; i++) {
        curl_easy_cleanup(transfers[i].easy);
        free(transfers[i].body.bytes);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return finalized != count;
}
