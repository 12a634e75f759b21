<?php

// SPDX-License-Identifier: MIT

/**
 * The provider called, or somebody who says so: a reason to look. Where nothing was learnt, it may come again.
 */

declare(strict_types=1);

namespace EShop;

require __DIR__ . '/../start.php';

$order = $_GET['order'] ?? '';
$settled = is_string($order) ? shop()->settle($order) : null;
http_response_code($settled === null ? 404 : ($settled['is_answered'] ? 204 : 503));
