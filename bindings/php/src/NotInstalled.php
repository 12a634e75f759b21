<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** FFI may not be used here, or libpaysession is not there: `vendor/bin/paysession-php doctor` says what to do. */
final class NotInstalled extends Misconfigured
{
}
