<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** What came is about another session. */
final class Mismatched extends NoAnswer
{
}
