<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

use Psr\Log\LoggerInterface;

/**
 * Reads payment sessions.
 *
 *     $pay = Client::fromArray(['kustom' => ['environment' => 'live', 'api_key' => ['env' => 'KUSTOM_API_KEY']]]);
 *     $decision = $pay->decide($reference, new Expect(amount: 30000, currency: 'EUR', reference: 'ORDER-12345'));
 *
 * Outside php-cli clients are shared: what is behind one, connections and tokens, lives in the worker, and the next
 * request with the same configuration finds it. A configuration without `timeout_ms` has 3000 there, since
 * max_execution_time does not end a call, and a provider that hangs would fill the pool.
 *
 * A call holds the lock of a PHP session: session_write_close() first.
 */
final class Client implements Sessions
{
    private const WEB_TIMEOUT_MS = 3000;

    /** How long the library is left alone at most, in wait() and batch(). */
    private const SLICE_MS = 250;

    /** The longest pause of wait(), as session_wait() has it. */
    private const LONGEST_PAUSE_MS = 10_000;

    /** As the header bounds timeout_ms. */
    private const LONGEST_WAIT_MS = 600_000;

    /** What the last read of wait() has. */
    private const LAST_READ_MS = 100;

    private static bool $closesAtShutdown = false;

    private function __construct(private int $client, private readonly ?LoggerInterface $logger)
    {
    }

    public function __destruct()
    {
        $this->close();
    }

    private function __clone()
    {
    }

    /** @return array<never, never> */
    public function __serialize(): array
    {
        throw new \LogicException('A PaySession\Client cannot be serialized: it holds credentials and connections');
    }

    /**
     * A client of this configuration; paysession-config(5) and the header list its keys. A secret is a text,
     * `['env' => NAME]` or `['file' => PATH]`. The environment is $_ENV, $_SERVER and getenv(), in this order, so that
     * dotenv and php-fpm's `env[]` both count.
     *
     * @param array<string, mixed> $config
     * @param LoggerInterface|null $logger hears of each call, without secrets and personal data
     * @throws InvalidConfig where it is none
     * @throws NotInstalled where FFI may not be used, or libpaysession is not there
     */
    public static function fromArray(
        #[\SensitiveParameter]
        array $config,
        ?LoggerInterface $logger = null,
    ): self {
        if (PHP_SAPI !== 'cli') {
            $config += ['timeout_ms' => self::WEB_TIMEOUT_MS, 'shared' => true];
        }
        $json = Library::encoded(Environment::resolved($config));
        [$client, $answer] = Library::call(static fn (): array => Native::open($json));
        if ($client === 0) {
            throw Library::misconfigured($answer);
        }
        if (!self::$closesAtShutdown) {
            // Fatal errors, time limits and exit skip destructors. After the shutdown functions of the shop, which may
            // still ask: one that is registered in a shutdown function runs last.
            register_shutdown_function(static fn () => register_shutdown_function(Native::closeAll(...)));
            self::$closesAtShutdown = true;
        }
        return new self($client, $logger);
    }

    /** Closes it; one that is closed stays closed. */
    public function close(): void
    {
        if ($this->client !== 0) {
            Native::close($this->client);
            $this->client = 0;
        }
    }

    public function decide(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        bool|string $proof = false,
    ): Decision {
        $since = hrtime(true);
        if (str_contains($reference, "\0")) {
            return $this->logged(0, Decision::ofMistake($reference, Library::NUL));
        }
        try {
            $options = Library::options($expect, $timeoutMs, null, $proof);
        } catch (InvalidArgument $error) {
            return $this->logged(0, Decision::ofMistake($reference, $error->getMessage()));
        }
        [$next, $why, $json] = Native::get($this->opened(), $reference, $options);
        return $this->logged(hrtime(true) - $since, Decision::of($reference, $next, $why, $json));
    }

    public function get(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        ?string $traceparent = null,
        bool|string $proof = false,
    ): Answer {
        $since = hrtime(true);
        if (str_contains($reference, "\0")) {
            throw new InvalidArgument(Library::NUL);
        }
        $options = Library::options($expect, $timeoutMs, $traceparent, $proof);
        [$next, $why, $json] = Native::get($this->opened(), $reference, $options);
        if ($this->logger !== null) {
            $this->logged(hrtime(true) - $since, Decision::of($reference, $next, $why, $json));
        }
        return Library::answered($reference, $json);
    }

