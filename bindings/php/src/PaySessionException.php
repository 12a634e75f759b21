<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** Whatever this package throws. */
class PaySessionException extends \RuntimeException
{
}
