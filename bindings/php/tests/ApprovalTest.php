<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession\Tests;

use PaySession\Client;
use PaySession\Expect;
use PaySession\InvalidArgument;
use PaySession\NotConfigured;
use PaySession\NotWaiting;
use PaySession\ProviderError;
use PaySession\Status;

use function PaySession\normalize;

/** The merchant's approval: what is sent, what it comes to, and what is thrown. */
final class ApprovalTest extends SandboxTestCase
{
    private static function merchant(mixed ...$more): Client
    {
        return self::client(inbank: [...self::config()['inbank'], 'approvals' => true, ...$more]);
    }

    private static function waiting(mixed ...$more): string
    {
        return self::session('inbank', ...['amount' => 30000, 'currency' => 'EUR', 'status' => 'granted', ...$more]);
    }

    /** @return array{wanted: string, sent: bool, http_status: ?int} */
    private static function told(string $wanted, bool $sent, ?int $status): array
    {
        return ['wanted' => $wanted, 'sent' => $sent, 'http_status' => $status];
    }

    private static function order(): Expect
    {
        return new Expect(amount: 30000, currency: 'EUR');
    }

    /** @return array<string, int> what was sent to change it */
    private static function sent(string $reference): array
    {
        return self::ask('GET', "sessions/$reference")['actions'];
    }

    public function testApproves(): void
    {
        $reference = self::waiting();
        $answer = self::merchant()->approve($reference, self::order());
        self::assertTrue($answer->isPaid());
        self::assertSame(self::told('approved', true, 204), $answer->approval());
        $again = self::merchant()->approve($reference, self::order(), timeoutMs: 5000);
        self::assertTrue($again->isPaid());
        self::assertSame(self::told('approved', false, null), $again->approval());
        self::assertSame(['merchant-approval' => 1], self::sent($reference));
        $read = self::merchant()->get($reference);
        self::assertNull($read->approval());
        self::assertSame($read->rawJson(), $answer->rawJson());
    }

    public function testRefuses(): void
    {
        $reference = self::waiting();
        $answer = self::merchant()->refuse($reference);
        self::assertSame(Status::Cancelled, $answer->session->status);
        self::assertSame(self::told('refused', true, 204), $answer->approval());
        try {
            self::merchant()->approve($reference, self::order());
            self::fail('it waits no more');
        } catch (NotWaiting $error) {
            self::assertSame(['not_waiting', $reference], [$error->answer->result, $error->reference]);
            self::assertNull($error->answer->rawJson());
            self::assertSame(self::told('approved', false, null), $error->answer->approval());
        }
        self::assertSame(['cancel' => 1], self::sent($reference));
    }

    public function testSendsNothingWhereItIsHeld(): void
    {
        $reference = self::waiting();
        $answer = self::merchant()->approve($reference, new Expect(amount: 30001, currency: 'EUR'));
        self::assertSame(['amount_mismatch'], $answer->session->holds);
        self::assertFalse($answer->approval()['sent']);
        $answer = self::merchant()->refuse($reference, new Expect(currency: 'SEK'));
        self::assertSame(['currency_mismatch'], $answer->session->holds);
        self::assertSame([], self::sent($reference));
    }

    public function testSendsOnceWhatHasAnUnknownFate(): void
    {
        $lost = self::waiting(action_replies: ['503']);
        try {
            self::merchant()->approve($lost, self::order(), timeoutMs: 1000);
            self::fail('it was not carried out');
        } catch (ProviderError $error) {
            self::assertSame(self::told('approved', true, 503), $error->answer->approval());
        }
        $done = self::waiting(action_replies: ['done-gone']);
        $answer = self::merchant()->approve($done, self::order());
        self::assertTrue($answer->isPaid());
        self::assertSame(self::told('approved', true, null), $answer->approval());
        self::assertSame(['merchant-approval' => 1], self::sent($lost));
        self::assertSame(['merchant-approval' => 1], self::sent($done));
    }

    public function testSendsNothingThatIsNotChecked(): void
    {
        $reference = self::waiting();
        $merchant = self::merchant();
        foreach (
            [
                [InvalidArgument::class, fn () => $merchant->approve($reference, new Expect(amount: 30000))],
                [InvalidArgument::class, fn () => $merchant->approve($reference, new Expect(currency: 'EUR'))],
                [InvalidArgument::class, fn () => $merchant->refuse('kustom:finalized')],
                [InvalidArgument::class, fn () => $merchant->refuse($reference, timeoutMs: 0)],
                [InvalidArgument::class, fn () => $merchant->refuse("$reference\0")],
                [NotConfigured::class, fn () => self::client()->approve($reference, self::order())],
                [NotConfigured::class, fn () => self::merchant(approvals: false)->refuse($reference)],
            ] as [$class, $call]
        ) {
            try {
                $call();
                self::fail($class);
            } catch (\PaySession\PaySessionException $error) {
                self::assertInstanceOf($class, $error);
            }
        }
        $merchant->close();
        self::assertSame([], self::sent($reference));
        $this->expectException(\LogicException::class);
        $merchant->refuse($reference);
    }

    public function testIsOfTheLibraryAndNotOfTheDocument(): void
    {
        $approval = ',"approval":{"wanted":"approved","sent":true,"http_status":204}';
        foreach (['{"a":1' . $approval . '}', '{"b":{"a":1' . $approval . '}}'] as $document) {
            $answer = normalize('inbank', $document);
            self::assertNull($answer->approval());
            self::assertSame($document, $answer->rawJson());
        }
    }
}