    public function wait(
        string $reference,
        ?Expect $expect = null,
        int $timeoutMs = 15_000,
        int $intervalMs = 500,
        bool|string $proof = false,
    ): Answer {
        foreach (['timeoutMs' => $timeoutMs, 'intervalMs' => $intervalMs] as $name => $milliseconds) {
            if ($milliseconds < 1 || $milliseconds > self::LONGEST_WAIT_MS) {
                throw new InvalidArgument("$name: expected 1 to " . self::LONGEST_WAIT_MS . ", got $milliseconds");
            }
        }
        $since = hrtime(true);
        $end = $since + $timeoutMs * 1_000_000;
        $batch = $this->openBatch(1);
        try {
            for ($pause = $intervalMs;; $pause = min(2 * $pause, self::LONGEST_PAUSE_MS)) {
                $left = max(1, intdiv($end - hrtime(true), 1_000_000));
                $batch->add($reference, $expect, $left, $proof);
                while (($decision = $batch->next(self::SLICE_MS)) === null) {
                    continue; // a signal handler may run
                }
                $answer = Answer::of($decision->json);
                $isOver = $answer->session?->isFinal ?? !($answer->error?->isRetryable ?? false);
                $isOver = $isOver && $answer->proof()?->state !== ProofState::Pending;
                $left = intdiv($end - hrtime(true), 1_000_000);
                // Half of a pause is chance, so that many who wait do not ask at the same moment; and the last read
                // comes just before time is over.
                $rest = min(random_int(intdiv($pause, 2), $pause), $left - self::LAST_READ_MS);
                $rest = max($answer->error?->retryAfterMs ?? 0, $rest);
                if ($isOver || $rest <= 0 || $rest >= $left) {
                    $this->logged(hrtime(true) - $since, $decision);
                    return Library::answered($reference, $decision->json);
                }
                self::rest($rest);
            }
        } finally {
            $batch->close();
        }
    }

    /**
     * Sees to it that a session which waits for the merchant's approval is approved. One request is sent at most; what
     * became of one whose answer is lost, the session says. For Inbank, where the configuration has `approvals`.
     *
     * @param Expect $expect with amount and currency: what has not been checked is not approved
     * @return Answer the last read: one that is held was not approved, see approval()
     * @throws NotWaiting where it is not, or no longer, for the merchant to approve
     * @throws NoAnswer
     * @throws Misconfigured
     */
    public function approve(
        string $reference,
        Expect $expect,
        ?int $timeoutMs = null,
    ): Answer {
        return $this->settled(Native::approve(...), $reference, $expect, $timeoutMs);
    }

    /**
     * The opposite of approve(): the session is cancelled.
     *
     * @throws NotWaiting
     * @throws NoAnswer
     * @throws Misconfigured
     */
    public function refuse(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
    ): Answer {
        return $this->settled(Native::refuse(...), $reference, $expect, $timeoutMs);
    }

    private function settled(\Closure $call, string $reference, ?Expect $expect, ?int $timeoutMs): Answer
    {
        $since = hrtime(true);
        if (str_contains($reference, "\0")) {
            throw new InvalidArgument(Library::NUL);
        }
        $options = Library::options($expect, $timeoutMs);
        [$next, $why, $json] = $call($this->opened(), $reference, $options);
        $this->logged(hrtime(true) - $since, Decision::of($reference, $next, $why, $json));
        return Library::answered($reference, $json);
    }

    public function batch(iterable $references, int $inFlight = 32, ?int $requestsPerSecond = null): \Generator
    {
        $batch = $this->openBatch($inFlight, $requestsPerSecond);
        try {
            $waiting = (static fn (): \Generator => yield from $references)();
            while ($waiting->valid() || $batch->count() > 0) {
                // No more than can soon be asked: what gives the references may have no end.
                while ($waiting->valid() && $batch->count() < 2 * $inFlight) {
                    $each = $waiting->current();
                    [$reference, $expect, $proof] = (is_array($each) ? $each : [$each]) + [1 => null, 2 => false];
                    try {
                        if (!$batch->add($reference, $expect, null, $proof)) {
                            break;
                        }
                    } catch (InvalidArgument $error) {
                        yield $reference => $this->logged(0, Decision::ofMistake($reference, $error->getMessage()));
                    }
                    $waiting->next();
                }
                $decision = $batch->next(self::SLICE_MS);
                if ($decision !== null) {
                    yield $decision->reference => $this->logged(0, $decision);
                }
            }
        } finally {
            $batch->close();
        }
    }

