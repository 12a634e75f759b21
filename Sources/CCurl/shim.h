/* SPDX-License-Identifier: MIT */
/*
 * What Swift cannot call of libcurl: functions with variable arguments, and a union. Each wrapper
 * names the function it wraps and adds nothing, except where a comment says so.
 */
#ifndef PAYSESSION_CCURL_SHIM_H
#define PAYSESSION_CCURL_SHIM_H

#include <curl/curl.h>

/* curl_easy_setopt, by the type of its argument. */
static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
typedef size_t (*ccurl_sink)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_sink(CURL *easy, CURLoption option, ccurl_sink function) {
    return curl_easy_setopt(easy, option, function);
}
static inline CURLcode ccurl_set_opensocket(CURL *easy, curl_opensocket_callback function) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}
static inline CURLcode ccurl_set_closesocket(CURL *easy, curl_closesocket_callback function) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}

/*
 * CURLOPT_PROTOCOLS_STR since 7.85; before that a bit mask. Plain http only where the caller has
 * checked that the host is this machine.
 */
static inline CURLcode ccurl_set_protocols(CURL *easy, int plain) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                            (long)(plain ? CURLPROTO_HTTP : CURLPROTO_HTTPS));
#endif
}

/*
 * CURLOPT_QUICK_EXIT since 7.87: a name lookup that hangs is left to its thread, which frees its
 * own memory when it ends. Without it, giving up at the deadline would wait for the lookup.
 */
static inline CURLcode ccurl_set_quick_exit(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
    return CURLE_OK;
#endif
}

/* CURLOPT_CA_CACHE_TIMEOUT since 7.87: the trusted certificates are read anew for a connection. */
static inline CURLcode ccurl_set_no_ca_cache(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#else
    (void)easy;
    return CURLE_OK;
#endif
}

/* curl_easy_getinfo, by the type of its result. */
static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, char **value) {
    return curl_easy_getinfo(easy, info, value);
}

/* curl_multi_setopt, by the type of its argument. */
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_socket(CURLM *multi, curl_socket_callback function,
                                               void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline CURLMcode ccurl_multi_set_timer(CURLM *multi, curl_multi_timer_callback function,
                                              void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

/* CURLMsg.data is a union: the code of a finished transfer. */
static inline CURLcode ccurl_message_code(const CURLMsg *message) {
    return message->data.result;
}

/* CURLVERSION_NOW and CURL_VERSION_HTTP2 are macros. */
static inline const curl_version_info_data *ccurl_facts(void) {
    return curl_version_info(CURLVERSION_NOW);
}
static inline int ccurl_has_http2(const curl_version_info_data *facts) {
    return (facts->features & CURL_VERSION_HTTP2) != 0;
}
/*
 * From 7.83 on, when it got a memory for headers, to 8.1.0, libcurl does not forget the last header
 * of the answer before: an HTTP/1 answer that begins with a folded line makes it write into memory
 * that was freed, if its easy handle has had an answer before (curl issue 11101).
 */
static inline int ccurl_remembers_headers(void) {
    unsigned int version = curl_version_info(CURLVERSION_NOW)->version_num;
    return version >= 0x075300 && version < 0x080101;
}
/*
 * Before 8.0, what finds every connection full opens one of its own, although another is just being
 * opened for all (curl pull request 10456).
 */
static inline int ccurl_waits_when_full(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080000;
}
/*
 * Whether the answer of the last request came by HTTP/2, -1 when libcurl cannot tell. Its status line
 * does not: HTTP/1 can write "HTTP/2" there, and CURLINFO_HTTP_VERSION believes it. Only nghttp2
 * makes pseudo headers.
 */
static inline int ccurl_came_by_http2(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075400
    struct curl_header *status;
    switch (curl_easy_header(easy, ":status", 0, CURLH_PSEUDO, -1, &status)) {
    case CURLHE_OK:
        return 1;
    case CURLHE_NOT_BUILT_IN:
        return -1;
    default:
        return 0;
    }
#else
    (void)easy;
    return -1;
#endif
}
/* In the facts since 7.70; an older one does not say what it trusts. */
static inline const char *ccurl_ca_file(const curl_version_info_data *facts) {
    return facts->age >= CURLVERSION_SEVENTH ? facts->cainfo : NULL;
}
static inline const char *ccurl_ca_path(const curl_version_info_data *facts) {
    return facts->age >= CURLVERSION_SEVENTH ? facts->capath : NULL;
}

/* curl_share_setopt, by the type of its argument. */
static inline CURLSHcode ccurl_share_what(CURLSH *share, curl_lock_data what) {
    return curl_share_setopt(share, CURLSHOPT_SHARE, what);
}
static inline CURLSHcode ccurl_share_locks(CURLSH *share, curl_lock_function lock,
                                           curl_unlock_function unlock, void *context) {
    CURLSHcode code = curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock);
    if (!code) code = curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock);
    return code ? code : curl_share_setopt(share, CURLSHOPT_USERDATA, context);
}

#endif
