<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use EShop\WooCommerce\PaySessionOrders;
use PaySession\Next;
use PaySession\Testing\FakeClient;
use PHPUnit\Framework\TestCase;

/** Orders of WooCommerce, with WordPress's own hooks. */
final class PaySessionOrdersTest extends TestCase
{
    private FakeClient $pay;

    /** @var list<string> what WooCommerce has told others */
    private array $told = [];

    protected function setUp(): void
    {
        global $wp_filter;
        $wp_filter = [];
        $GLOBALS['orders'] = $GLOBALS['statuses'] = [];
        $GLOBALS['wpdb'] = new wpdb(':memory:');
        $_GET = [];
        $this->pay = new FakeClient();
        (new PaySessionOrders($this->pay))->register();
        add_action('woocommerce_payment_complete', function (int $id, string $transaction): void {
            $this->told[] = "paid $id by $transaction";
        }, 10, 2);
    }

    private function order(int $id, Next|string $told, string $status = 'pending'): void
    {
        new WC_Order($id, $status, '42.50', 'EUR', ['_paysession_reference' => "kustom:$id"], "wc_order_$id");
        $this->pay->told["kustom:$id"] = $told;
    }

    private static function status(int $id): string
    {
        return wc_get_order($id)->status;
    }

    public function testThePageOfThanks(): void
    {
        $this->order(1, Next::Ship);
        do_action('woocommerce_thankyou_paysession', 1);
        self::assertSame('processing', self::status(1));
        self::assertSame(['paid 1 by kustom:1'], $this->told);
        $expect = $this->pay->asked[0]['expect'];
        self::assertSame([4250, 'EUR', '1'], [$expect->amount, $expect->currency, $expect->reference]);
    }

    public function testWhateverComesAgainChangesNothing(): void
    {
        $this->order(1, Next::Ship);
        $_GET['order_key'] = 'wc_order_1';
        do_action('woocommerce_api_paysession');
        do_action('woocommerce_thankyou_paysession', 1);
        do_action('woocommerce_api_paysession');
        self::assertSame(['paid 1 by kustom:1'], $this->told);
        self::assertCount(1, $this->pay->asked);
        self::assertSame([204, 204], $GLOBALS['statuses']);
    }

    /** @return array<string, array{Next|string, string, string}> */
    public function decisions(): array
    {
        return [
            'over' => [Next::Release, 'pending', 'cancelled'],
            'over, and held before' => [Next::Release, 'on-hold', 'cancelled'],
            'to be looked at' => [Next::Hold, 'pending', 'on-hold'],
            'looked at already' => [Next::Hold, 'on-hold', 'on-hold'],
            'waiting' => [Next::Wait, 'pending', 'pending'],
            'no answer' => ['timed_out', 'pending', 'pending'],
            'paid after all' => [Next::Ship, 'cancelled', 'processing'],
            'paid, and held before' => [Next::Ship, 'on-hold', 'processing'],
            'over, and shipped' => [Next::Release, 'completed', 'completed'],
            'a refund is the shop\'s' => [Next::Ship, 'refunded', 'refunded'],
        ];
    }

    /** @dataProvider decisions */
    public function testEachDecision(Next|string $told, string $before, string $after): void
    {
        $this->order(1, $told, $before);
        do_action('woocommerce_thankyou_paysession', 1);
        self::assertSame($after, self::status(1));
        self::assertSame([], $GLOBALS['wpdb']->all(), 'the lock is given back');
    }

    public function testACallbackThatBringsNothingMayComeAgain(): void
    {
        $this->order(1, 'timed_out');
        foreach (['wc_order_1', 'wc_order_of_nobody', '', ['wc_order_1']] as $key) {
            $_GET['order_key'] = $key;
            do_action('woocommerce_api_paysession');
        }
        self::assertSame([503, 503, 503, 503], $GLOBALS['statuses']);
        self::assertSame('pending', self::status(1));
    }

    public function testSomebodyElseIsAtIt(): void
    {
        $this->order(1, Next::Ship);
        $now = time();
        $GLOBALS['wpdb']->query("INSERT INTO wp_options VALUES ('paysession_lock_1', '$now', 'no')");
        do_action('woocommerce_thankyou_paysession', 1);
        self::assertSame(['pending', []], [self::status(1), $this->pay->asked]);
        self::assertSame(['paysession_lock_1' => (string) $now], $GLOBALS['wpdb']->all());
        // Of a process that has died.
        $GLOBALS['wpdb']->query('UPDATE wp_options SET option_value = ' . ($now - 61));
        do_action('woocommerce_thankyou_paysession', 1);
        self::assertSame(['processing', []], [self::status(1), $GLOBALS['wpdb']->all()]);
    }

    /** Six processes at the same moment, with one table of options: one of them decides. */
    public function testOneOfManyDecides(): void
    {
        $table = (string) tempnam(sys_get_temp_dir(), 'paysession');
        new wpdb($table);
        $running = [];
        for ($number = 0; $number < 6; $number++) {
            $words = [PHP_BINARY, __DIR__ . '/one.php', $table, (string) (microtime(true) + 0.5)];
            $running[] = popen(implode(' ', array_map(escapeshellarg(...), $words)), 'r');
        }
        $said = array_map(stream_get_contents(...), $running);
        array_map(pclose(...), $running);
        sort($said);
        self::assertSame(['', '', '', '', '', 'ship'], $said);
        unlink($table);
    }

    public function testATotalThatIsNoMoneyIsHeld(): void
    {
        new WC_Order(1, 'pending', '42.505', 'EUR', ['_paysession_reference' => 'kustom:1'], 'k');
        do_action('woocommerce_thankyou_paysession', 1);
        self::assertSame(['on-hold', []], [self::status(1), $this->pay->asked]);
    }

    public function testTheJobOfEachNight(): void
    {
        $this->order(1, Next::Ship);
        $this->order(2, Next::Release, 'on-hold');
        $this->order(3, Next::Ship, 'completed');
        new WC_Order(4, 'pending', '1.00', 'EUR', [], 'k');
        do_action('paysession_settle_waiting');
        self::assertSame(['processing', 'cancelled', 'completed', 'pending'], array_map(self::status(...), [1, 2, 3, 4]));
        self::assertSame(['kustom:1', 'kustom:2'], array_column($this->pay->asked, 'reference'));
    }
}
