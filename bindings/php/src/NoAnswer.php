<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * Nothing was learnt about the payment, which is not "not paid": the order stays as it is. Where `answer` says that it
 * is retryable, a later attempt may learn it.
 */
class NoAnswer extends PaySessionException
{
    public function __construct(
        string $message,
        /** The session that was asked for. */
        public readonly string $reference,
        public readonly Answer $answer,
    ) {
        parent::__construct($message);
    }

    /** Whether a later attempt may bring an answer. */
    public function isRetryable(): bool
    {
        return $this->answer->error?->isRetryable ?? false;
    }
}
