<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** A reference, an option or a value that is none: nothing was sent. */
final class InvalidArgument extends Misconfigured
{
}
