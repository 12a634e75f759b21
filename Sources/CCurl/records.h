/* SPDX-License-Identifier: MIT */
/*
 * To be told of every TLS record that comes in, and of every message of TLS itself, while libcurl
 * is at it: OpenSSL's SSL_CTX_set_msg_callback(3).
 *
 * The one place that speaks to the TLS library below libcurl. It is not linked: what libcurl has
 * loaded is asked for it by name, and left alone unless it is the OpenSSL that libcurl says it
 * uses. A process can have two, and what one has made must not come into the hands of the other.
 */
#ifndef PAYSESSION_CCURL_RECORDS_H
#define PAYSESSION_CCURL_RECORDS_H

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Before glibc 2.34 in a library of their own, which OpenSSL there brings along. */
extern void *dlopen(const char *name, int how) __attribute__((weak));
extern void *dlsym(void *library, const char *name) __attribute__((weak));
extern int dlclose(void *library) __attribute__((weak));

/* Of OpenSSL: direction (0: in), version, content type, bytes, count, connection, and the
 * context. */
typedef void (*ccurl_message_callback)(int, int, int, const void *, size_t, void *, void *);

enum {
    CCURL_HANDSHAKE = 22,                /* SSL3_RT_HANDSHAKE */
    CCURL_RECORD_HEADER = 256,           /* SSL3_RT_HEADER */
    CCURL_CTRL_SET_MSG_CALLBACK_ARG = 16 /* SSL_CTRL_SET_MSG_CALLBACK_ARG */
};

struct ccurl_openssl {
    void (*set_callback)(void *tls, ccurl_message_callback callback);
    long (*control)(void *tls, int command, long number, void *pointer);
};

/* "OpenSSL/3.0.17", as libcurl writes it. Until 1.1.1 a letter follows. */
static inline void ccurl_openssl_name(unsigned long number, char *name, size_t size)
{
    unsigned long major = number >> 28, fix = major < 3 ? number >> 12 & 0xFF : number >> 4 & 0xFF;
    snprintf(name, size, "OpenSSL/%lu.%lu.%lu", major, number >> 20 & 0xFF, fix);
}

/* Both pointers NULL where there is no OpenSSL, or another than libcurl's. */
static inline struct ccurl_openssl ccurl_find_openssl(void)
{
    struct ccurl_openssl found = {NULL, NULL};
    const curl_version_info_data *facts = curl_version_info(CURLVERSION_NOW);
    void *libcurl =
        dlopen && dlsym && dlclose ? dlopen("libcurl.so.4", RTLD_LAZY | RTLD_NOLOAD) : NULL;
    unsigned long (*number)(void);
    char name[64];
    size_t length;

    if (!libcurl)
        return found;
    *(void **)&number = dlsym(libcurl, "OpenSSL_version_num");
    if (number && facts->ssl_version) {
        ccurl_openssl_name(number(), name, sizeof name);
        length = strlen(name);
        if (!strncmp(facts->ssl_version, name, length)
            && !strchr("0123456789",
                       facts->ssl_version[length] ? facts->ssl_version[length] : '+')) {
            *(void **)&found.set_callback = dlsym(libcurl, "SSL_CTX_set_msg_callback");
            *(void **)&found.control = dlsym(libcurl, "SSL_CTX_ctrl");
        }
    }
    dlclose(libcurl);
    if (!found.set_callback || !found.control)
        found = (struct ccurl_openssl){NULL, NULL};
    return found;
}

static inline void ccurl_watch_records(struct ccurl_openssl openssl, void *tls,
                                       ccurl_message_callback callback, void *context)
{
    openssl.set_callback(tls, callback);
    openssl.control(tls, CCURL_CTRL_SET_MSG_CALLBACK_ARG, 0, context);
}

static inline CURLcode ccurl_set_tls_callback(CURL *easy, curl_ssl_ctx_callback function)
{
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, function);
}

#endif
