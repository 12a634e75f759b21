<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * Secrets that a configuration takes from the environment, resolved here: php-fpm's `clear_env`, which is its default,
 * keeps the environment from the library, and dotenv fills $_ENV alone.
 *
 * @internal
 */
final class Environment
{
    /** The settings that are secrets: elsewhere ['env' => ...] is a mistake, and the library says so. */
    private const SECRETS = ['api_key', 'client_secret', 'token', 'callback_secret'];

    /**
     * @param array<string, mixed> $config
     * @return array<string, mixed>
     * @throws InvalidConfig where a variable is not set
     */
    public static function resolved(#[\SensitiveParameter] array $config): array
    {
        foreach ($config as $provider => $section) {
            if (!is_array($section)) {
                continue;
            }
            foreach (self::SECRETS as $key) {
                $name = is_array($section[$key] ?? null) ? $section[$key]['env'] ?? null : null;
                if (!is_string($name) || count($section[$key]) !== 1) {
                    continue;
                }
                $value = $_ENV[$name] ?? $_SERVER[$name] ?? getenv($name);
                if (!is_string($value)) {
                    throw new InvalidConfig("$provider.$key: the environment variable $name is not set");
                }
                $config[$provider][$key] = $value;
            }
        }
        return $config;
    }
}
