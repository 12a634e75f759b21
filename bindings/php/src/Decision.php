<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** What the shop does next about an order, and why. */
final class Decision
{
    /**
     * @param string $reference the session, as it was asked for
     * @param string $result the library's word for what became of the call: `ok`, `timed_out`, ...
     * @param string $why one sentence, or the words for what holds the session; empty where it is a clear yes or no.
     *     Without personal data: it may be logged, and shown to staff
     * @param string $json the whole answer, empty where the library was not asked. Holds personal data
     */
    public function __construct(
        public readonly string $reference,
        public readonly Next $next,
        public readonly string $result,
        public readonly string $why,
        public readonly string $json = '',
    ) {
    }

    /** All that the answer says; null where the library was not asked. */
    public function answer(): ?Answer
    {
        return $this->json === '' ? null : Answer::of($this->json);
    }

    /** @internal of what Native gives */
    public static function of(string $reference, int $next, string $why, string $json): self
    {
        // {"result":"ok", ... and no word has a quotation mark in it.
        $result = substr($json, 11, (int) strpos($json, '"', 11) - 11);
        return new self($reference, Next::ofNumber($next), $result, $why, $json);
    }

    /** @internal of a reference, or of options, with which the library is not asked */
    public static function ofMistake(string $reference, string $why): self
    {
        return new self($reference, Next::Hold, 'invalid_argument', $why);
    }
}
