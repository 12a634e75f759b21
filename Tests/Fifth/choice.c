/* SPDX-License-Identifier: MIT */
/* Tests/Fuzz/document.c without a fuzzer: says which provider each first byte of a document
 * chooses. Linked with --wrap=session_normalize. */
#include "../Fuzz/fuzz.h"

session_result __real_session_normalize(const char *provider, const char *document,
                                        const char *options, session_answer **answer);
session_result __wrap_session_normalize(const char *provider, const char *document,
                                        const char *options, session_answer **answer);

session_result __wrap_session_normalize(const char *provider, const char *document,
                                        const char *options, session_answer **answer)
{
    puts(provider);
    return __real_session_normalize(provider, document, options, answer);
}

int main(void)
{
    int first;

    for (first = 0; first < 256; first++) {
        uint8_t data[] = {(uint8_t)first, '{', '}'};

        LLVMFuzzerTestOneInput(data, sizeof data);
    }
    return 0;
}
