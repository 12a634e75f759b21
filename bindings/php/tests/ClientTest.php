<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession\Tests;

use PaySession\Client;
use PaySession\Decision;
use PaySession\Expect;
use PaySession\InvalidArgument;
use PaySession\Malformed;
use PaySession\Mismatched;
use PaySession\NoAnswer;
use PaySession\NotConfigured;
use PaySession\NotFound;
use PaySession\NotWaiting;
use PaySession\Next;
use PaySession\Paid;
use PaySession\ProofState;
use PaySession\ProviderError;
use PaySession\RateLimited;
use PaySession\Status;
use PaySession\TimedOut;
use PaySession\Unauthorized;

use function PaySession\normalize;

/** What a client says, against the sandbox. */
final class ClientTest extends SandboxTestCase
{
    /** @return array<string, array{string, Next, string}> */
    public function outcomes(): array
    {
        $inbank = 'inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213';
        return [
            'paid' => ['kustom:finalized', Next::Ship, ''],
            'waiting' => ['kustom:active', Next::Wait, ''],
            'over' => ["$inbank/declined", Next::Release, ''],
            'held' => ['ledyer:advance', Next::Hold, 'advance_invoice'],
            'no payment state' => ['dintero:T12345678/order/processed', Next::Hold, 'no_payment_state'],
            'provider down' => ['kustom:error-503', Next::Wait, 'the session endpoint of kustom answered HTTP 503'],
            'not there' => ['kustom:error-404', Next::Hold, 'the session endpoint of kustom answered HTTP 404'],
        ];
    }

    /** @dataProvider outcomes */
    public function testDecides(string $reference, Next $next, string $why): void
    {
        $decision = self::client(attempts: 1)->decide($reference);
        self::assertSame($next, $decision->next);
        self::assertSame($why, $decision->why);
        self::assertSame($reference, $decision->reference);
        self::assertSame($next, $decision->answer()->next);
    }

    /** Hazard 2: a read that fails is never "not paid", and nothing is thrown out of a gateway for it. */
    public function testDecideNeverThrows(): void
    {
        $client = self::client(attempts: 1, timeout_ms: 300);
        self::assertSame(Next::Wait, $client->decide('kustom:slow')->next);
        self::assertSame(Next::Hold, $client->decide('no reference')->next);
        self::assertSame(Next::Hold, $client->decide('nobody:1')->next);
        self::assertSame(Next::Hold, $client->decide('kustom:finalized', new Expect(currency: "\xff"))->next);
        self::assertSame(Next::Hold, $client->decide('kustom:finalized', timeoutMs: -1)->next);
        $nobody = ['base_url' => 'http://127.0.0.1:9', 'api_key' => 'k'];
        $alone = Client::fromArray(['kustom' => $nobody, 'attempts' => 1]);
        self::assertSame(['unreachable', Next::Wait], [
            ($decision = $alone->decide('kustom:1'))->result, $decision->next,
        ]);
        self::assertSame(Next::Hold, $alone->decide('ledyer:1')->next);
    }

    /** Hazard 5: C would read another reference, up to the NUL. */
    public function testANulIsRefused(): void
    {
        $client = self::client();
        self::assertSame(Next::Hold, $client->decide("kustom:finalized\0x")->next);
        foreach (
            [
                fn () => $client->get("kustom:finalized\0x"),
                fn () => $client->wait("kustom:finalized\0x"),
                fn () => normalize('kustom', "{\"status\": \"FINALIZED\"}\0"),
            ] as $call
        ) {
            try {
                $call();
                self::fail('it was taken');
            } catch (InvalidArgument $error) {
                self::assertStringContainsString('NUL', $error->getMessage());
            }
        }
        $decisions = iterator_to_array($client->batch(["kustom:finalized\0x"]));
        self::assertSame(Next::Hold, $decisions["kustom:finalized\0x"]->next);
    }

    public function testWhatIsExpectedIsCompared(): void
    {
        $client = self::client();
        $reference = self::session('inbank', amount: 4250, currency: 'EUR', reference: 'A-1', status: 'completed');
        self::assertSame(Next::Ship, $client->decide($reference, new Expect(4250, 'EUR', 'A-1'))->next);
        foreach ([new Expect(4251), new Expect(currency: 'SEK'), new Expect(reference: 'A-2')] as $other) {
            self::assertSame(Next::Hold, $client->decide($reference, $other)->next);
        }
        self::assertSame('amount_mismatch', $client->decide($reference, new Expect(amount: 1))->why);
        self::assertSame(Next::Ship, $client->decide($reference, Expect::decimal('42.50', 'EUR'))->next);
    }

