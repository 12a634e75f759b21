<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace EShop\WooCommerce;

use PaySession\Expect;
use PaySession\InvalidArgument;
use PaySession\Next;
use PaySession\Sessions;

/**
 * What WooCommerce does about an order that a payment session is for. The customer's return, the provider's callback
 * and the cron job all come to settle().
 *
 * A gateway with the id `paysession` stores the session's reference as the order's meta `_paysession_reference` when it
 * opens one, names `WC()->api_request_url('paysession')` with `order_key` in its query as the address for callbacks,
 * and schedules `paysession_settle_waiting`.
 *
 * Two who come at the same moment, and plugins that call payment_complete() twice, have sent two mails and reduced
 * stock twice in many shops. So there is a lock, under which the order is read again; a paid order is never touched;
 * and a read that brings nothing changes nothing.
 */
final class PaySessionOrders
{
    public const REFERENCE = '_paysession_reference';

    /** Seconds after which a lock is nobody's: of a process that has died. */
    private const LOCK_SECONDS = 60;

    /** How many orders the cron job looks at in one run. */
    private const AT_ONCE = 50;

    public function __construct(private readonly Sessions $pay)
    {
    }

    /** Joins WordPress. */
    public function register(): void
    {
        add_action('woocommerce_thankyou_paysession', function (int|string $id): void {
            $this->settle((int) $id);
        });
        add_action('woocommerce_api_paysession', function (): void {
            $this->answerCallback();
        });
        add_action('paysession_settle_waiting', function (): void {
            $this->settleWaiting();
        });
    }

    /** Reads the session of an order and does what the library decides; null where there is nothing to decide. */
    public function settle(int $id): ?Next
    {
        $lock = "paysession_lock_$id";
        $since = $this->lock($lock);
        if ($since === null) {
            return null;
        }
        try {
            // Read again under the lock: an older copy would overwrite what somebody else has just decided.
            $order = wc_get_order($id);
            $reference = $order ? (string) $order->get_meta(self::REFERENCE) : '';
            if (!$order || $reference === '' || $order->is_paid()) {
                return null;
            }
            try {
                $total = (string) $order->get_total('edit');
                $expect = Expect::decimal($total, $order->get_currency(), (string) $order->get_order_number());
                $decision = $this->pay->decide($reference, $expect);
                [$next, $why] = [$decision->next, $decision->why];
            } catch (InvalidArgument $error) {
                [$next, $why] = [Next::Hold, $error->getMessage()]; // an order's total that is no amount of money
            }
            match ($next) {
                Next::Ship => $order->payment_complete($reference),
                Next::Release => $order->has_status(['pending', 'on-hold'])
                    && $order->update_status('cancelled', 'The payment did not come about.'),
                Next::Hold => $order->has_status('pending')
                    && $order->update_status('on-hold', "The payment has to be looked at: $why."),
                Next::Wait => null,
            };
            return $next;
        } finally {
            $this->unlock($lock, $since);
        }
    }

    /**
     * Takes the lock: since when it is held, or null where it is somebody else's. A row of the options, as WordPress's
     * own WP_Upgrader::create_lock() has it; add_option() takes another's row over (ON DUPLICATE KEY UPDATE).
     */
    private function lock(string $name): ?int
    {
        global $wpdb;
        $now = time();
        $taken = $wpdb->query($wpdb->prepare(
            "INSERT IGNORE INTO `$wpdb->options` (`option_name`, `option_value`, `autoload`) VALUES (%s, %s, 'no')",
            $name,
            (string) $now
        ));
        // Of many who find the lock of a process that has died, one changes it.
        $taken = $taken ?: $wpdb->query($wpdb->prepare(
            "UPDATE `$wpdb->options` SET `option_value` = %s WHERE `option_name` = %s AND `option_value` + 0 < %d",
            (string) $now,
            $name,
            $now - self::LOCK_SECONDS
        ));
        return $taken === 1 ? $now : null;
    }

    /** Gives it back, if nobody has taken it over. */
    private function unlock(string $name, int $since): void
    {
        global $wpdb;
        $wpdb->query($wpdb->prepare(
            "DELETE FROM `$wpdb->options` WHERE `option_name` = %s AND `option_value` = %s",
            $name,
            (string) $since
        ));
    }

    /** The provider called, or somebody who says so: a reason to look, and no more. */
    private function answerCallback(): void
    {
        $key = $_GET['order_key'] ?? '';
        $id = is_string($key) && $key !== '' ? (int) wc_get_order_id_by_order_key($key) : 0;
        $next = $id > 0 ? $this->settle($id) : null;
        // Providers come again after 503 and give up after 404; an order may not be saved yet.
        status_header($id > 0 && $next !== Next::Wait ? 204 : 503);
    }

    /** The orders that are still waiting. */
    private function settleWaiting(): void
    {
        $orders = wc_get_orders([
            'status' => ['pending', 'on-hold'], 'payment_method' => 'paysession', 'limit' => self::AT_ONCE,
            'orderby' => 'date', 'order' => 'ASC', 'return' => 'ids',
        ]);
        foreach ($orders as $id) {
            $this->settle((int) $id);
        }
    }
}
