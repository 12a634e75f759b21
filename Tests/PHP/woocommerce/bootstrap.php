<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

$wordpress = getenv('WORDPRESS') ?: throw new LogicException('$WORDPRESS names the folder with WordPress');
require "$wordpress/wp-includes/plugin.php";
require __DIR__ . '/StandIns.php';
require __DIR__ . '/../../../bindings/php/autoload.php';
require __DIR__ . '/../../../examples/woocommerce/PaySessionOrders.php';
