<?php

// SPDX-License-Identifier: MIT

/**
 * The provider called, or somebody who says so: a reason to look at the session that the shop itself has stored for
 * this order, whichever one the callback names. Once more is no harm, so no callback's `id` is kept. The answers: 200,
 * of which Ledyer wants no other; 503 where nothing was learnt, for it to come again; 400, which Dintero never tries
 * again, only for what is not to be believed.
 */

declare(strict_types=1);

namespace EShop;

use PaySession\Malformed;
use PaySession\Mismatched;
use PaySession\NotGenuine;
use PaySession\TooLarge;

require __DIR__ . '/../start.php';

function answered(string $address): int
{
    $order = shop()->find($address);
    if ($order === null) {
        return 404;
    }
    try {
        // By the address that the provider was given, not by the one in the request: a proxy may have changed that. One
        // that nothing can be checked by (Ledyer, Inbank) comes back like a genuine one, and is a reason to look too.
        client()->callbackFromGlobals($order['provider'], address());
    } catch (NotGenuine $refused) {
        // Too old or too new, it was signed by the provider: an old one is sent again, or a clock is wrong and
        // callbacks are lost.
        $isAlarm = in_array($refused->callback->reason, ['too_old', 'too_new'], true);
        $what = $isAlarm ? 'ALARM, a genuine callback is refused' : "no callback of {$order['provider']}";
        error_log("{$order['id']}: $what: {$refused->getMessage()}");
        return 400;
    } catch (Mismatched) { // genuine, and another account's
        return 200;
    } catch (Malformed | TooLarge) {
        return 400;
    }
    $settled = shop()->settle($address);
    return $settled !== null && $settled['is_answered'] ? 200 : 503;
}

$address = $_GET['order'] ?? '';
http_response_code(is_string($address) ? answered($address) : 404);
