<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The client was told to cancel. */
final class Aborted extends NoAnswer
{
}
