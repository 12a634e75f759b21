<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession\Tests;

use PaySession\Answer;
use PaySession\Client;
use PaySession\Environment;
use PaySession\Expect;
use PaySession\InvalidArgument;
use PaySession\InvalidConfig;
use PaySession\Next;
use PaySession\NotFound;
use PaySession\Paid;
use PaySession\ProofState;
use PaySession\Status;
use PaySession\Testing\FakeClient;
use PaySession\TimedOut;
use PHPUnit\Framework\TestCase;

use function PaySession\normalize;

/** What needs no sandbox. */
final class ValuesTest extends TestCase
{
    private const CONFIG = ['kustom' => ['base_url' => 'http://127.0.0.1:9', 'api_key' => 'a-secret-of-the-shop']];

    /** @return array<string, array{string, string, int}> */
    public function decimals(): array
    {
        return [
            'two digits' => ['19.99', 'EUR', 1999],
            'a float would say 1998' => ['19.989999999999998', 'EUR', -1],
            'one digit' => ['1999.5', 'EUR', 199950],
            'none' => ['20', 'SEK', 2000],
            'a point and nothing' => ['20.', 'SEK', 2000],
            'more zeros' => ['20.0000', 'SEK', 2000],
            'none in the currency' => ['300', 'JPY', 300],
            'three in the currency' => ['0.005', 'KWD', 5],
            'below zero' => ['-1.10', 'EUR', -110],
            'zero' => ['0.00', 'EUR', 0],
            'the largest' => ['92233720368547.58', 'EUR', 9223372036854758],
            'half a yen' => ['0.5', 'JPY', -1],
            'a comma' => ['19,99', 'EUR', -1],
            'thousands' => ['1 999.00', 'EUR', -1],
            'an exponent' => ['1e3', 'EUR', -1],
            'nothing' => ['', 'EUR', -1],
            'a line break' => ["19.99\n", 'EUR', -1],
            'no currency' => ['19.99', 'eur', -1],
        ];
    }

    /**
     * Minor units of a decimal text; -1 where it is refused.
     *
     * @dataProvider decimals
     */
    public function testADecimalTextBecomesMinorUnits(string $amount, string $currency, int $minor): void
    {
        if ($minor === -1) {
            $this->expectException(InvalidArgument::class);
        }
        self::assertSame([$minor, $currency, 'A'], [
            ($expect = Expect::decimal($amount, $currency, 'A'))->amount, $expect->currency, $expect->reference,
        ]);
    }

    /** Each code that the library takes for a currency has as many digits here as there. */
    public function testTheDigitsOfEachCurrencyAreTheLibrarys(): void
    {
        $known = 0;
        foreach (range('A', 'Z') as $first) {
            foreach (range('A', 'Z') as $second) {
                foreach (range('A', 'Z') as $third) {
                    $currency = "$first$second$third";
                    $amount = normalize('inbank', '{"uuid": "x", "status": "completed", "totalAmount": 12, '
                        . "\"currency\": \"$currency\"}", id: 'x')->session->amount;
                    if ($amount !== null) {
                        $known++;
                        self::assertSame($amount->minor, Expect::decimal('12', $currency)->amount, $currency);
                    }
                }
            }
        }
        self::assertGreaterThan(150, $known);
    }

    public function testNormalize(): void
    {
        $document = '{"session_id": "x", "status": "FINALIZED", "order_amount": 2000, "purchase_currency": "SEK"}';
        $answer = normalize('kustom', $document, id: 'x');
        self::assertTrue($answer->isPaid());
        self::assertSame($document, $answer->rawJson());
        self::assertNull($answer->exchange());
        self::assertFalse(normalize('kustom', $document, id: 'x', expect: new Expect(amount: 1))->isPaid());
        $dintero = '{"id": "x", "items": [], "amount": 1, "processed_at": "2024-01-15T10:30:00Z"}';
        self::assertSame(Next::Hold, normalize('dintero', $dintero, id: 'x')->next);
        self::assertSame(Next::Ship, normalize('dintero', $dintero, id: 'x', trustProcessedAt: true)->next);
    }

    /** Hazard 12: an integer that PHP cannot hold is its text, never a float; `{}` stays in the bytes on offer. */
    public function testLargeNumbersAndEmptyObjects(): void
    {
        $document = '{"session_id": "x", "status": "ACTIVE", "order_amount": 9223372036854775807, "purchase_currency": '
            . '"SEK", "more": 12345678901234567890, "none": {}}';
        $answer = normalize('kustom', $document, id: 'x');
        self::assertSame(9223372036854775807, $answer->session->amount->minor);
        self::assertSame($document, $answer->rawJson());
    }

    /** What json_decode() refuses in a provider's document does not keep the answer from being read. */
    public function testADocumentThatPhpDoesNotRead(): void
    {
        foreach (['{"name": "\\ud83d"}', str_repeat('[', 100) . str_repeat(']', 100)] as $more) {
            $document = '{"session_id": "x", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "SEK", '
                . '"more": ' . $more . '}';
            $answer = normalize('kustom', $document, id: 'x');
            self::assertTrue($answer->isPaid());
            self::assertSame($document, $answer->rawJson());
        }
    }

    public function testAWordOfANewerLibraryIsUnknown(): void
    {
        $json = str_replace(
            ['"status":"completed"', '"decision":"hold"'],
            ['"status":"levitating"', '"decision":"dance"'],
            normalize('kustom', '{"status": "FINALIZED"}')->json
        );
        $answer = Answer::of($json);
        self::assertSame([Status::Unknown, Next::Hold], [$answer->session->status, $answer->next]);
        self::assertSame(Next::Hold, Next::ofNumber(99));
    }

