<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace EShop;

use PaySession\Expect;
use PaySession\Next;
use PaySession\Sessions;
use PDO;
use PDOStatement;

/**
 * Orders in SQLite, and what becomes of them. The customer's return, the provider's callback and a job each night all
 * end in settle(), which reads the session and acts on the decision. What any of them says is never believed, signed
 * or not.
 */
final class Shop
{
    /** Minor units: 42.00. The price is the shop's, and nothing that a browser sends. */
    public const PRICE = 4200;
    public const CURRENCIES = ['inbank' => 'EUR', 'kustom' => 'SEK', 'dintero' => 'SEK', 'ledyer' => 'SEK'];

    /** What an order becomes by a decision. To wait changes nothing. */
    private const STATES = ['ship' => 'shipped', 'release' => 'released', 'hold' => 'held'];

    private readonly PDO $orders;

    /** @param string $sandbox the address of the sandbox's page, as http://localhost:8444 */
    public function __construct(
        private readonly Sessions $pay,
        string $database,
        private readonly string $sandbox,
        private readonly string $address,
    ) {
        $this->orders = new PDO("sqlite:$database", options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->orders->exec('PRAGMA busy_timeout = 10000');
        $this->orders->exec("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, address TEXT UNIQUE,
            provider TEXT, amount_minor INTEGER, currency TEXT, session TEXT, state TEXT DEFAULT 'waiting', why TEXT)");
        $this->orders->exec('CREATE TABLE IF NOT EXISTS shipments (id TEXT)');
    }

    /** Makes an order: where its customer pays; null where the provider cannot be reached. */
    public function buy(string $provider): ?string
    {
        $address = bin2hex(random_bytes(16)); // nobody guesses it: who has it sees the order
        $this->run(
            "INSERT INTO orders (id, address, provider, amount_minor, currency)
                SELECT 'A-' || (1001 + COUNT(*)), ?, ?, ?, ? FROM orders",
            $address,
            $provider,
            self::PRICE,
            self::CURRENCIES[$provider]
        );
        $opened = $this->openSession($this->find($address));
        if ($opened === null) {
            return null;
        }
        $this->run('UPDATE orders SET session = ? WHERE address = ?', $opened['session'], $address);
        return $opened['pay_url'];
    }

    /**
     * Reads the session of an order and does what the library decides. However often and from wherever it is called,
     * a parcel is sent once.
     *
     * @return array{state: string, is_answered: bool}|null the order's state, and whether there was an answer; null
     *     where there is no such order
     */
    public function settle(string $address): ?array
    {
        $order = $this->find($address);
        if ($order === null || in_array($order['state'], ['shipped', 'released'], true)) { // for good
            return $order === null ? null : ['state' => $order['state'], 'is_answered' => true];
        }
        if ($order['session'] === null) { // a callback was quicker than the answer of openSession()
            return ['state' => $order['state'], 'is_answered' => false];
        }
        // Dintero's order sessions tell neither of the two.
        $expect = $order['provider'] === 'dintero' ? new Expect((int) $order['amount_minor'])
            : new Expect((int) $order['amount_minor'], $order['currency'], $order['id']);
        $decision = $this->pay->decide($order['session'], $expect);
        if ($decision->result !== 'ok') {
            // No answer is not "not paid": the order stays as it is, and whoever runs the shop reads why.
            error_log("{$order['id']}: $decision->why");
            return ['state' => $order['state'], 'is_answered' => false];
        }
        $state = self::STATES[$decision->next->value] ?? null;
        if ($state !== null) {
            $this->orders->exec('BEGIN IMMEDIATE');
            // One of many at the same moment changes the row; the others find it changed.
            $changed = $this->run(
                "UPDATE orders SET state = ?, why = ? WHERE id = ? AND state IN ('waiting', 'held')",
                $state,
                $decision->why,
                $order['id']
            )->rowCount();
            if ($changed === 1 && $decision->next === Next::Ship) {
                $this->run('INSERT INTO shipments VALUES (?)', $order['id']);
            }
            $this->orders->exec('COMMIT');
        }
        return ['state' => $this->find($address)['state'], 'is_answered' => true];
    }

    /**
     * A new payment session: its reference for the library, and where the customer pays; null where there is no answer.
     * This is the one function that a real shop replaces by its provider's own create call.
     *
     * @param array<string, mixed> $order
     * @return array{session: string, pay_url: string}|null
     */
    private function openSession(array $order): ?array
    {
        $wanted = [
            'provider' => $order['provider'], 'amount' => (int) $order['amount_minor'],
            'currency' => $order['currency'], 'reference' => $order['id'],
            'return_url' => "$this->address/order.php?order={$order['address']}",
            'callback' => ['url' => "$this->address/callback.php?order={$order['address']}"],
        ];
        $made = @file_get_contents("$this->sandbox/sandbox/sessions", false, stream_context_create(['http' => [
            'method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => json_encode($wanted),
        ]]));
        return $made === false ? null : json_decode($made, true, 64, JSON_THROW_ON_ERROR);
    }

    /** @return array<string, mixed>|null the order at that address, as it is now */
    public function find(string $address): ?array
    {
        return $this->run('SELECT * FROM orders WHERE address = ?', $address)->fetch() ?: null;
    }

    private function run(string $statement, string|int ...$values): PDOStatement
    {
        $run = $this->orders->prepare($statement);
        $run->setFetchMode(PDO::FETCH_ASSOC);
        $run->execute($values);
        return $run;
    }
}
