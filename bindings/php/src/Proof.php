<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The resource that proves the payment behind a session; the session's holds say what it has against it. */
final class Proof
{
    /**
     * @param string $resource `contract`, `order`, `payment_status` or `transaction`
     * @param array{field: string, value: ?string, basis: string} $evidence what the state rests on
     * @param array{identity: ?string, amount: ?string, currency: ?string, reference: ?string} $checks `match`,
     *     `mismatch` or `not_provided`, and null for what was not compared
     * @param string|null $rawJson the provider's document, byte for byte as it came; null where there is none. May hold
     *     personal data
     */
    public function __construct(
        public readonly string $resource,
        public readonly ?string $id,
        public readonly ProofState $state,
        public readonly array $evidence,
        public readonly array $checks,
        public readonly ?Amount $amount,
        public readonly ?int $capturedMinor,
        public readonly ?int $refundedMinor,
        public readonly ?string $updatedAt,
        public readonly ?string $rawJson,
    ) {
    }

    /**
     * @internal
     * @param array<string, mixed> $told `proof` of an answer, but for its document
     */
    public static function of(array $told, ?string $rawJson): self
    {
        $amount = $told['amount'];
        return new self(
            $told['resource'],
            $told['id'],
            ProofState::tryFrom($told['state']) ?? ProofState::Unknown,
            $told['evidence'],
            $told['checks'],
            $amount === null ? null : new Amount($amount['minor'], $amount['currency'], $amount['decimal']),
            $told['captured_minor'],
            $told['refunded_minor'],
            $told['updated_at'],
            $rawJson
        );
    }
}
