<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The provider refused the credentials (401). */
final class Unauthorized extends NoAnswer
{
}
