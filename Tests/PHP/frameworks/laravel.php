<?php

// SPDX-License-Identifier: MIT

/** The example's provider in Laravel's own container: prints the decision on the session that is named. */

declare(strict_types=1);

use App\Providers\PaySessionServiceProvider;
use Illuminate\Config\Repository;
use Illuminate\Container\Container;
use PaySession\Sessions;

require_once 'Illuminate/Container/autoload.php';
require_once 'Illuminate/Config/autoload.php';
require_once 'Illuminate/Support/autoload.php';
require_once 'Psr/Log/autoload.php';
require __DIR__ . '/../../../bindings/php/autoload.php';
require __DIR__ . '/../../../examples/laravel/PaySessionServiceProvider.php';

$app = new Container();
$app->instance('config', new Repository(['services' => [
    'paysession' => json_decode(file_get_contents($argv[1]), true),
]]));
(new PaySessionServiceProvider($app))->register();
$pay = $app->make(Sessions::class);
assert($pay === $app->make(Sessions::class));
echo get_class($pay), ' ', $pay->decide($argv[2])->next->value, "\n";
