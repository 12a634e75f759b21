<?php

// SPDX-License-Identifier: MIT

/** The customer is back, whatever the outcome. */

declare(strict_types=1);

namespace EShop;

require __DIR__ . '/../start.php';

const WORDS = [
    'shipped' => 'Paid. Your coffee is on its way.',
    'waiting' => 'Not paid yet. This page looks again by itself.',
    'unheard' => 'We cannot see yet whether it is paid. This page looks again by itself.',
    'released' => 'The payment did not come about, and your order is cancelled. Nothing was charged.',
    'held' => 'We are looking at your payment by hand, and write to you.',
];

$order = $_GET['order'] ?? '';
// A shop with sessions of PHP's calls session_write_close() here: a read would hold their lock.
$settled = is_string($order) ? shop()->settle($order) : null;
if ($settled === null) {
    http_response_code(404);
    page('Not found', '<p><a href="/">Back to the shop</a></p>');
    exit;
}
$isWaiting = $settled['state'] === 'waiting';
$words = WORDS[$isWaiting && !$settled['is_answered'] ? 'unheard' : $settled['state']];
page('Your order', "<p>$words</p><p><a href=\"/\">Back to the shop</a></p>", $isWaiting);
