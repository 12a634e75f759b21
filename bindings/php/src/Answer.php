<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * One answer of the library: what was learnt, or why nothing was. There is no property `paid`: a case of an enum is
 * true in an `if`, Paid::No too. Decide on `next`, or ask isPaid().
 */
final class Answer
{
    private function __construct(
        /** The library's word for what became of the call: `ok`, `timed_out`, ... */
        public readonly string $result,
        public readonly ?string $provider,
        /** As it was asked for; null of normalize(). */
        public readonly ?string $reference,
        public readonly Next $next,
        public readonly Paid $verdict,
        public readonly ?Session $session,
        public readonly ?Problem $error,
        /** The whole answer, byte for byte as the library gave it. Holds personal data. */
        public readonly string $json,
    ) {
    }

    /** Whether the goods may go. */
    public function isPaid(): bool
    {
        return $this->verdict === Paid::Yes;
    }

    /** The provider's own document, byte for byte as it came; null where there is none. Holds personal data. */
    public function rawJson(): ?string
    {
        $from = strpos($this->json, self::RAW) + strlen(self::RAW);
        $raw = substr($this->json, $from, self::end($this->json, $from) - $from);
        return $raw === 'null' ? null : $raw;
    }

    /** The proof of payment, decoded when it is asked for; null where there is none, or it was not asked for. */
    public function proof(): ?Proof
    {
        $behind = $this->behindRaw();
        if (!str_starts_with($behind, self::PROOF . '{')) {
            return null;
        }
        $from = strpos($behind, self::RAW) + strlen(self::RAW);
        $raw = substr($behind, $from, self::end($behind, $from) - $from);
        $told = substr($behind, strlen(self::PROOF), $from - strlen(self::RAW) - strlen(self::PROOF));
        /** @var array<string, mixed> $decoded */
        $decoded = self::decoded($told . '}');
        return Proof::of($decoded, $raw === 'null' ? null : $raw);
    }

    /**
     * What was done for the merchant; null but for approve() and refuse().
     *
     * @return array{wanted: string, sent: bool, http_status: ?int}|null
     */
    public function approval(): ?array
    {
        $behind = $this->behindRaw();
        return str_starts_with($behind, self::APPROVAL)
            ? self::decoded(substr($behind, strlen(self::APPROVAL), -1)) : null;
    }

    /** Some answers have one key more. */
    private function behindRaw(): string
    {
        return substr($this->json, self::end($this->json, strpos($this->json, self::RAW) + strlen(self::RAW)));
    }

    /**
     * Where a value ends that is an object, or null. It is not decoded: json_decode() refuses what some providers send.
     *
     * @internal
     */
    public static function end(string $json, int $from): int
    {
        $depth = 0;
        for ($at = $from; $at < strlen($json); $at++) {
            $at += strcspn($json, '"{}[],', $at);
            switch ($json[$at] ?? '') {
                case '"':
                    for ($at++; ($json[$at += strcspn($json, '"\\', $at)] ?? '"') !== '"'; $at += 2) {
                        continue; // behind what a backslash escapes
                    }
                    break;
                case '{':
                case '[':
                    $depth++;
                    break;
                case ',':
                    if ($depth === 0) {
                        return $at;
                    }
                    break;
                default:
                    if ($depth === 0) {
                        return $at;
                    }
                    if (--$depth === 0) {
                        return $at + 1;
                    }
            }
        }
        return strlen($json);
    }

    /**
     * What went over the wire, decoded when it is asked for; null of normalize().
     *
     * @return array{http_status: ?int, http_version: ?string, attempts: int, asked_at: string, elapsed_ms: int|float,
     *     reused_connection: ?bool, token_refreshed: bool, tries: list<array<string, mixed>>}|null
     */
    public function exchange(): ?array
    {
        $from = strpos($this->json, self::EXCHANGE) + strlen(self::EXCHANGE);
        return self::decoded(substr($this->json, $from, strpos($this->json, self::RAW) - $from));
    }

    /** @internal of the library's JSON */
    public static function of(string $json): self
    {
        // Without the exchange, which few ask for, and the provider's own document, which stays as it is: json_decode()
        // refuses what some send, half of a surrogate pair.
        $told = self::decoded(substr($json, 0, strpos($json, self::EXCHANGE)) . '}');
        $session = $told['session'] === null ? null : Session::of($told['session']);
        $error = $told['error'];
        return new self(
            $told['result'],
            $told['provider'],
            $told['reference'],
            Next::tryFrom($told['decision']) ?? Next::Hold,
            $session?->verdict ?? Paid::Unknown,
            $session,
            $error === null ? null : new Problem(
                $error['message'],
                $error['http_status'],
                $error['provider_code'],
                $error['provider_message'],
                $error['retryable'],
                $error['retry_after_ms'],
                $error['advice']
            ),
            $json
        );
    }

    /** The last keys of an answer, in this order: within a text a quotation mark is escaped. */
    private const EXCHANGE = ',"exchange":';
    private const RAW = ',"raw":';
    private const PROOF = ',"proof":';
    private const APPROVAL = ',"approval":';

    /** @return array<string, mixed>|null */
    private static function decoded(string $json): ?array
    {
        return json_decode($json, true, 512, JSON_BIGINT_AS_STRING | JSON_THROW_ON_ERROR);
    }
}
