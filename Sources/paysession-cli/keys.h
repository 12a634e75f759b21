/* SPDX-License-Identifier: MIT */
/* The options, by what getopt_long calls them: a letter, or a number beyond letters. */
#ifndef PAYSESSION_CLI_KEYS_H
#define PAYSESSION_CLI_KEYS_H

enum {
    KEY_CONFIG = 'c',
    KEY_FORMAT = 'f',
    KEY_QUIET = 'q',
    KEY_EXPECT = 'e',
    KEY_TIMEOUT = 't',
    KEY_VERBOSE = 'v',
    KEY_HELP = 'h',
    KEY_INTERVAL = 256,
    KEY_IN_FLIGHT,
    KEY_RATE,
    KEY_ORDERED,
    KEY_RESUME,
    KEY_KEEP_FAILED,
    KEY_CSV,
    KEY_ID,
    KEY_TRUST,
    KEY_PROVIDER,
    KEY_ACCOUNT,
    KEY_REQUEST,
    KEY_BODY,
    KEY_REFERENCE,
    KEY_TOLERANCE,
    KEY_RECEIVED,
    KEY_COLOR,
    KEY_PROOF,
    KEY_TRANSACTION,
    KEY_DOCUMENT,
    KEY_YES
};

#endif
