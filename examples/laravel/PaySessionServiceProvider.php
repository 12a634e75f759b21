<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace App\Providers;

use Illuminate\Contracts\Container\Container;
use Illuminate\Support\ServiceProvider;
use PaySession\Client;
use PaySession\Sessions;
use Psr\Log\LoggerInterface;

/**
 * Whoever asks for PaySession\Sessions gets the client of config/services.php, made when it is asked for:
 *
 *     'paysession' => ['kustom' => ['environment' => 'live', 'api_key' => env('KUSTOM_API_KEY')]],
 *
 * In tests: $this->app->instance(Sessions::class, new PaySession\Testing\FakeClient([...])).
 */
final class PaySessionServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton(Sessions::class, static fn (Container $app): Sessions => Client::fromArray(
            $app->make('config')->get('services.paysession'),
            $app->bound(LoggerInterface::class) ? $app->make(LoggerInterface::class) : null
        ));
    }
}
