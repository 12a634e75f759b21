<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * What came to the shop: a reason to read a session, and no word about payment. Read `reference` where there is one, or
 * the session that the shop has stored for the order. Keep `id` for 15 minutes against repeats, once the work is done.
 */
final class Callback
{
    private function __construct(
        /** `ok`; `unsigned`, a hint that anybody can give; or, in a NotGenuine, `not_genuine`. */
        public readonly string $result,
        public readonly string $provider,
        /** The session to read; null where it names none. */
        public readonly ?string $reference,
        /** Why it is refused. */
        public readonly ?string $reason,
        /** Which of the configured secrets matched, from 1. */
        public readonly ?int $secret,
        public readonly ?string $id,
        /** RFC 3339, in UTC. */
        public readonly ?string $sentAt,
        public readonly ?int $ageMs,
        /** The provider's own word. */
        public readonly ?string $event,
        /**
         * @var array{session: ?string, order: ?string, transaction: ?string, merchant_reference: ?string,
         *     merchant: ?string, checkout_session: ?string} for the shop's look-up in its own records
         */
        public readonly array $identifiers,
    ) {
    }

    /** Whether a signature matched and is fresh. */
    public function isGenuine(): bool
    {
        return $this->result === 'ok';
    }

    /** @internal of the library's JSON */
    public static function of(string $json): self
    {
        $told = json_decode($json, true, 16, JSON_THROW_ON_ERROR);
        $callback = $told['callback'];
        return new self(
            $told['result'],
            $told['provider'],
            $told['reference'],
            $callback['reason'],
            $callback['secret'],
            $callback['id'],
            $callback['sent_at'],
            $callback['age_ms'],
            $callback['event'],
            $callback['identifiers']
        );
    }
}
