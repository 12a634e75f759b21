<?php

// SPDX-License-Identifier: MIT

/** The example's lines in Symfony's own container: prints the decision on the session that is named. */

declare(strict_types=1);

use PaySession\Sessions;
use Symfony\Component\Config\FileLocator;
use Symfony\Component\DependencyInjection\ContainerBuilder;
use Symfony\Component\DependencyInjection\Loader\PhpFileLoader;

require_once 'Symfony/Component/Config/autoload.php';
require_once 'Symfony/Component/DependencyInjection/autoload.php';
require_once 'Psr/Log/autoload.php';
require __DIR__ . '/../../../bindings/php/autoload.php';

$container = new ContainerBuilder();
(new PhpFileLoader($container, new FileLocator(__DIR__ . '/../../../examples/symfony')))->load('services.php');
// The sandbox in place of the live provider; everything else is as the example has it.
$config = $container->getDefinition(Sessions::class)->getArgument(0);
$sandbox = json_decode(file_get_contents($argv[1]), true);
$config['ca_file'] = $sandbox['ca_file'];
$config['kustom'] = ['base_url' => $sandbox['kustom']['base_url']] + $config['kustom'];
unset($config['kustom']['environment']);
$container->getDefinition(Sessions::class)->replaceArgument(0, $config);
$container->compile(true);
$pay = $container->get(Sessions::class);
assert($pay === $container->get(Sessions::class));
echo get_class($pay), ' ', $pay->decide($argv[2])->next->value, "\n";
