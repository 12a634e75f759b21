<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** What came is larger than is read. */
final class TooLarge extends NoAnswer
{
}
