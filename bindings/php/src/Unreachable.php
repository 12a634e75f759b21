<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** No connection to the provider, or one that broke. */
final class Unreachable extends NoAnswer
{
}
