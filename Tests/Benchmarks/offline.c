/* SPDX-License-Identifier: MIT */
/* Our library loaded, which loads both, and one offline call. */
#include <paysession.h>

int main(void)
{
    return session_status_normalized("inbank", "{\"status\": \"completed\"}")
           != SESSION_STATUS_COMPLETED;
}
