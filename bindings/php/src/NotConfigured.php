<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The configuration has no such provider. */
final class NotConfigured extends Misconfigured
{
}
