<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** An HTTP status that means nothing here, a redirect above all. */
final class UnexpectedHttp extends NoAnswer
{
}
