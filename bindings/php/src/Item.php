<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** One line of an order. Money in minor units, the rate in basis points: 2500 is 25 %. */
final class Item
{
    public function __construct(
        public readonly ?string $reference,
        public readonly ?string $name,
        public readonly ?string $type,
        public readonly ?int $quantity,
        public readonly ?int $unitMinor,
        public readonly ?int $totalMinor,
        public readonly ?int $taxMinor,
        public readonly ?int $taxBasisPoints,
        public readonly ?int $discountMinor,
    ) {
    }
}
