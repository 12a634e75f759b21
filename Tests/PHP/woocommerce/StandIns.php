<?php

// SPDX-License-Identifier: MIT

/**
 * Stand-ins for what WordPress and WooCommerce keep in a database, with WooCommerce's own rules for a status: the hooks
 * are WordPress's own file.
 */

declare(strict_types=1);

/** @var array<int, WC_Order> */
$GLOBALS['orders'] = [];
/** @var list<int> */
$GLOBALS['statuses'] = [];

/** WordPress's database, as far as its options go: SQLite, which calls IGNORE otherwise than MySQL. */
final class wpdb // phpcs:ignore
{
    public string $options = 'wp_options';

    private readonly PDO $database;

    public function __construct(string $file)
    {
        $this->database = new PDO("sqlite:$file", options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->database->exec('PRAGMA busy_timeout = 10000');
        $this->database->exec(
            "CREATE TABLE IF NOT EXISTS wp_options (option_name TEXT UNIQUE, option_value TEXT, autoload TEXT)"
        );
    }

    public function prepare(string $statement, string|int ...$values): string
    {
        return vsprintf(
            str_replace('%d', '%s', $statement),
            array_map(fn ($value) => is_int($value) ? (string) $value : $this->database->quote($value), $values)
        );
    }

    public function query(string $statement): int
    {
        return (int) $this->database->exec(str_replace('INSERT IGNORE', 'INSERT OR IGNORE', $statement));
    }

    /** @return array<string, string> */
    public function all(): array
    {
        return $this->database->query('SELECT option_name, option_value FROM wp_options')->fetchAll(PDO::FETCH_KEY_PAIR);
    }
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