    public function testGetHasAllThatTheSessionSays(): void
    {
        $reference = self::session(
            'kustom',
            amount: 4200,
            currency: 'SEK',
            reference: 'A-1',
            status: 'FINALIZED',
            items: [['name' => 'Cup', 'quantity' => 2, 'unit_price' => 2100, 'tax_rate' => 2500]]
        );
        $answer = self::client()->get($reference);
        self::assertTrue($answer->isPaid());
        self::assertSame([Paid::Yes, Next::Ship, 'ok', 'kustom', $reference], [
            $answer->verdict, $answer->next, $answer->result, $answer->provider, $answer->reference,
        ]);
        $session = $answer->session;
        self::assertSame([Status::Completed, true, []], [$session->status, $session->isFinal, $session->holds]);
        self::assertSame([4200, 'SEK', '42.00'], [
            $session->amount->minor, $session->amount->currency, $session->amount->decimal,
        ]);
        self::assertSame(['Cup', 2, 4200, 2500], [
            $session->items[0]->name, $session->items[0]->quantity, $session->items[0]->totalMinor,
            $session->items[0]->taxBasisPoints,
        ]);
        self::assertSame('FINALIZED', $session->evidence['value']);
        self::assertSame('A-1', $session->merchantReference);
        self::assertSame(200, $answer->exchange()['http_status']);
        self::assertSame(
            self::ask('GET', "sessions/$reference")['document'],
            json_decode($answer->rawJson(), true)
        );
    }

    /** Hazard 1: enum cases are objects, and true. */
    public function testThereIsNoPropertyPaid(): void
    {
        $answer = self::client()->get('kustom:cancelled');
        self::assertFalse($answer->isPaid());
        self::assertFalse(property_exists($answer, 'paid'));
        self::assertFalse(property_exists($answer->session, 'paid'));
    }

    /** @return array<string, array{string, class-string<NoAnswer>, bool}> */
    public function failures(): array
    {
        return [
            '404' => ['kustom:error-404', NotFound::class, false],
            '401' => ['kustom:error-401', Unauthorized::class, false],
            '500' => ['kustom:error-500', ProviderError::class, true],
            'another' => ['kustom:another', Mismatched::class, false],
            'no JSON' => ['kustom:double-key', Malformed::class, false],
            'slow' => ['kustom:slow', TimedOut::class, true],
        ];
    }

    /**
     * @dataProvider failures
     * @param class-string<NoAnswer> $class
     */
    public function testGetThrowsByWhatAShopDoesNext(string $reference, string $class, bool $isRetryable): void
    {
        try {
            self::client(attempts: 1)->get($reference, timeoutMs: 400);
            self::fail('it was an answer');
        } catch (NoAnswer $error) {
            self::assertInstanceOf($class, $error);
            self::assertSame([$reference, $isRetryable], [$error->reference, $error->isRetryable()]);
            self::assertSame($error->getMessage(), $error->answer->error->message);
            self::assertNull($error->answer->session);
            self::assertNull($error->answer->rawJson());
        }
    }

    public function testAMistakeOfTheShopIsToldApart(): void
    {
        $client = Client::fromArray(['kustom' => ['base_url' => 'http://127.0.0.1:9', 'api_key' => 'k']]);
        try {
            $client->get('ledyer:1');
            self::fail();
        } catch (NotConfigured $error) {
            self::assertStringContainsString('ledyer', $error->getMessage());
        }
        $this->expectException(InvalidArgument::class);
        $client->get('no reference');
    }

    public function testWaitReadsUntilItIsFinal(): void
    {
        $client = self::client();
        $answer = $client->wait('kustom:created-then-503-then-active-then-finalized-ref-' . uniqid(), intervalMs: 20);
        self::assertTrue($answer->isPaid());
        $since = microtime(true);
        $last = $client->wait('kustom:created', timeoutMs: 400, intervalMs: 50);
        self::assertSame(Status::Open, $last->session->status);
        self::assertLessThan(0.9, microtime(true) - $since);
        $this->expectException(NotFound::class);
        $client->wait('kustom:error-404');
    }

