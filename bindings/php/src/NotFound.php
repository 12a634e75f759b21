<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The provider knows no such session (404). */
final class NotFound extends NoAnswer
{
}
