<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The library had no memory left. */
final class OutOfMemory extends NoAnswer
{
}
