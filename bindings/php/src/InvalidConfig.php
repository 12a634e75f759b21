<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The configuration: the message names the key and what was expected. */
final class InvalidConfig extends Misconfigured
{
}
