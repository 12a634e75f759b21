<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * Judges a document that the caller already has, by the same rules and without a request. No reason to ship without
 * `$id`: nobody else says which session was meant.
 *
 * @param string $json the provider's document, as it came
 * @param string|null $id the identifier that it must carry
 * @param bool|null $trustProcessedAt Dintero: whether `processed_at` says that it is paid
 * @param string|null $proof the document of the resource that proves the payment, as it came; judged with the session's
 * @throws NoAnswer where the document is none, or of another session
 * @throws Misconfigured
 */
function normalize(
    string $provider,
    #[\SensitiveParameter]
    string $json,
    ?string $id = null,
    ?Expect $expect = null,
    ?bool $trustProcessedAt = null,
    #[\SensitiveParameter]
    ?string $proof = null,
): Answer {
    if (str_contains($provider . $json . $proof, "\0")) {
        throw new InvalidArgument('a NUL byte in the document: C would read the part before it');
    }
    $options = [];
    foreach (['id' => $id, 'trust_processed_at' => $trustProcessedAt] as $key => $value) {
        if ($value !== null) {
            $options[$key] = $value;
        }
    }
    if ($expect !== null) {
        $options['expect'] = (object) $expect->toArray();
    }
    $encoded = $options === [] ? null : Library::encoded($options);
    if ($proof !== null) {
        $proof = Library::object($proof, 'proof');
        $encoded = ($encoded === null ? '{' : substr($encoded, 0, -1) . ',') . "\"proof\":{\"document\":$proof}}";
    }
    [, , $answer] = Library::call(static fn (): array => Native::normalize($provider, $json, $encoded));
    return Library::answered('', $answer);
}
