<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** What a shop asks. Client is one; Testing\FakeClient is another, for a shop's own tests. */
interface Sessions
{
    /**
     * Reads a session and says what the shop does next. Never throws for what happens on the way to a provider: no
     * answer is a reason to wait, or to have a person look, and never "not paid".
     *
     * @param string $reference as `kustom:550e8400-e29b-41d4-a716-446655440000`
     * @param int|null $timeoutMs the whole call; without it the configuration's
     * @param bool|string $proof true: the proof of payment is read, too, and judged with the session (Inbank, Kustom,
     *     Ledyer). Dintero: the transaction, as the callback or the return address names it
     */
    public function decide(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        bool|string $proof = false,
    ): Decision;

    /**
     * Reads a session, with everything that it says.
     *
     * @param string|null $traceparent a W3C trace context, sent on to the provider
     * @param bool|string $proof as decide()
     * @throws NoAnswer where nothing was learnt: by its class why
     * @throws Misconfigured where nothing was sent
     */
    public function get(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        ?string $traceparent = null,
        bool|string $proof = false,
    ): Answer;

    /**
     * Reads a session again and again, until it is final, and with $proof its payment not pending, or time is over, and
     * gives the last answer. Signal handlers and max_execution_time come to their turn at least every quarter of a
     * second.
     *
     * @param int $intervalMs the first pause; later ones are longer
     * @param bool|string $proof as decide()
     * @throws NoAnswer where nothing was learnt until the end, or what no later attempt mends
     * @throws Misconfigured where nothing was sent
     */
    public function wait(
        string $reference,
        ?Expect $expect = null,
        int $timeoutMs = 15_000,
        int $intervalMs = 500,
        bool|string $proof = false,
    ): Answer;

    /**
     * Reads many sessions at once, on one thread, and gives each decision as it comes. References are taken from
     * `$references` as there is room for them, so it may have no end.
     *
     * @param iterable<string|array{0: string, 1?: ?Expect, 2?: bool|string}> $references each alone, or with what is
     *     expected of it, and $proof as decide() takes it
     * @param int $inFlight sessions of each provider that are read at once
     * @param int|null $requestsPerSecond of each provider
     * @return \Generator<string, Decision> by reference
     * @throws Misconfigured where there can be no batch
     */
    public function batch(iterable $references, int $inFlight = 32, ?int $requestsPerSecond = null): \Generator;
}
