<?php

// SPDX-License-Identifier: MIT

/**
 * config/packages/paysession.php of a Symfony application: whoever asks for PaySession\Sessions gets the client, made
 * when it is asked for. In tests: PaySession\Testing\FakeClient in its place.
 */

declare(strict_types=1);

namespace Symfony\Component\DependencyInjection\Loader\Configurator;

use PaySession\Client;
use PaySession\Sessions;
use Psr\Log\LoggerInterface;

return static function (ContainerConfigurator $container): void {
    $container->services()
        ->set(Sessions::class, Client::class)
        ->factory([Client::class, 'fromArray'])
        ->args([
            ['timeout_ms' => 3000, 'kustom' => ['environment' => 'live', 'api_key' => env('KUSTOM_API_KEY')]],
            service(LoggerInterface::class)->nullOnInvalid(),
        ])
        ->public();
};
