<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace EShop;

require __DIR__ . '/../start.php';

$provider = $_POST['provider'] ?? '';
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !is_string($provider) || !isset(Shop::CURRENCIES[$provider])) {
    http_response_code(400);
    page('Not understood', '<p><a href="/">Back to the shop</a></p>');
    exit;
}
$payUrl = shop()->buy($provider);
if ($payUrl === null) {
    http_response_code(502);
    page('Not bought', '<p>The payment provider cannot be reached. Nothing was charged.</p>');
    exit;
}
header("Location: $payUrl", true, 303);
