<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

$examples = array_map(
    static fn (string $name): string => __DIR__ . "/../../examples/$name",
    ['php', 'eshop-php', 'woocommerce', 'symfony', 'laravel']
);

return (new PhpCsFixer\Config())
    ->setRules(['@PSR12' => true, 'no_unused_imports' => true, 'ordered_imports' => ['sort_algorithm' => 'none']])
    ->setUsingCache(false)
    ->setFinder(PhpCsFixer\Finder::create()->in([__DIR__, ...$examples])->append([__DIR__ . '/bin/paysession-php']));
