<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** Who buys: personal data, for the shop and for no log. */
final class Customer
{
    public function __construct(
        public readonly ?string $firstName,
        public readonly ?string $lastName,
        public readonly ?string $email,
        public readonly ?string $phone,
        public readonly ?string $company,
    ) {
    }
}
