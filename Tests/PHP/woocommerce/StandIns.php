<?php

// SPDX-License-Identifier: MIT

/**
 * Stand-ins for what WordPress and WooCommerce keep in a database, with WooCommerce's own rules for a status: the hooks
 * are WordPress's own file.
 */

declare(strict_types=1);

/** @var array<string, mixed> the table of options, whose names are unique */
$GLOBALS['options'] = [];
/** @var array<int, WC_Order> */
$GLOBALS['orders'] = [];
/** @var list<int> */
$GLOBALS['statuses'] = [];

function add_option(string $name, mixed $value = '', string $deprecated = '', string|bool $autoload = 'yes'): bool
{
    if (array_key_exists($name, $GLOBALS['options'])) {
        return false;
    }
    $GLOBALS['options'][$name] = $value;
    return true;
}

function get_option(string $name, mixed $default = false): mixed
{
    return $GLOBALS['options'][$name] ?? $default;
}

function update_option(string $name, mixed $value, string|bool|null $autoload = null): bool
{
    $GLOBALS['options'][$name] = $value;
    return true;
}

function delete_option(string $name): bool
{
    unset($GLOBALS['options'][$name]);
    return true;
}

function status_header(int $code): void
{
    $GLOBALS['statuses'][] = $code;
}

/** A copy, as from a database. */
function wc_get_order(int $id): WC_Order|false
{
    return isset($GLOBALS['orders'][$id]) ? clone $GLOBALS['orders'][$id] : false;
}

function wc_get_order_id_by_order_key(string $key): int
{
    foreach ($GLOBALS['orders'] as $id => $order) {
        if ($order->key === $key) {
            return $id;
        }
    }
    return 0;
}

/**
 * @param array<string, mixed> $wanted
 * @return list<int>
 */
function wc_get_orders(array $wanted): array
{
    $found = array_filter($GLOBALS['orders'], static fn (WC_Order $order): bool => $order->has_status($wanted['status']));
    return array_slice(array_keys($found), 0, $wanted['limit']);
}

/** An order, with the rules of WooCommerce 8: what payment_complete() takes, and what is paid. */
final class WC_Order
{
    /** @param array<string, string> $meta */
    public function __construct(
        public readonly int $id,
        public string $status,
        public readonly string $total,
        public readonly string $currency,
        public array $meta,
        public readonly string $key,
    ) {
        $GLOBALS['orders'][$id] = clone $this;
    }

    public function get_meta(string $name): string
    {
        return $this->meta[$name] ?? '';
    }

    public function get_total(string $context = 'view'): string
    {
        return $this->total;
    }

    public function get_currency(): string
    {
        return $this->currency;
    }

    public function get_order_number(): string
    {
        return (string) $this->id;
    }

    /** @param string|list<string> $status */
    public function has_status(string|array $status): bool
    {
        return in_array($this->status, (array) $status, true);
    }

    public function is_paid(): bool
    {
        return $this->has_status(['processing', 'completed']);
    }

    public function payment_complete(string $transaction = ''): bool
    {
        if (!$this->has_status(['on-hold', 'pending', 'failed', 'cancelled'])) {
            return false;
        }
        $this->update_status('processing');
        do_action('woocommerce_payment_complete', $this->id, $transaction);
        return true;
    }

    public function update_status(string $to, string $note = ''): bool
    {
        $from = $this->status;
        $this->status = $to;
        $GLOBALS['orders'][$this->id] = clone $this;
        do_action("woocommerce_order_status_{$from}_to_$to", $this->id, $note);
        return true;
    }
}
