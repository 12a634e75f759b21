<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession\Testing;

use PaySession\Answer;
use PaySession\Decision;
use PaySession\Expect;
use PaySession\Library;
use PaySession\Next;
use PaySession\Sessions;

/**
 * Sessions without a library, for a shop's own tests: answers as it was told, and remembers what it was asked.
 *
 *     $pay = new FakeClient(['kustom:1' => Next::Ship, 'kustom:2' => 'timed_out']);
 *
 * A reference that it was not told of is `not_found`.
 */
final class FakeClient implements Sessions
{
    /** What a session says that leads to each decision: status, paid, final, holds. */
    private const SESSIONS = [
        'ship' => ['completed', 'yes', true, []],
        'wait' => ['pending', 'no', false, []],
        'release' => ['cancelled', 'no', true, []],
        'hold' => ['completed', 'unknown', true, ['amount_mismatch']],
    ];

    /** Results after which a later attempt may bring an answer. */
    private const RETRYABLE = ['unreachable', 'timed_out', 'rate_limited', 'provider_error'];

    /** What proves the payment behind each provider's sessions. */
    private const RESOURCES = [
        'dintero' => 'transaction', 'inbank' => 'contract', 'kustom' => 'order', 'ledyer' => 'payment_status',
    ];

    /** @var list<array{reference: string, expect: ?Expect, proof: bool|string}> what it was asked, in turn */
    public array $asked = [];

    /** @param array<string, Next|string> $told by reference: a decision, or a result that is no answer, as `timed_out` */
    public function __construct(public array $told = [])
    {
    }

    public function decide(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        bool|string $proof = false,
    ): Decision {
        $answer = Answer::of($json = $this->json($reference, $expect, $proof));
        $why = $answer->error->message ?? implode(', ', $answer->session->holds ?? []);
        return new Decision($reference, $answer->next, $answer->result, $why, $json);
    }

    public function get(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        ?string $traceparent = null,
        bool|string $proof = false,
    ): Answer {
        return Library::answered($reference, $this->json($reference, $expect, $proof));
    }

    public function wait(
        string $reference,
        ?Expect $expect = null,
        int $timeoutMs = 15_000,
        int $intervalMs = 500,
        bool|string $proof = false,
    ): Answer {
        return $this->get($reference, $expect, proof: $proof);
    }

    public function batch(iterable $references, int $inFlight = 32, ?int $requestsPerSecond = null): \Generator
    {
        foreach ($references as $each) {
            [$reference, $expect, $proof] = (is_array($each) ? $each : [$each]) + [1 => null, 2 => false];
            yield $reference => $this->decide($reference, $expect, null, $proof);
        }
    }

    private function json(string $reference, ?Expect $expect, bool|string $proof): string
    {
        $this->asked[] = ['reference' => $reference, 'expect' => $expect, 'proof' => $proof];
        $told = $this->told[$reference] ?? 'not_found';
        [$provider, $identifiers] = explode(':', $reference, 2) + [1 => ''];
        $session = $error = null;
        if ($told instanceof Next) {
            [$status, $paid, $final, $holds] = self::SESSIONS[$told->value];
            $session = [
                'id' => basename($identifiers), 'status' => $status, 'paid' => $paid, 'final' => $final,
                'evidence' => ['field' => 'status', 'value' => $status, 'basis' => 'reported'], 'holds' => $holds,
                'expectations' => null,
                'amount' => [
                    'minor' => $expect->amount ?? 2000, 'currency' => $expect->currency ?? 'SEK', 'decimal' => null,
                ],
                'tax_minor' => null, 'merchant_reference' => $expect?->reference, 'identifiers' => [],
                'created_at' => null, 'updated_at' => null, 'started_at' => null, 'completed_at' => null,
                'expires_at' => null, 'locale' => null, 'country' => null,
                'customer' => array_fill_keys(['first_name', 'last_name', 'email', 'phone', 'company'], null),
                'payment_method' => array_fill_keys(['type', 'provider', 'invoice_channel'], null), 'items' => null,
            ];
        } else {
            $error = [
                'message' => "told to be $told", 'http_status' => null, 'provider_code' => null,
                'provider_message' => null, 'retryable' => in_array($told, self::RETRYABLE, true),
                'retry_after_ms' => null, 'advice' => null,
            ];
        }
        $next = match (true) {
            $told instanceof Next => $told,
            $error !== null && $error['retryable'] => Next::Wait,
            default => Next::Hold,
        };
        return json_encode([
            'result' => $told instanceof Next ? 'ok' : $told, 'provider' => $provider, 'reference' => $reference,
            'decision' => $next->value, 'session' => $session, 'error' => $error, 'exchange' => null, 'raw' => null,
            ...($proof === false ? [] : ['proof' => $told === Next::Ship ? [
                'resource' => self::RESOURCES[$provider] ?? 'order',
                'id' => is_string($proof) ? $proof : basename($identifiers), 'state' => 'secured',
                'evidence' => ['field' => 'status', 'value' => 'secured', 'basis' => 'reported'],
                'checks' => array_fill_keys(['identity', 'amount', 'currency', 'reference'], null),
                'amount' => $session['amount'], 'captured_minor' => null, 'refunded_minor' => null,
                'updated_at' => null, 'raw' => null,
            ] : null]),
        ], JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
    }
}
