<?php

// SPDX-License-Identifier: MIT

/**
 * Answers to many questions, one on a line of standard input and of standard output: for the suite that compares all
 * languages. A question is JSON: {"provider", "file", "id", "expect", "trust_processed_at",
 * "proof"} or {"reference"}.
 */

declare(strict_types=1);

require __DIR__ . '/../autoload.php';

use PaySession\Client;
use PaySession\Expect;
use PaySession\Misconfigured;
use PaySession\NoAnswer;

use function PaySession\normalize;

$client = isset($argv[1]) ? Client::fromArray(json_decode(file_get_contents($argv[1]), true)) : null;
while (($line = fgets(STDIN)) !== false) {
    $asked = json_decode($line, true, 16, JSON_THROW_ON_ERROR);
    try {
        $answer = isset($asked['reference'])
            ? $client->get($asked['reference'])
            : normalize(
                $asked['provider'],
                file_get_contents($asked['file']),
                $asked['id'] ?? null,
                isset($asked['expect']) ? new Expect(...$asked['expect']) : null,
                $asked['trust_processed_at'] ?? null,
                $asked['proof'] ?? null
            );
        $json = $answer->json;
    } catch (NoAnswer $error) {
        $json = $error->answer->json;
    } catch (Misconfigured $error) {
        $json = get_class($error) . ': ' . $error->getMessage();
    }
    echo base64_encode($json), "\n";
}
