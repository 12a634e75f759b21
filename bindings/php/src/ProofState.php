<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** What became of the money, in one vocabulary for all providers. A word of a newer library is Unknown. */
enum ProofState: string
{
    /** Not told, not understood, or not there. */
    case Unknown = 'unknown';
    /** Somebody is still at it. */
    case Pending = 'pending';
    /** Reserved or confirmed: goods may go, if the session is paid. */
    case Secured = 'secured';
    /** Collected or financed. */
    case Captured = 'captured';
    /** All or some of it went back. */
    case Refunded = 'refunded';
    /** Cancelled, voided, expired, terminated or declined. */
    case Ended = 'ended';
}
