<?php

// SPDX-License-Identifier: MIT

/** For those without Composer. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'PaySession\\')) {
        $file = __DIR__ . '/src/' . strtr(substr($class, 11), '\\', '/') . '.php';
        // Asks PHP's cache of paths first, where is_file() asks the disk for each class in each request.
        if (stream_resolve_include_path($file) !== false) {
            require $file;
        }
    }
});
require_once __DIR__ . '/src/functions.php';
