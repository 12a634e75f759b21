<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession\Tests;

use PaySession\Client;
use PHPUnit\Framework\TestCase;

/** A sandbox that runs: $SANDBOX is the directory with its files. */
abstract class SandboxTestCase extends TestCase
{
    /** @return array<string, mixed> */
    protected static function config(): array
    {
        return json_decode(file_get_contents(self::directory() . '/config.json'), true, 16, JSON_THROW_ON_ERROR);
    }

    protected static function client(mixed ...$more): Client
    {
        return Client::fromArray([...self::config(), ...$more]);
    }

    /**
     * The sandbox's interface over HTTP.
     *
     * @return array<string|int, mixed>|null
     */
    protected static function ask(string $method, string $path, mixed $body = null): ?array
    {
        $page = json_decode(file_get_contents(self::directory() . '/sandbox.json'), true)['page'];
        $context = stream_context_create(['http' => [
            'method' => $method, 'header' => 'Content-Type: application/json',
            'content' => $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR),
        ]]);
        $answer = file_get_contents("$page/sandbox/$path", false, $context);
        return $answer === '' ? null : json_decode($answer, true, 64, JSON_THROW_ON_ERROR);
    }

    /** Makes a session: its reference. */
    protected static function session(string $provider, mixed ...$wanted): string
    {
        return self::ask('POST', 'sessions', ['provider' => $provider, ...$wanted])['session'];
    }

    protected static function directory(): string
    {
        return getenv('SANDBOX') ?: throw new \LogicException('$SANDBOX names the directory of a sandbox that runs');
    }
}
