<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** Why there is no session. `message` and `advice` are free of personal data; what the provider said may not be. */
final class Problem
{
    public function __construct(
        public readonly string $message,
        public readonly ?int $httpStatus,
        public readonly ?string $providerCode,
        public readonly ?string $providerMessage,
        public readonly bool $isRetryable,
        public readonly ?int $retryAfterMs,
        public readonly ?string $advice,
    ) {
    }
}
