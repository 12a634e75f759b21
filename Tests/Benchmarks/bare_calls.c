/* SPDX-License-Identifier: MIT */
/*
 * What there is to compare one call after another with: a handle of libcurl's that is used again,
 * and jansson, nothing of ours. bare_calls BASE_URL CA_FILE COUNT [NAME]. Sends the same requests
 * as calls.c; parses each answer and looks at its status. libcurl looks after SIGPIPE, as it does
 * unless told otherwise. No retries, no check whose answer it is, no exact amounts: it is as cheap
 * as a careful program can be.
 */
#include "body.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct body body = {NULL, 0, 0};
    struct curl_slist *headers;
    unsigned long i, count, finalized = 0;
    CURL *easy;

    if (argc < 4)
        return 2;
    count = strtoul(argv[3], NULL, 10);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    headers = curl_slist_append(NULL, "Accept: application/json");
    headers = curl_slist_append(headers, "Authorization: Basic nginx-secret-of-kustom");
    easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "libpaysession/0.1.0");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 3000L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    for (i = 0; i < count; i++) {
        char url[512];
        long code = 0;
        json_t *document;
        const char *status;
        snprintf(url, sizeof url, "%s/ipp/v1/sessions/%s-%lu", argv[1], argc > 4 ? argv[4] : "full",
                 i);
        body.length = 0;
        curl_easy_setopt(easy, CURLOPT_URL, url);
        if (curl_easy_perform(easy))
            break;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
        document = json_loadb(body.bytes, body.length, JSON_REJECT_DUPLICATES, NULL);
        status = json_string_value(json_object_get(document, "status"));
        finalized += code == 200 && status && !strcmp(status, "FINALIZED");
        json_decref(document);
    }
    curl_easy_cleanup(easy);
    free(body.bytes);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return finalized != count;
}
