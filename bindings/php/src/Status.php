<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The state of a session, in one vocabulary for all providers. A word of a newer library is Unknown. */
enum Status: string
{
    case Unknown = 'unknown';
    case Open = 'open';
    case Pending = 'pending';
    case ActionRequired = 'action_required';
    case Completed = 'completed';
    case Declined = 'declined';
    case Failed = 'failed';
    case Cancelled = 'cancelled';
    case Expired = 'expired';
}