    /** What a later read may mend is waited for, as long as the provider asks for. */
    public function testWaitGoesOnAfterAFailureThatPasses(): void
    {
        $client = self::client(attempts: 1);
        self::assertTrue($client->wait('kustom:503-then-finalized-ref-' . uniqid(), intervalMs: 20)->isPaid());
        $reference = self::session('kustom', status: 'FINALIZED', replies: [['http' => 429, 'retry_after_s' => 1]]);
        $since = microtime(true);
        self::assertTrue($client->wait($reference, intervalMs: 20)->isPaid());
        self::assertGreaterThan(1.0, microtime(true) - $since);
        $reference = self::session('kustom', replies: [['http' => 429, 'retry_after_s' => 60]]);
        $since = microtime(true);
        try {
            $client->wait($reference, timeoutMs: 5000, intervalMs: 20);
            self::fail();
        } catch (RateLimited $error) {
            self::assertSame(60_000, $error->answer->error->retryAfterMs);
            self::assertLessThan(1.0, microtime(true) - $since);
        }
    }

    /** Hazard 9: a handler runs within a quarter of a second, in the middle of a slow read too. */
    public function testSignalsAreHeardWhileItWaits(): void
    {
        pcntl_async_signals(true);
        $heard = [];
        pcntl_signal(SIGALRM, function () use (&$heard): void {
            $heard[] = microtime(true);
        });
        foreach (['kustom:created', 'kustom:slow'] as $reference) {
            $heard = [];
            $since = microtime(true);
            pcntl_alarm(1);
            try {
                self::client()->wait($reference, timeoutMs: 2000, intervalMs: 400);
            } catch (TimedOut) {
            }
            self::assertCount(1, $heard);
            self::assertEqualsWithDelta(1.15, $heard[0] - $since, 0.2, $reference);
        }
        pcntl_signal(SIGALRM, SIG_DFL);
    }

    public function testABatchIsLazyAtBothEnds(): void
    {
        $taken = 0;
        $endless = (function () use (&$taken): \Generator {
            while (true) {
                yield 'kustom:finalized-ref-' . ++$taken;
            }
        })();
        $given = [];
        foreach (self::client()->batch($endless, inFlight: 4) as $reference => $decision) {
            self::assertSame(Next::Ship, $decision->next);
            $given[$reference] = true;
            if (count($given) === 50) {
                break;
            }
        }
        self::assertLessThanOrEqual(50 + 8, $taken);
    }

    public function testABatchGivesEachWithItsOwnReference(): void
    {
        $wanted = [];
        for ($number = 0; $number < 200; $number++) {
            $amount = 1000 + $number;
            $wanted["kustom:finalized-amount-$amount"] = new Expect(amount: $number % 2 === 0 ? $amount : 1);
        }
        $asked = array_map(null, array_keys($wanted), array_values($wanted));
        $seen = [];
        foreach (self::client()->batch($asked) as $reference => $decision) {
            self::assertSame($reference, $decision->reference);
            self::assertSame("$reference", 'kustom:' . $decision->answer()->session->id);
            $seen[$reference] = $decision->next;
        }
        self::assertCount(200, $seen);
        foreach ($wanted as $reference => $expect) {
            self::assertSame($expect->amount === 1 ? Next::Hold : Next::Ship, $seen[$reference]);
        }
    }

    /** stream_select() on the descriptor, with fibers that wait for a decision each. */
    public function testFibersOverTheStreamOfABatch(): void
    {
        $batch = self::client()->openBatch();
        /** @var array<string, \Fiber<mixed, mixed, mixed, mixed>> $waiting */
        $waiting = [];
        $done = [];
        foreach (range(1, 20) as $number) {
            $reference = "kustom:delay-50-then-finalized-ref-fiber-$number";
            $fiber = new \Fiber(function () use ($batch, $reference, &$done): void {
                $batch->add($reference);
                $decision = \Fiber::suspend();
                $done[$reference] = $decision->next;
            });
            $fiber->start();
            $waiting[$reference] = $fiber;
        }
        $stream = $batch->stream();
        while ($waiting !== []) {
            $read = [$stream];
            $none = [];
            self::assertSame(1, stream_select($read, $none, $none, 5));
            while (($decision = $batch->next(0)) !== null) {
                $waiting[$decision->reference]->resume($decision);
                unset($waiting[$decision->reference]);
            }
        }
        self::assertSame(array_fill(0, 20, Next::Ship), array_values($done));
        fclose($stream);
    }

