<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The package or its configuration is wrong: nothing was asked, and a person has to mend it. */
class Misconfigured extends PaySessionException
{
}
