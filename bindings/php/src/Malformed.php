<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** What came is not a session of this provider. */
final class Malformed extends NoAnswer
{
}