    public function testAForkGoesOnWithTheSameClient(): void
    {
        $client = self::client();
        self::assertSame(Next::Ship, $client->decide('ledyer:authorized')->next);
        $child = pcntl_fork();
        if ($child === 0) {
            // Without PHPUnit's own shutdown.
            posix_kill(getmypid(), $client->decide('ledyer:authorized')->next === Next::Ship ? SIGTERM : SIGKILL);
        }
        pcntl_waitpid($child, $status);
        self::assertSame(SIGTERM, pcntl_wtermsig($status));
        self::assertSame(Next::Ship, $client->decide('ledyer:authorized')->next);
    }

    public function testAClosedClientSaysSo(): void
    {
        $client = self::client();
        $client->close();
        $client->close();
        $this->expectException(\LogicException::class);
        $this->expectExceptionMessage('closed');
        $client->decide('kustom:finalized');
    }

    public function testTheReportCounts(): void
    {
        $client = self::client();
        $client->decide('kustom:finalized');
        self::assertSame(1, $client->report()['providers']['kustom']['calls']['ok']);
    }

    /** A log that cannot be written loses no decision: what is thrown out of a gateway marks paid orders failed. */
    public function testALogThatFailsIsNoReasonToFail(): void
    {
        $broken = new class () implements \Psr\Log\LoggerInterface {
            use \Psr\Log\LoggerTrait;

            public function log($level, $message, array $context = []): void
            {
                throw new \UnexpectedValueException('the disk is full');
            }
        };
        $client = Client::fromArray(self::config(), $broken);
        self::assertSame(Next::Ship, $client->decide('kustom:finalized')->next);
        self::assertTrue($client->get('kustom:finalized')->isPaid());
        self::assertSame(Next::Ship, iterator_to_array($client->batch(['kustom:finalized']))['kustom:finalized']->next);
    }

    /** @return array<string, array{int, int, string}> */
    public function noTimes(): array
    {
        return [
            'no time' => [0, 500, 'timeoutMs'],
            'less' => [-1, 500, 'timeoutMs'],
            'no pause' => [1000, 0, 'intervalMs'],
            'more than the library takes' => [600_001, 500, 'timeoutMs'],
            'overflow' => [PHP_INT_MAX, 1, 'timeoutMs'],
        ];
    }

    /** @dataProvider noTimes */
    public function testATimeThatIsNone(int $timeoutMs, int $intervalMs, string $named): void
    {
        $this->expectException(InvalidArgument::class);
        $this->expectExceptionMessage("$named: expected 1 to 600000");
        self::client()->wait('kustom:finalized', timeoutMs: $timeoutMs, intervalMs: $intervalMs);
    }

    /** A child that ends as PHP does, with its shutdown functions, leaves the parent's connection alone. */
    public function testAChildThatExitsLeavesTheParentItsConnection(): void
    {
        $script = '<?php require $argv[1]; '
            . '$pay = PaySession\Client::fromArray(json_decode(file_get_contents($argv[2]), true));'
            . '$pay->decide("kustom:finalized"); if (($child = pcntl_fork()) === 0) { exit(0); }'
            . 'pcntl_waitpid($child, $status); $answer = $pay->get("kustom:finalized");'
            . 'echo $answer->isPaid() && $answer->exchange()["reused_connection"] && $status === 0 ? "well" : "not";';
        $file = tempnam(sys_get_temp_dir(), 'paysession');
        file_put_contents($file, $script);
        $words = [PHP_BINARY, $file, __DIR__ . '/../autoload.php', self::directory() . '/config.json'];
        self::assertSame('well', shell_exec(implode(' ', array_map(escapeshellarg(...), $words))));
        unlink($file);
    }

