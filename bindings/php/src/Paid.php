<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The verdict: whether the order is paid. Unknown where it is not sure, never yes. */
enum Paid: string
{
    case Yes = 'yes';
    case No = 'no';
    case Unknown = 'unknown';
}
