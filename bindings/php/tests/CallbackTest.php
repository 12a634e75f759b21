<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession\Tests;

use PaySession\Client;
use PaySession\InvalidArgument;
use PaySession\InvalidConfig;
use PaySession\Malformed;
use PaySession\Misconfigured;
use PaySession\Mismatched;
use PaySession\NoAnswer;
use PaySession\NotConfigured;
use PaySession\NotGenuine;
use PaySession\TooLarge;
use PHPUnit\Framework\TestCase;

/** What came to the shop: the cases of all languages, and what PHP adds to them. */
final class CallbackTest extends TestCase
{
    private const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

    /** @return iterable<string, array{string}> */
    public function cases(): iterable
    {
        foreach (glob(__DIR__ . '/../../../Tests/Callbacks/*/*/case.json') as $file) {
            $folder = dirname($file);
            yield basename(dirname($folder)) . '/' . basename($folder) => [$folder];
        }
    }

    /** @dataProvider cases */
    public function testSaysAsWritten(string $folder): void
    {
        $read = static fn (string $name): mixed => json_decode(file_get_contents("$folder/$name"), true);
        [$case, $wanted, $request] = [$read('case.json'), $read('answer.json'), $read('request.json')];
        $options = $case['options'] ?? [];
        $known = ['method', 'url', 'headers'];
        if (
            !is_array($request) || array_diff($known, array_keys($request)) !== []
            || array_diff(array_keys($request), $known) !== [] || !is_array($request['headers'])
            || str_contains(basename($folder), 'request-')
            || array_diff(array_keys($options), ['received_at', 'tolerance_s']) !== []
            || !is_int($options['tolerance_s'] ?? 300)
            || !preg_match('/^\d{4}-.*[Z0-9]{3}$/', (string) ($options['received_at'] ?? '2025-01-01T00:00:00Z'))
            || preg_match('/received-at-w|received-at-n|half-a-pair/', basename($folder))
        ) {
            $this->expectNotToPerformAssertions(); // PHP cannot say that
            return;
        }
        $client = Client::fromArray($case['config']);
        $provider = basename(dirname($folder));
        $at = isset($options['received_at']) ? new \DateTimeImmutable($options['received_at']) : null;
        $body = file_get_contents("$folder/body");
        try {
            $callback = $client->callback(
                $provider,
                $request['method'],
                $request['url'],
                $request['headers'],
                $body,
                $options['tolerance_s'] ?? null,
                $at
            );
        } catch (NotGenuine $error) {
            $callback = $error->callback;
            self::assertFalse($callback->isGenuine());
            self::assertNotSame('', $error->getMessage());
        } catch (NoAnswer $error) {
            self::assertSame($wanted['result'], $error->answer->result);
            self::assertFalse($error->answer->isPaid());
            return;
        } catch (Misconfigured $error) {
            self::assertContains($wanted['result'], ['invalid_argument', 'not_configured']);
            return;
        }
        self::assertSame($wanted['result'], $callback->result);
        self::assertSame($wanted['reference'] ?? null, $callback->reference);
        self::assertSame($wanted['result'] === 'ok', $callback->isGenuine());
        foreach (['reason' => 'reason', 'secret' => 'secret', 'id' => 'id', 'sent_at' => 'sentAt'] as $key => $name) {
            self::assertSame($wanted['callback'][$key] ?? null, $callback->$name, $key);
        }
        self::assertSame($wanted['callback']['event'] ?? null, $callback->event);
        self::assertSame($wanted['callback']['identifiers'] ?? [], array_filter($callback->identifiers));
    }

