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
                $secret = $section[$key] ?? null;
                if (!is_array($secret)) {
                    continue;
                }
                // One, or a list of several, any of which will do.
                $config[$provider][$key] = array_is_list($secret)
                    ? array_map(static fn (mixed $one): mixed => self::value("$provider.$key", $one), $secret)
                    : self::value("$provider.$key", $secret);
            }
        }
        return $config;
    }

    /** @throws InvalidConfig where a variable is not set */
    private static function value(string $place, #[\SensitiveParameter] mixed $secret): mixed
    {
        $name = is_array($secret) ? $secret['env'] ?? null : null;
        if (!is_string($name) || count($secret) !== 1) {
            return $secret;
        }
        $value = $_ENV[$name] ?? $_SERVER[$name] ?? getenv($name);
        if (!is_string($value)) {
            throw new InvalidConfig("$place: the environment variable $name is not set");
        }
        return $value;
    }
}
