<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * A payment session, as its provider tells it, in one shape for all (paysession.schema.json says which field each is
 * read from). Points in time are text in UTC, RFC 3339, with up to nine digits of a second.
 */
final class Session
{
    /**
     * @param list<string> $holds why the verdict is Unknown; the header lists the words
     * @param array{field: ?string, value: ?string, basis: string} $evidence what the status rests on; basis is
     *     `reported`, `derived` or `absent`
     * @param array{amount: ?string, currency: ?string, reference: ?string}|null $expectations `match`, `mismatch` or
     *     `not_provided`, and null for what was not expected
     * @param array<string, ?string> $identifiers others that the provider gives, by name
     * @param array{type: ?string, provider: ?string, invoice_channel: ?string} $paymentMethod in the provider's words
     * @param list<Item>|null $items
     */
    public function __construct(
        public readonly ?string $id,
        public readonly Status $status,
        public readonly Paid $verdict,
        public readonly bool $isFinal,
        public readonly array $holds,
        public readonly array $evidence,
        public readonly ?array $expectations,
        public readonly ?Amount $amount,
        public readonly ?int $taxMinor,
        public readonly ?string $merchantReference,
        public readonly array $identifiers,
        public readonly ?string $createdAt,
        public readonly ?string $updatedAt,
        public readonly ?string $startedAt,
        public readonly ?string $completedAt,
        public readonly ?string $expiresAt,
        public readonly ?string $locale,
        public readonly ?string $country,
        public readonly Customer $customer,
        public readonly array $paymentMethod,
        public readonly ?array $items,
    ) {
    }

    /**
     * @internal
     * @param array<string, mixed> $told `session` of an answer
     */
    public static function of(array $told): self
    {
        $amount = $told['amount'];
        $customer = $told['customer'];
        $items = null;
        foreach ($told['items'] ?? [] as $item) {
            $items[] = new Item(
                $item['reference'],
                $item['name'],
                $item['type'],
                $item['quantity'],
                $item['unit_minor'],
                $item['total_minor'],
                $item['tax_minor'],
                $item['tax_basis_points'],
                $item['discount_minor']
            );
        }
        return new self(
            $told['id'],
            Status::tryFrom($told['status']) ?? Status::Unknown,
            Paid::tryFrom($told['paid']) ?? Paid::Unknown,
            $told['final'],
            $told['holds'],
            $told['evidence'],
            $told['expectations'],
            $amount === null ? null : new Amount($amount['minor'], $amount['currency'], $amount['decimal']),
            $told['tax_minor'],
            $told['merchant_reference'],
            $told['identifiers'],
            $told['created_at'],
            $told['updated_at'],
            $told['started_at'],
            $told['completed_at'],
            $told['expires_at'],
            $told['locale'],
            $told['country'],
            new Customer(
                $customer['first_name'],
                $customer['last_name'],
                $customer['email'],
                $customer['phone'],
                $customer['company']
            ),
            $told['payment_method'],
            $items ?? ($told['items'] === null ? null : [])
        );
    }
}
