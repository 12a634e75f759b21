<?php

// SPDX-License-Identifier: MIT

/** One of many who settle the same order: prints what was decided, or nothing. one.php TABLE MOMENT */

declare(strict_types=1);

require __DIR__ . '/bootstrap.php';

use EShop\WooCommerce\PaySessionOrders;
use PaySession\Answer;
use PaySession\Decision;
use PaySession\Expect;
use PaySession\Next;
use PaySession\Sessions;
use PaySession\Testing\FakeClient;

/** A provider that takes its time, so that all of them are at it before one has done. */
final class Slow implements Sessions
{
    public function __construct(private readonly FakeClient $fake)
    {
    }

    public function decide(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        bool|string $proof = false,
    ): Decision {
        usleep(1_000_000);
        return $this->fake->decide($reference, $expect);
    }

    public function get(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        ?string $traceparent = null,
        bool|string $proof = false,
    ): Answer {
        return $this->fake->get($reference, $expect);
    }

    public function wait(
        string $reference,
        ?Expect $expect = null,
        int $timeoutMs = 15_000,
        int $intervalMs = 500,
        bool|string $proof = false,
    ): Answer {
        return $this->fake->wait($reference, $expect);
    }

    public function batch(iterable $references, int $inFlight = 32, ?int $requestsPerSecond = null): \Generator
    {
        return $this->fake->batch($references);
    }
}

$wpdb = new wpdb($argv[1]);
new WC_Order(1, 'pending', '42.50', 'EUR', ['_paysession_reference' => 'kustom:1'], 'k');
usleep(max(0, (int) (1e6 * ((float) $argv[2] - microtime(true)))));
echo (new PaySessionOrders(new Slow(new FakeClient(['kustom:1' => Next::Ship]))))->settle(1)?->value;
