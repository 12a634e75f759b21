/* SPDX-License-Identifier: MIT */
/* What there is to compare with: both libraries loaded, one call into each, nothing of ours. */
#include <curl/curl.h>
#include <jansson.h>

int main(void)
{
    json_t *document = json_loads("{\"status\": \"completed\"}", 0, NULL);
    int is_well = document && curl_version_info(CURLVERSION_NOW);
    json_decref(document);
    return !is_well;
}