    public function testItLogsWithoutSecretsAndPersonalData(): void
    {
        $logger = new class () implements \Psr\Log\LoggerInterface {
            use \Psr\Log\LoggerTrait;

            /** @var list<array{string, string, array<string, mixed>}> */
            public array $lines = [];

            public function log($level, $message, array $context = []): void
            {
                $this->lines[] = [$level, (string) $message, $context];
            }
        };
        $client = Client::fromArray([...self::config(), 'attempts' => 1], $logger);
        $client->decide('ledyer:authorized');
        $client->decide('kustom:error-500');
        $client->decide('nonsense');
        self::assertSame(['info', 'warning', 'error'], array_column($logger->lines, 0));
        self::assertSame('ledyer:authorized', $logger->lines[0][2]['reference']);
        self::assertSame('ship', $logger->lines[0][2]['next']);
        $all = json_encode($logger->lines);
        foreach (['jan@example.com', 'Persson', 'sandbox-ledyer-secret', 'kco_test', 'sandbox-token'] as $secret) {
            self::assertStringNotContainsString($secret, $all);
        }
    }

    /** @return array<string, array{string, string, Next, string, ?string}> */
    public function proofs(): array
    {
        return [
            'kustom' => ['kustom', 'AUTHORIZED', Next::Ship, '', 'secured'],
            'kustom, cancelled' => ['kustom', 'CANCELLED', Next::Hold, 'proof_ended', 'ended'],
            'inbank, waiting' => ['inbank', 'signed', Next::Hold, 'proof_pending', 'pending'],
            'ledyer, refunded' => ['ledyer', 'orderRefunded', Next::Hold, 'proof_refunded', 'refunded'],
        ];
    }

    /** @dataProvider proofs */
    public function testTheProofIsReadWhereItIsAskedFor(
        string $provider,
        string $status,
        Next $next,
        string $why,
        string $state,
    ): void {
        $status = ['status' => $status];
        if ($provider === 'kustom' && $state === 'ended') {
            $status['fields'] = ['captured_amount' => 2000];
        }
        $paid = ['kustom' => 'finalized', 'inbank' => 'completed', 'ledyer' => 'authorized'][$provider];
        $reference = self::session($provider, status: $paid, amount: 2000, proof: $status);
        $client = self::client();
        $decision = $client->decide($reference, proof: true);
        self::assertSame([$next, $why], [$decision->next, $decision->why]);
        $answer = $client->get($reference, proof: true);
        self::assertSame(ProofState::from($state), $answer->proof()->state);
        self::assertJson($answer->proof()->rawJson);
        self::assertJson($answer->rawJson());
        self::assertStringNotContainsString('"proof"', $answer->rawJson());
        self::assertNull($client->get($reference)->proof());
        $batch = iterator_to_array($client->batch([[$reference, null, true]]));
        self::assertSame($next, $batch[$reference]->next);
    }

    public function testDinterosTransactionIsNamed(): void
    {
        $reference = self::session('dintero', status: 'processed', amount: 2000);
        $shown = self::ask('GET', 'sessions/' . rawurlencode($reference));
        $transaction = basename($shown['proof']['path']);
        $answer = self::client()->get($reference, proof: $transaction);
        self::assertSame(Next::Ship, $answer->next);
        self::assertSame('transaction', $answer->proof()->resource);
        $this->expectException(Mismatched::class);
        self::client()->get($reference, proof: 'T99999999.x');
    }

    /** The lines of the README, as printed: what comes from Dintero names the order and its transaction. */
    public function testTheLinesForDintero(): void
    {
        $readme = file_get_contents(__DIR__ . '/../README.md');
        preg_match('/^```php\n(\$call = \$pay->callbackFromGlobals\(\'dintero\'.*?)^```/ms', $readme, $printed);
        $stored = $transactions = [];
        foreach (['own', 'other'] as $whose) {
            $stored[$whose] = self::session('dintero', status: 'processed', amount: 2000);
            $shown = self::ask('GET', 'sessions/' . rawurlencode($stored[$whose]));
            $transactions[$whose] = basename($shown['proof']['path']);
        }
        [, $named] = explode('/', $stored['own']);
        $orders = new class ($named, $stored['own']) {
            public function __construct(private readonly string $order, private readonly string $stored)
            {
            }

            public function of(?string $order): ?object
            {
                $found = (object) ['reference' => $this->stored, 'expect' => new Expect(amount: 2000)];
                return $order === $this->order ? $found : null;
            }
        };
        $dintero = self::config()['dintero'];
        $pay = self::client(dintero: ['callback_secret' => 's', ...array_diff_key($dintero, ['callback_secret' => 1])]);
        $account = $dintero['account_id'];
        $cases = [
            [Next::Ship, '', '&transaction_id=' . $transactions['own']],
            [Next::Hold, 'no_payment_state, proof_reference_mismatch', '&transaction_id=' . $transactions['other']],
            [Next::Hold, 'no_payment_state', ''], // without it nothing is asked for
        ];
        foreach ($cases as [$next, $why, $transaction]) {
            $query = "merchant_reference=$named$transaction";
            $_SERVER = ['REQUEST_METHOD' => 'GET', 'REQUEST_URI' => "/cb?$query", 'HTTP_HOST' => 'shop.example'];
            $text = implode("\n", [$now = (string) time(), $account, 'GET', 'shop.example', '/cb', $query]);
            $_SERVER['HTTP_DINTERO_SIGNATURE'] = "t=$now,v0-hmac-sha256=" . hash_hmac('sha256', $text, 's');
            $decision = null;
            eval($printed[1]);
            self::assertSame([$next, $why], [$decision?->next, $decision?->why]);
        }
    }

