<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * What the shop knows of the order. What the session says otherwise, or does not tell, holds it: it is never paid.
 */
final class Expect
{
    /** ISO 4217: how many digits a currency has after the point, where it is not two. */
    private const EXPONENTS = [
        'BIF' => 0, 'CLP' => 0, 'DJF' => 0, 'GNF' => 0, 'ISK' => 0, 'JPY' => 0, 'KMF' => 0, 'KRW' => 0, 'PYG' => 0,
        'RWF' => 0, 'UGX' => 0, 'UYI' => 0, 'VND' => 0, 'VUV' => 0, 'XAF' => 0, 'XOF' => 0, 'XPF' => 0,
        'BHD' => 3, 'IQD' => 3, 'JOD' => 3, 'KWD' => 3, 'LYD' => 3, 'OMR' => 3, 'TND' => 3, 'CLF' => 4, 'UYW' => 4,
    ];

    /**
     * @param int|null $amount minor units: 30000 is 300.00 EUR
     * @param string|null $currency ISO 4217, as EUR
     * @param string|null $reference the shop's own, as it was given to the provider
     */
    public function __construct(
        public readonly ?int $amount = null,
        public readonly ?string $currency = null,
        public readonly ?string $reference = null,
    ) {
    }

    /**
     * An amount as a shop keeps it, '19.99' or '1999.5': a decimal text, never a float, with a point and no other
     * separator. It becomes minor units exactly.
     *
     * @throws InvalidArgument where it is none, or has more digits than the currency
     */
    public static function decimal(string $amount, string $currency, ?string $reference = null): self
    {
        $digits = self::EXPONENTS[$currency] ?? 2;
        if (preg_match('/\A[A-Z]{3}\z/', $currency) !== 1) {
            throw new InvalidArgument("currency: expected ISO 4217, as EUR, got '$currency'");
        }
        if (preg_match('/\A(-?)([0-9]{1,15})(?:\.([0-9]*))?\z/', $amount, $parts) !== 1) {
            throw new InvalidArgument("amount: expected a decimal as '19.99', got '$amount'");
        }
        $fraction = rtrim($parts[3] ?? '', '0');
        if (strlen($fraction) > $digits) {
            throw new InvalidArgument("amount: $currency has $digits digits after the point, got '$amount'");
        }
        // Text all the way: 15 digits and 4 more may be more than an int holds, which is an error and no rounding.
        $minor = filter_var(
            ltrim($parts[2] . str_pad($fraction, $digits, '0'), '0') ?: '0',
            FILTER_VALIDATE_INT
        );
        if ($minor === false) {
            throw new InvalidArgument("amount: '$amount' is too large");
        }
        return new self($parts[1] === '-' ? -$minor : $minor, $currency, $reference);
    }

    /** @return array{amount?: int, currency?: string, reference?: string} as the library's option `expect` */
    public function toArray(): array
    {
        return array_filter(
            ['amount' => $this->amount, 'currency' => $this->currency, 'reference' => $this->reference],
            static fn (int|string|null $value): bool => $value !== null
        );
    }
}
