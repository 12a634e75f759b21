<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace EShop;

require __DIR__ . '/../start.php';

$buttons = '';
foreach (array_keys(Shop::CURRENCIES) as $provider) {
    $buttons .= "<button name=\"provider\" value=\"$provider\">Buy with " . ucfirst($provider) . '</button> ';
}
page('Coffee, 42.00', "<form method=\"post\" action=\"/buy.php\">$buttons</form>");
