<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The session is not for these credentials (403). */
final class Forbidden extends NoAnswer
{
}