    public function testEachFailureHasItsClass(): void
    {
        $client = self::kustom(self::SECRET);
        $ask = static fn (string $provider, string $body, array $headers = []) => $client->callback(
            $provider,
            'POST',
            'https://shop.example/',
            $headers,
            $body
        );
        foreach (
            [
                [NotGenuine::class, fn () => $ask('kustom', '{}')],
                [NotConfigured::class, fn () => $ask('ledyer', '{}')],
                [InvalidArgument::class, fn () => $ask('acme', '{}')],
                [InvalidArgument::class, fn () => $ask("kustom\0", '{}')],
                [TooLarge::class, fn () => $ask('kustom', '{}', ['x' => str_repeat('a', 70_000)])],
                [Malformed::class, fn () => self::kustom(null)->callback('kustom', 'POST', 'https://x/', [], 'x')],
                [Mismatched::class, self::anothersAccount(...)],
                [InvalidConfig::class, fn () => self::kustom('whpk_AAAA')],
                [InvalidConfig::class, fn () => self::kustom([['env' => 'PAYSESSION_NOT_SET']])],
            ] as [$class, $call]
        ) {
            try {
                $call();
                self::fail("$class was not thrown");
            } catch (\PaySession\PaySessionException $error) {
                self::assertInstanceOf($class, $error);
            }
        }
    }

    public function testSecretsOfAListComeFromTheEnvironment(): void
    {
        $_ENV['PAYSESSION_CALLBACK_SECRET'] = self::SECRET;
        $other = 'whsec_' . base64_encode(str_repeat('x', 24));
        $client = self::kustom([$other, ['env' => 'PAYSESSION_CALLBACK_SECRET']]);
        unset($_ENV['PAYSESSION_CALLBACK_SECRET']);
        $callback = $client->callback('kustom', 'POST', 'https://x/', self::signed('{"type":"a"}'), '{"type":"a"}');
        self::assertSame([true, 2, 'a'], [$callback->isGenuine(), $callback->secret, $callback->event]);
    }

    /** A stranger's bytes are no reason to throw, and a body is bytes. */
    public function testHeadersAndBodiesAreBytes(): void
    {
        $client = self::kustom(self::SECRET);
        $headers = ['x' => "\xff\xfe", ...self::signed("{\"type\":\"\0\xff\"}")];
        $this->expectException(Malformed::class);
        $client->callback('kustom', 'POST', 'https://x/', $headers, "{\"type\":\"\0\xff\"}");
    }

    public function testFromGlobals(): void
    {
        $_SERVER = ['REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/cb?x=1', 'HTTP_HOST' => '10.0.0.7', 'HTTPS' => ''];
        $text = implode("\n", [$now = (string) time(), 'T12345678', 'GET', 'shop.example', '/cb', 'x=1']);
        $_SERVER['HTTP_DINTERO_SIGNATURE'] = "t=$now,v0-hmac-sha256=" . hash_hmac('sha256', $text, 's');
        $client = Client::fromArray(['dintero' => [
            'base_url' => 'http://localhost', 'token' => 't', 'account_id' => 'T12345678', 'callback_secret' => 's',
        ]]);
        self::assertTrue($client->callbackFromGlobals('dintero', 'https://shop.example/')->isGenuine());
        // The proxy's inner host is not what was signed.
        try {
            $client->callbackFromGlobals('dintero');
            self::fail();
        } catch (NotGenuine $error) {
            self::assertSame('signature_mismatch', $error->callback->reason);
        }
    }

    private static function kustom(string|array|null $secret): Client
    {
        $section = ['base_url' => 'http://localhost', 'api_key' => 'k'];
        if ($secret !== null) {
            $section['callback_secret'] = $secret;
        }
        return Client::fromArray(['kustom' => $section]);
    }

    /** @return array<string, string> */
    private static function signed(string $body): array
    {
        $now = time();
        $code = hash_hmac('sha256', "m.$now.$body", implode('', array_map(chr(...), range(0, 31))), true);
        return [
            'Webhook-Id' => 'm', 'Webhook-Timestamp' => (string) $now,
            'Webhook-Signature' => 'v1,' . base64_encode($code),
        ];
    }

    private static function anothersAccount(): void
    {
        $folder = __DIR__ . '/../../../Tests/Callbacks/dintero/account-differs-in-transaction';
        $request = json_decode(file_get_contents("$folder/request.json"), true);
        $case = json_decode(file_get_contents("$folder/case.json"), true);
        Client::fromArray($case['config'])->callback(
            'dintero',
            $request['method'],
            $request['url'],
            $request['headers'],
            '',
            receivedAt: new \DateTimeImmutable($case['options']['received_at'])
        );
    }
}
