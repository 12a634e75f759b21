<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** Too many requests (429); `answer->error->retryAfterMs` says when to come back. */
final class RateLimited extends NoAnswer
{
}
