<?php

// SPDX-License-Identifier: MIT

/**
 * For opcache.preload: makes Native known before any request, which is where ffi.enable=preload, PHP's default,
 * allows FFI. Requires nothing else, so that another preload script can require it.
 */

declare(strict_types=1);

// Installed for the whole machine, the two stand side by side.
require_once is_file(__DIR__ . '/Native.php') ? __DIR__ . '/Native.php' : __DIR__ . '/src/Native.php';
