<?php

// SPDX-License-Identifier: MIT

/**
 * Is this order paid? Reads each session named on the command line and says what the shop does.
 *
 *     php paid.php config.json kustom:550e8400-e29b-41d4-a716-446655440000
 */

declare(strict_types=1);

use PaySession\Client;
use PaySession\Misconfigured;
use PaySession\Next;

require __DIR__ . '/../../bindings/php/autoload.php';

if ($argc < 3) {
    fwrite(STDERR, "usage: paid.php CONFIG REFERENCE...\n");
    exit(2);
}
try {
    $pay = Client::fromArray(json_decode((string) file_get_contents($argv[1]), true, 16, JSON_THROW_ON_ERROR));
} catch (JsonException | Misconfigured $error) {
    fwrite(STDERR, "$argv[1]: {$error->getMessage()}\n");
    exit(2);
}
$unpaid = 0;
foreach (array_slice($argv, 2) as $reference) {
    $decision = $pay->decide($reference); // no answer is not "not paid": it waits, or a person looks
    $why = $decision->why === '' ? '' : " ($decision->why)";
    echo "$reference: $decision->result: {$decision->next->value}$why\n";
    $unpaid = $decision->next === Next::Ship ? $unpaid : 1;
}
exit($unpaid);
