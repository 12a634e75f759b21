<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** The provider's certificate is not trusted, or TLS failed in another way. */
final class TlsFailed extends NoAnswer
{
}