    /** A text of the document's own that looks like the key behind it. */
    public function testWhereTheDocumentEnds(): void
    {
        $document = '{"session_id": "1", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "EUR",'
            . '"order_id": "o", "proof": null, "x": ["\\\\\"}", {"raw":{}}, "\ud83d"] ,"proof2":{"raw":1}}';
        $proof = '{"order_id":"o","status":"CAPTURED","order_amount":1.0,"purchase_currency":"EUR","raw":{"proof":{}}}';
        $answer = normalize('kustom', $document, proof: $proof);
        self::assertSame(Next::Ship, $answer->next);
        self::assertSame($document, $answer->rawJson());
        self::assertSame($proof, $answer->proof()->rawJson);
        self::assertSame(1, $answer->proof()->amount->minor);
    }

    /** What closes the object and goes on would be options of the call: an expectation that nobody has. */
    public function testAProofIsOneObject(): void
    {
        $order = '{"order_id":"o","status":"CAPTURED","order_amount":1,"purchase_currency":"EUR",'
            . '"x":[1e999,"\ud83d}"]}';
        $session = '{"session_id":"1","status":"FINALIZED","order_amount":1,"purchase_currency":"EUR","order_id":"o"}';
        self::assertSame(Next::Ship, normalize('kustom', $session, proof: " $order\n")->next);
        self::assertSame(Next::Ship, normalize('kustom', $session, proof: "\u{FEFF}$order")->next);
        $behind = '},"expect":{"amount":1';
        $none = ['[]', '{', '{]', '{"', '', '""', 'null', '{} {}', '{}, "x": {}', "{}$behind", $order . $behind];
        foreach ($none as $text) {
            try {
                normalize('kustom', $session, proof: $text);
                self::fail("taken: $text");
            } catch (InvalidArgument $error) {
                self::assertStringContainsString('expected a JSON object', $error->getMessage());
            }
        }
    }

    /** What waits for its payment is waited for. */
    public function testWaitsWhileThePaymentIsPending(): void
    {
        $reference = self::session('inbank', status: 'completed', proof: ['status' => 'signed']);
        $since = hrtime(true);
        $answer = self::client()->wait($reference, timeoutMs: 900, intervalMs: 50, proof: true);
        self::assertSame(ProofState::Pending, $answer->proof()->state);
        self::assertGreaterThan(500_000_000, hrtime(true) - $since);
    }

    public function testApprovesAndRefuses(): void
    {
        $inbank = ['approvals' => true, ...self::config()['inbank']];
        $client = self::client(inbank: $inbank);
        $expect = new Expect(amount: 30_000, currency: 'EUR');
        $reference = self::session('inbank', status: 'granted', amount: 30_000, currency: 'EUR');
        self::assertSame(['wanted' => 'approved', 'sent' => false, 'http_status' => null], $client->approve(
            $reference,
            new Expect(amount: 30_001, currency: 'EUR')
        )->approval());
        $answer = $client->approve($reference, $expect);
        self::assertSame(Next::Ship, $answer->next);
        self::assertSame(['wanted' => 'approved', 'sent' => true, 'http_status' => 204], $answer->approval());
        self::assertNull($client->get($reference)->approval());
        $other = self::session('inbank', status: 'granted', amount: 30_000, currency: 'EUR');
        self::assertSame(Next::Release, $client->refuse($other)->next);
        $this->expectException(NotWaiting::class);
        $client->refuse($reference);
    }
}