    /**
     * Whether a request that came to the shop is genuinely the provider's, and which session it wants looked at. It
     * proves no payment: read that session next. Nothing is sent.
     *
     * @param string $url as the provider called it: behind a proxy the public address, with the query as it came
     * @param array<string, string|list<string>> $headers
     * @param string $body the bytes as they came, before any parser saw them
     * @param int|null $toleranceS how far from the clock a signature's time may be (300)
     * @param \DateTimeInterface|null $receivedAt when it came, of one that waited in a queue
     * @return Callback genuine, or one that there is nothing to check by: see isGenuine()
     * @throws NotGenuine where it does not verify
     * @throws NoAnswer where it is not what this provider sends, or another account's
     * @throws Misconfigured
     */
    public function callback(
        string $provider,
        string $method,
        string $url,
        array $headers,
        string $body,
        ?int $toleranceS = null,
        ?\DateTimeInterface $receivedAt = null,
    ): Callback {
        if (str_contains($provider, "\0")) {
            throw new InvalidArgument('a NUL byte in the provider');
        }
        // What is no UTF-8 in a header of a stranger's is no reason to throw.
        $request = json_encode(
            ['method' => $method, 'url' => $url, 'headers' => (object) $headers],
            JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR
        );
        $options = array_filter(
            ['tolerance_s' => $toleranceS, 'received_at' => $receivedAt?->format('Y-m-d\TH:i:s.uP')],
            static fn (mixed $option): bool => $option !== null
        );
        return Library::called(Native::callback(
            $this->opened(),
            $provider,
            $request,
            $body,
            $options === [] ? null : Library::encoded($options)
        ));
    }

    /**
     * callback() of the request that PHP has before it.
     *
     * @param string|null $base the shop's public address, as `https://shop.example`, where a proxy changes scheme or
     *     host; without it they are the request's own
     * @throws NotGenuine where it does not verify
     * @throws NoAnswer where it is not what this provider sends, or another account's
     * @throws Misconfigured
     */
    public function callbackFromGlobals(string $provider, ?string $base = null): Callback
    {
        $isHttps = !in_array($_SERVER['HTTPS'] ?? '', ['', 'off'], true);
        $base ??= ($isHttps ? 'https' : 'http') . '://' . ($_SERVER['HTTP_HOST'] ?? $_SERVER['SERVER_NAME'] ?? '');
        return $this->callback(
            $provider,
            $_SERVER['REQUEST_METHOD'] ?? '',
            rtrim($base, '/') . ($_SERVER['REQUEST_URI'] ?? '/'),
            function_exists('getallheaders') ? getallheaders() : self::headers(),
            (string) file_get_contents('php://input')
        );
    }

    /** @return array<string, string> where PHP has no getallheaders() */
    private static function headers(): array
    {
        $headers = [];
        foreach ($_SERVER as $name => $value) {
            if (is_string($value) && str_starts_with((string) $name, 'HTTP_')) {
                $headers[strtr(substr((string) $name, 5), '_', '-')] = $value;
            }
        }
        return $headers;
    }

    /**
     * A batch for an event loop; otherwise batch() is simpler.
     *
     * @param int $inFlight sessions of each provider that are read at once
     * @param int|null $requestsPerSecond of each provider
     * @throws Misconfigured where the numbers are none
     */
    public function openBatch(int $inFlight = 32, ?int $requestsPerSecond = null): Batch
    {
        $options = ['in_flight' => $inFlight];
        if ($requestsPerSecond !== null) {
            $options['requests_per_second'] = $requestsPerSecond;
        }
        [$batch, $json] = Native::batchOpen($this->opened(), Library::encoded($options));
        if ($batch === 0) {
            throw Library::misconfigured($json);
        }
        return new Batch($batch);
    }

    /**
     * What this client has done, as the header describes it: counts by provider and result, words that no
     * documentation has.
     *
     * @return array<string, mixed>
     */
    public function report(): array
    {
        $json = Native::report($this->opened());
        /** @var array{report: array<string, mixed>} $told */
        $told = json_decode($json, true, 512, JSON_BIGINT_AS_STRING | JSON_THROW_ON_ERROR);
        return $told['report'];
    }

    private function opened(): int
    {
        if ($this->client === 0) {
            throw new \LogicException('This PaySession\Client is closed');
        }
        return $this->client;
    }

    /** A line in the log: a mistake of the shop's is an error, a session that was not read a warning. */
    private function logged(int $nanoseconds, Decision $decision): Decision
    {
        try {
            $this->logger?->log(
                match ($decision->result) {
                    'ok' => 'info',
                    'invalid_argument', 'invalid_config', 'not_configured' => 'error',
                    default => 'warning',
                },
                'paysession: {reference} is {result}, {next}',
                [
                    'reference' => $decision->reference, 'result' => $decision->result,
                    'next' => $decision->next->value, 'why' => $decision->why,
                    'milliseconds' => intdiv($nanoseconds, 1_000_000),
                ]
            );
        } catch (\Throwable) {
            // A disk that is full takes no line; what was learnt about a payment is not lost for it.
        }
        return $decision;
    }

    /** Sleeps in slices, so that signal handlers come to their turn. */
    private static function rest(int $milliseconds): void
    {
        for (; $milliseconds > 0; $milliseconds -= self::SLICE_MS) {
            usleep(1000 * min($milliseconds, self::SLICE_MS));
        }
    }
}
