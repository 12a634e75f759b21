<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * What Client, Batch and normalize() have in common: the way into Native, and what becomes of its results.
 *
 * @internal
 */
final class Library
{
    public const AGAIN = 41;
    public const NUL = 'a NUL byte in the reference: C would read another one';

    /** The number of Native that this package was made with. */
    private const NATIVE = 3;

    /** What is thrown, by the result's word. */
    private const MISCONFIGURED = [
        'invalid_argument' => InvalidArgument::class,
        'invalid_config' => InvalidConfig::class,
        'not_configured' => NotConfigured::class,
    ];
    private const NO_ANSWER = [
        'aborted' => Aborted::class,
        'out_of_memory' => OutOfMemory::class,
        'unreachable' => Unreachable::class,
        'tls_failed' => TlsFailed::class,
        'timed_out' => TimedOut::class,
        'unauthorized' => Unauthorized::class,
        'forbidden' => Forbidden::class,
        'not_found' => NotFound::class,
        'rate_limited' => RateLimited::class,
        'provider_error' => ProviderError::class,
        'unexpected_http' => UnexpectedHttp::class,
        'malformed' => Malformed::class,
        'too_large' => TooLarge::class,
        'mismatched' => Mismatched::class,
        'not_waiting' => NotWaiting::class,
    ];

    private function __construct()
    {
    }

    /**
     * Calls Native, which may be the first time in this request.
     *
     * @template T
     * @param callable(): T $call
     * @return T
     * @throws NotInstalled
     */
    public static function call(callable $call): mixed
    {
        if (Native::NUMBER !== self::NATIVE) {
            throw new NotInstalled(sprintf(
                'opcache.preload has loaded another Native than this package needs (%d, not %d): reload PHP, and name '
                    . 'the preload.php of this package in opcache.preload',
                Native::NUMBER,
                self::NATIVE
            ));
        }
        try {
            return $call();
        } catch (\FFI\Exception | \RuntimeException $error) {
            if ($error instanceof PaySessionException) {
                throw $error;
            }
            throw new NotInstalled(self::advised($error->getMessage()), 0, $error);
        } catch (\Error $error) {
            // Without the extension, or with disable_classes=FFI, there is no such class or no such method.
            if (!str_contains($error->getMessage(), 'FFI')) {
                throw $error;
            }
            throw new NotInstalled(self::advised($error->getMessage()), 0, $error);
        }
    }

    private static function advised(string $message): string
    {
        return rtrim($message, '.') . '. `paysession-php doctor` says what to do.';
    }

    /** The options of a call as JSON. @throws InvalidArgument where they are none, a text that is not UTF-8 above all */
    public static function options(
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        ?string $traceparent = null,
        bool|string $proof = false,
    ): ?string {
        $options = [];
        if ($proof !== false) {
            $options['proof'] = $proof === true ? true : ['transaction' => $proof];
        }
        if ($timeoutMs !== null) {
            $options['timeout_ms'] = $timeoutMs;
        }
        if ($traceparent !== null) {
            $options['traceparent'] = $traceparent;
        }
        if ($expect !== null) {
            $options['expect'] = (object) $expect->toArray();
        }
        return $options === [] ? null : self::encoded($options);
    }

    /**
     * @param array<string, mixed> $told
     * @throws InvalidArgument
     */
    public static function encoded(#[\SensitiveParameter] array $told): string
    {
        try {
            return json_encode((object) $told, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
        } catch (\JsonException $error) {
            throw new InvalidArgument('this cannot be written as JSON: ' . $error->getMessage());
        }
    }

    /**
     * A document that becomes a part of JSON, as it is spelt: what closed its object and went on would be options.
     *
     * @throws InvalidArgument where it is not one object
     */
    public static function object(#[\SensitiveParameter] string $json, string $name): string
    {
        $object = trim(str_starts_with($json, "\u{FEFF}") ? substr($json, 3) : $json, " \t\r\n");
        if (!str_starts_with($object, '{') || Answer::end($object, 0) !== strlen($object)) {
            throw new InvalidArgument("$name: expected a JSON object as its document");
        }
        return $object;
    }

    /**
     * The answer of a call that went well.
     *
     * @throws NoAnswer
     * @throws Misconfigured
     */
    public static function answered(string $reference, string $json): Answer
    {
        $answer = Answer::of($json);
        if ($answer->result === 'ok') {
            return $answer;
        }
        if (isset(self::MISCONFIGURED[$answer->result])) {
            throw self::misconfigured($json);
        }
        $class = self::NO_ANSWER[$answer->result] ?? NoAnswer::class;
        throw new $class($answer->error->message ?? $answer->result, $reference, $answer);
    }

    /**
     * What came to the shop, if it may be looked at.
     *
     * @throws NotGenuine
     * @throws NoAnswer
     * @throws Misconfigured
     */
    public static function called(string $json): Callback
    {
        $answer = Answer::of($json);
        return match ($answer->result) {
            'ok', 'unsigned' => Callback::of($json),
            'not_genuine' => throw new NotGenuine($answer->error->message ?? '', Callback::of($json)),
            default => self::refused($json),
        };
    }

    private static function refused(string $json): never
    {
        self::answered('', $json);
        throw new \LogicException('An answer without a callback says ok');
    }

    /** What to throw for an answer that says what is wrong with the shop. */
    public static function misconfigured(string $json): Misconfigured
    {
        $answer = Answer::of($json);
        $class = self::MISCONFIGURED[$answer->result] ?? Misconfigured::class;
        return new $class($answer->error->message ?? $answer->result);
    }
}
