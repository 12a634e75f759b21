/* SPDX-License-Identifier: MIT */
/*
 * Whom OpenSSL trusts where it is not told: the certificates of the system it runs on, which no
 * build can know. The linker's --wrap sends OpenSSL's own calls here; $SSL_CERT_FILE comes before
 * it is called.
 */
#include <stddef.h>
#include <unistd.h>

const char *__wrap_X509_get_default_cert_file(void);

static const char *const files[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
    "/etc/ssl/cert.pem",                  /* Alpine */
};

const char *__wrap_X509_get_default_cert_file(void)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (access(files[i], R_OK) == 0)
            return files[i];
    return files[0];
}
