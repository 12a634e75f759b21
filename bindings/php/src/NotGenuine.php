<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * A request that came to the shop does not verify: `callback->reason` says why. Answer it with 400, and raise the alarm
 * on `too_old` and `too_new`, which are genuine.
 */
final class NotGenuine extends PaySessionException
{
    public function __construct(string $message, public readonly Callback $callback)
    {
        parent::__construct($message);
    }
}
