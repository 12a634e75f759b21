<?php

// SPDX-License-Identifier: MIT

/**
 * A page that says whether PHP can use libpaysession here: to be put behind a web server for a moment, and taken away
 * again. It shows versions and nothing of a configuration.
 */

declare(strict_types=1);

require_once __DIR__ . '/autoload.php';

header('Content-Type: text/plain; charset=utf-8');
header('Cache-Control: no-store');
echo PaySession\Doctor::text(PaySession\Doctor::findings());
