/* SPDX-License-Identifier: MIT */
/*
 * What Swift cannot call of libcurl: functions with variable arguments, and a union. Each wrapper
 * names the function it wraps and adds nothing, except where a comment says so.
 */
#ifndef PAYSESSION_CCURL_SHIM_H
#define PAYSESSION_CCURL_SHIM_H

#include <curl/curl.h>

#include "records.h"

/* curl_easy_setopt, by the type of its argument. */
static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value)
{
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value)
{
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value)
{
    return curl_easy_setopt(easy, option, value);
}
/* As a curl_blob, which libcurl keeps by its address: the bytes must stay. */
static inline CURLcode ccurl_set_bytes(CURL *easy, CURLoption option, const void *bytes,
                                       size_t count)
{
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, option, &blob);
}
typedef size_t (*ccurl_sink)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_sink(CURL *easy, CURLoption option, ccurl_sink function)
{
    return curl_easy_setopt(easy, option, function);
}
static inline CURLcode ccurl_set_opensocket(CURL *easy, curl_opensocket_callback function)
{
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}
static inline CURLcode ccurl_set_closesocket(CURL *easy, curl_closesocket_callback function)
{
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}

/*
 * Numbers that not every curl.h has. They never change, and whether the libcurl that is there knows
 * them is asked at run time: see Transport/Quirks.swift.
 */
enum {
    CCURL_PROTOCOLS = 181,
    CCURL_PROTOCOLS_STR = 10318,
    CCURL_CA_CACHE_TIMEOUT = 321,
    CCURL_QUICK_EXIT = 322,
    CCURL_MULTI_QUICK_EXIT = 21,
    CCURL_SSLCERT_BLOB = 40291,
    CCURL_SSLKEY_BLOB = 40292,
    CCURL_CAINFO_BLOB = 40309,
    CCURL_PROXY_CAINFO_BLOB = 40310,
    CCURL_SSL_CLIENTCERT = 98,
    CCURL_TOO_LARGE = 100
};

/* curl_easy_getinfo, by the type of its result. */
static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value)
{
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value)
{
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, char **value)
{
    return curl_easy_getinfo(easy, info, value);
}

/* curl_multi_setopt, by the type of its argument. */
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value)
{
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_socket(CURLM *multi, curl_socket_callback function,
                                               void *context)
{
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline CURLMcode ccurl_multi_set_timer(CURLM *multi, curl_multi_timer_callback function,
                                              void *context)
{
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

/* CURLMsg.data is a union: the code of a finished transfer. */
static inline CURLcode ccurl_message_code(const CURLMsg *message)
{
    return message->data.result;
}

/* CURLVERSION_NOW and CURL_VERSION_HTTP2 are macros. */
static inline const curl_version_info_data *ccurl_facts(void)
{
    return curl_version_info(CURLVERSION_NOW);
}
static inline int ccurl_has_http2(const curl_version_info_data *facts)
{
    return (facts->features & CURL_VERSION_HTTP2) != 0;
}
static inline int ccurl_has_tls(const curl_version_info_data *facts)
{
    return (facts->features & CURL_VERSION_SSL) != 0;
}
/*
 * curl_easy_header, under a name of our own: curl.h declares it from 7.83 on, and a libcurl before
 * that has none, which is no reason not to be loaded.
 */
extern int ccurl_easy_header(CURL *easy, const char *name, size_t index, unsigned int origin,
                             int request, void **header) __asm__("curl_easy_header")
    __attribute__((weak));
/*
 * Whether the answer of the last request came by HTTP/2, -1 when libcurl cannot tell. Its status
 * line does not: HTTP/1 can write "HTTP/2" there, and CURLINFO_HTTP_VERSION believes it. Only
 * nghttp2 makes pseudo headers.
 */
static inline int ccurl_came_by_http2(CURL *easy)
{
    enum { PSEUDO = 1 << 4, OK = 0, NOT_BUILT_IN = 7 };
    void *status;
    int code = ccurl_easy_header ? ccurl_easy_header(easy, ":status", 0, PSEUDO, -1, &status)
                                 : NOT_BUILT_IN;
    return code == OK ? 1 : code == NOT_BUILT_IN ? -1 : 0;
}
/* In the facts since 7.70; an older one does not say what it trusts. */
static inline const char *ccurl_ca_file(const curl_version_info_data *facts)
{
    return facts->age >= CURLVERSION_SEVENTH ? facts->cainfo : NULL;
}
static inline const char *ccurl_ca_path(const curl_version_info_data *facts)
{
    return facts->age >= CURLVERSION_SEVENTH ? facts->capath : NULL;
}

/* curl_share_setopt, by the type of its argument. */
static inline CURLSHcode ccurl_share_what(CURLSH *share, curl_lock_data what)
{
    return curl_share_setopt(share, CURLSHOPT_SHARE, what);
}
static inline CURLSHcode ccurl_share_locks(CURLSH *share, curl_lock_function lock,
                                           curl_unlock_function unlock, void *context)
{
    CURLSHcode code = curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock);
    if (!code)
        code = curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock);
    return code ? code : curl_share_setopt(share, CURLSHOPT_USERDATA, context);
}

#endif