    /** Hazard 4. */
    public function testAClientHasOneOwner(): void
    {
        $client = Client::fromArray(self::CONFIG);
        try {
            serialize($client);
            self::fail();
        } catch (\LogicException $error) {
            self::assertStringContainsString('credentials', $error->getMessage());
        }
        $this->expectException(\Error::class);
        clone $client;
    }

    /** Hazard 7: neither a stack trace nor a dump shows a configuration. */
    public function testNoSecretInATraceOrADump(): void
    {
        ini_set('zend.exception_ignore_args', '0');
        ini_set('zend.exception_string_param_max_len', '1000');
        try {
            Client::fromArray([...self::CONFIG, 'unknown' => 1]);
            self::fail();
        } catch (InvalidConfig $error) {
            self::assertStringContainsString('unknown', $error->getMessage());
            self::assertStringNotContainsString('a-secret-of-the-shop', $error . print_r($error->getTrace(), true));
        }
        $client = Client::fromArray(self::CONFIG);
        self::assertStringNotContainsString('a-secret-of-the-shop', print_r($client, true) . var_export($client, true));
    }

    /** Hazard 6: php-fpm's clear_env hides the environment from the library, and dotenv fills $_ENV alone. */
    public function testTheEnvironmentIsPhps(): void
    {
        $_ENV['PAY_A'] = 'from env';
        $_SERVER['PAY_B'] = 'from server';
        putenv('PAY_C=from getenv');
        $config = ['kustom' => ['api_key' => ['env' => 'PAY_A']], 'ledyer' => ['client_secret' => ['env' => 'PAY_B']],
            'inbank' => ['api_key' => ['env' => 'PAY_C']], 'dintero' => ['client_secret' => ['file' => '/x']]];
        self::assertSame([
            'kustom' => ['api_key' => 'from env'], 'ledyer' => ['client_secret' => 'from server'],
            'inbank' => ['api_key' => 'from getenv'], 'dintero' => ['client_secret' => ['file' => '/x']],
        ], Environment::resolved($config));
        $this->expectException(InvalidConfig::class);
        $this->expectExceptionMessage('kustom.api_key: the environment variable PAY_NOT is not set');
        Environment::resolved(['kustom' => ['api_key' => ['env' => 'PAY_NOT']]]);
    }

    /** The states are the schema's; one of a newer library is Unknown, and confirms nothing. */
    public function testTheStatesOfAProof(): void
    {
        $schema = json_decode(file_get_contents(__DIR__ . '/../../../Include/paysession.schema.json'), true);
        self::assertSame(
            $schema['$defs']['proof']['properties']['state']['enum'],
            array_column(ProofState::cases(), 'value')
        );
        $json = (new FakeClient(['kustom:1' => Next::Ship]))->get('kustom:1', proof: true)->json;
        $newer = Answer::of(str_replace('"state":"secured"', '"state":"disputed"', $json))->proof();
        self::assertSame(ProofState::Unknown, $newer->state);
    }

    /** Which proof was asked for is what a shop's test looks at: without it Dintero's sessions are held. */
    public function testAFakeClientHasTheProofThatWasAskedFor(): void
    {
        $pay = new FakeClient(['kustom:1' => Next::Ship, 'dintero:T1/2' => Next::Ship, 'kustom:3' => Next::Wait]);
        self::assertNull($pay->get('kustom:1')->proof());
        self::assertStringNotContainsString('proof', $pay->get('kustom:1')->json);
        $proof = $pay->get('kustom:1', new Expect(amount: 5), proof: true)->proof();
        self::assertSame(['order', ProofState::Secured, 5], [$proof->resource, $proof->state, $proof->amount->minor]);
        $proof = $pay->wait('dintero:T1/2', proof: 'T1.x')->proof();
        self::assertSame(['transaction', 'T1.x'], [$proof->resource, $proof->id]);
        self::assertStringEndsWith(',"raw":null,"proof":null}', $pay->get('kustom:3', proof: true)->json);
        self::assertSame(Next::Ship, $pay->decide('kustom:1', proof: true)->next);
        iterator_to_array($pay->batch(['kustom:1', ['dintero:T1/2', null, 'T1.x']]));
        self::assertSame(
            [false, false, true, 'T1.x', true, true, false, 'T1.x'],
            array_column($pay->asked, 'proof')
        );
    }

    public function testAFakeClientForTheTestsOfAShop(): void
    {
        $pay = new FakeClient([
            'kustom:1' => Next::Ship, 'kustom:2' => Next::Release, 'kustom:3' => Next::Hold, 'kustom:4' => 'timed_out',
        ]);
        self::assertSame(Next::Ship, $pay->decide('kustom:1', new Expect(amount: 5))->next);
        self::assertSame(Next::Release, $pay->decide('kustom:2')->next);
        self::assertSame([Next::Hold, 'amount_mismatch'], [($held = $pay->decide('kustom:3'))->next, $held->why]);
        self::assertSame([Next::Wait, 'timed_out'], [($late = $pay->decide('kustom:4'))->next, $late->result]);
        self::assertSame([Paid::Yes, 5], [
            ($answer = $pay->get('kustom:1', new Expect(amount: 5)))->verdict, $answer->session->amount->minor,
        ]);
        self::assertSame('kustom:4', $pay->asked[3]['reference']);
        self::assertCount(2, iterator_to_array($pay->batch(['kustom:1', ['kustom:2', new Expect(1)]])));
        try {
            $pay->wait('kustom:4');
            self::fail();
        } catch (TimedOut $error) {
            self::assertTrue($error->isRetryable());
        }
        $this->expectException(NotFound::class);
        $pay->get('kustom:5');
    }
}
