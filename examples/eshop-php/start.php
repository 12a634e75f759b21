<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace EShop;

use PaySession\Client;

// The package, by Composer or as it stands in the repository.
foreach ([__DIR__ . '/vendor/autoload.php', __DIR__ . '/../../bindings/php/autoload.php'] as $file) {
    if (is_file($file)) {
        require_once $file;
        break;
    }
}
require_once __DIR__ . '/Shop.php';

/** Where customers and callbacks find it. Never the request's Host: whoever sends one could have them led elsewhere. */
function address(): string
{
    return getenv('SHOP_ADDRESS') ?: 'http://localhost:5001';
}

/** $SHOP_CONFIG names the library's configuration. */
function client(): Client
{
    static $client = null;
    return $client ??= Client::fromArray(
        json_decode((string) file_get_contents((string) getenv('SHOP_CONFIG')), true, 16, JSON_THROW_ON_ERROR)
    );
}

/** The shop of this request; the sandbox leaves a file beside the configuration. */
function shop(): Shop
{
    $beside = @file_get_contents(dirname((string) getenv('SHOP_CONFIG')) . '/sandbox.json');
    $sandbox = $beside === false ? '' : json_decode($beside, true)['page'];
    return new Shop(
        client(),
        (string) getenv('SHOP_DATABASE'),
        $sandbox,
        address()
    );
}

/** A page. An order's address is its key: no cache keeps it, and no other site hears where the customer was. */
function page(string $title, string $body, bool $looksAgain = false): void
{
    header('Content-Security-Policy: default-src \'none\'; style-src \'unsafe-inline\'; img-src data:');
    header('Cache-Control: no-store');
    header('Referrer-Policy: no-referrer');
    $again = $looksAgain ? '<meta http-equiv="refresh" content="2">' : '';
    echo <<<HTML
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark"><title>$title</title><link rel="icon" href="data:,">$again
        <style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem }
        button { font: inherit; padding: .5rem 1rem; margin: 0 .25rem .5rem 0 }</style></head>
        <body><main><h1>$title</h1>$body</main></body></html>
        HTML;
}
