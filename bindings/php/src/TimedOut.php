<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** No answer within timeoutMs. */
final class TimedOut extends NoAnswer
{
}
