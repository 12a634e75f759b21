<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * Many sessions, read at once on one thread; Client::batch() drives one. For event loops: add(), wait until stream()
 * can be read, next(0) until it gives null, and again.
 */
final class Batch
{
    /** @var array<int, string> what is under way, by tag */
    private array $asked = [];

    private int $tag = 0;

    /** @internal Client::openBatch() makes them. */
    public function __construct(private int $batch)
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
        throw new \LogicException('A PaySession\Batch cannot be serialized');
    }

    /**
     * Adds a session to be read: false where there is no room until next() has given something.
     *
     * @throws InvalidArgument where the reference has a NUL in it, or the expectation is none
     */
    public function add(
        string $reference,
        ?Expect $expect = null,
        ?int $timeoutMs = null,
        bool|string $proof = false,
    ): bool {
        if (str_contains($reference, "\0")) {
            throw new InvalidArgument(Library::NUL);
        }
        $options = Library::options($expect, $timeoutMs, null, $proof);
        $result = Native::batchAdd($this->opened(), $reference, $options, ++$this->tag);
        if ($result === 0) {
            $this->asked[$this->tag] = $reference;
            return true;
        }
        if ($result === Library::AGAIN) {
            return false;
        }
        throw new \RuntimeException('libpaysession has no memory left');
    }

    /** The next decision, in the order in which they come; null where there is none within that time, or nothing to come. */
    public function next(int $timeoutMs): ?Decision
    {
        [$tag, $next, $why, $json] = Native::batchNext($this->opened(), $timeoutMs);
        if ($json === '') {
            return null;
        }
        $reference = $this->asked[$tag];
        unset($this->asked[$tag]);
        return Decision::of($reference, $next, $why, $json);
    }

    /** How many were added and have not come back. */
    public function count(): int
    {
        return count($this->asked);
    }

    /**
     * A stream for stream_select(), not to be read from: it can be read when next(0) would make progress.
     *
     * @return resource
     */
    public function stream(): mixed
    {
        $descriptor = Native::batchDescriptor($this->opened());
        $stream = $descriptor < 0 ? false : fopen("php://fd/$descriptor", 'r');
        if ($stream === false) {
            throw new \RuntimeException('there are no descriptors left');
        }
        return $stream;
    }

    /** What is under way is given up. */
    public function close(): void
    {
        if ($this->batch !== 0) {
            Native::batchClose($this->batch);
            $this->batch = 0;
        }
    }

    private function opened(): int
    {
        if ($this->batch === 0) {
            throw new \LogicException('This PaySession\Batch is closed');
        }
        return $this->batch;
    }
}
