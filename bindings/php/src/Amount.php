<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** Money, in minor units; and as a decimal text where the currency is known. */
final class Amount
{
    public function __construct(
        public readonly int $minor,
        public readonly ?string $currency,
        public readonly ?string $decimal,
    ) {
    }
}
