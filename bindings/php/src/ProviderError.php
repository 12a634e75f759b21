<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The provider broke (5xx). */
final class ProviderError extends NoAnswer
{
}
