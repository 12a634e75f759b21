<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The session is not for the merchant to approve or to refuse. */
final class NotWaiting extends NoAnswer
{
}
