<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

require __DIR__ . '/../autoload.php';
require __DIR__ . '/SandboxTestCase.php';
// Debian's, for the tests of logging; the package needs none.
require_once 'Psr/Log/autoload.php';
