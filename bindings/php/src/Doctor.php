<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/**
 * Says whether PHP can use libpaysession here, and where it cannot, which line mends it. For a page of php-fpm or
 * mod_php (`doctor.php`) as for the command line.
 */
final class Doctor
{
    private const PRELOAD = '/usr/share/paysession/php/preload.php';

    /** What PHP says where it goes wrong, a sentence, and what mends it: php-fpm that does not start has no page. */
    private const MESSAGES = [
        'FFI API is restricted by "ffi.enable"' => [
            'FFI may only be used by what opcache.preload has loaded, and this was not.',
            'opcache.preload=' . self::PRELOAD . ' in php.ini, and opcache.preload_user=www-data where the '
                . 'master is root; then restart PHP.',
        ],
        '"opcache.preload_user" has not been defined' => [
            'php-fpm starts as root, and does not preload as root.',
            'opcache.preload_user=www-data in php.ini.',
        ],
        'Preloading failed to getpwnam' => [
            'opcache.preload_user names a user that there is not.',
            'opcache.preload_user=www-data in php.ini, or another user that exists.',
        ],
        'FFI::load() doesn\'t work in conjunction with "opcache.preload_user"' => [
            'The preload script calls FFI::load(), which root may not do for another user.',
            'opcache.preload=' . self::PRELOAD . ', which does not; ours can also be required from another script.',
        ],
        'Failed opening required' => [
            'opcache.preload names a file that there is not, or that opcache.preload_user cannot read.',
            'opcache.preload=' . self::PRELOAD . ' in php.ini, and a file that everybody may read.',
        ],
        'Class "FFI" not found' => [
            'PHP has no FFI.',
            'Install it (Debian: php-common has it; Alpine: php83-ffi; RHEL: php-ffi), and extension=ffi in php.ini.',
        ],
        'Call to undefined method FFI::' => [
            'disable_classes takes FFI away.',
            'disable_classes in php.ini without FFI.',
        ],
        'Failed loading' => [
            'libpaysession is not there, or what it needs is not: libcurl and libjansson.',
            'Install it (make install), or name the file in $PAYSESSION_LIBRARY (env[PAYSESSION_LIBRARY] of the pool).',
        ],
        'another Native than this package needs' => [
            'PHP has preloaded another version of this package, and keeps it until it is restarted.',
            'Restart PHP; opcache.preload names the preload.php of this package.',
        ],
    ];

    private function __construct()
    {
    }

    /**
     * What is as it should be here, and what is not.
     *
     * @return list<array{is_well: bool, what: string, mend: string}> `mend` is empty where all is well
     */
    public static function findings(): array
    {
        // Before anything loads it: what is there now was preloaded.
        $isPreloaded = class_exists(Native::class, false);
        $findings = [self::well('PHP ' . PHP_VERSION . ', ' . PHP_SAPI)];
        $enable = (string) ini_get('ffi.enable');
        if (!extension_loaded('ffi')) {
            return [...$findings, self::explained('Class "FFI" not found')];
        }
        if (in_array('ffi', array_map('trim', explode(',', strtolower((string) ini_get('disable_classes')))), true)) {
            return [...$findings, self::explained('Call to undefined method FFI::')];
        }
        $isAllowed = in_array(strtolower($enable), ['1', 'on', 'true'], true);
        if (PHP_SAPI !== 'cli' && !$isAllowed) {
            if (strtolower($enable) !== 'preload') {
                return [...$findings, self::ill(
                    'ffi.enable is false here: FFI is switched off, preloaded or not.',
                    'ffi.enable=preload, in php.ini or for this pool (php_admin_value[ffi.enable]).'
                )];
            }
            if (!$isPreloaded) {
                return [...$findings, self::unloaded()];
            }
            $findings[] = self::well('PaySession\Native is preloaded');
        }
        try {
            $findings[] = self::well('libpaysession ' . Library::call(Native::version(...)));
        } catch (NotInstalled $error) {
            $findings[] = self::explained($error->getMessage());
        }
        return $findings;
    }

    /**
     * A message of PHP's, of php-fpm's log above all, in a sentence, and what mends it.
     *
     * @return array{is_well: bool, what: string, mend: string}
     */
    public static function explained(string $message): array
    {
        foreach (self::MESSAGES as $part => [$what, $mend]) {
            if (str_contains($message, $part)) {
                return self::ill($what, $mend);
            }
        }
        return self::ill($message, 'This is nothing that is known here.');
    }

    /**
     * The findings as lines of text.
     *
     * @param list<array{is_well: bool, what: string, mend: string}> $findings
     */
    public static function text(array $findings): string
    {
        $lines = '';
        foreach ($findings as $finding) {
            $lines .= ($finding['is_well'] ? 'ok    ' : 'wrong ') . $finding['what'] . "\n";
            $lines .= $finding['mend'] === '' ? '' : '      ' . $finding['mend'] . "\n";
        }
        return $lines;
    }

    /** @return array{is_well: bool, what: string, mend: string} why there is no Native, under ffi.enable=preload */
    private static function unloaded(): array
    {
        $preload = (string) ini_get('opcache.preload');
        if (!extension_loaded('Zend OPcache') || !filter_var(ini_get('opcache.enable'), FILTER_VALIDATE_BOOL)) {
            return self::ill(
                'opcache is switched off, so that nothing is preloaded, silently.',
                'opcache.enable=1 in php.ini.'
            );
        }
        if ($preload === '') {
            return self::ill(
                'opcache.preload is empty. (In a pool it is ignored: it belongs into php.ini.)',
                self::MESSAGES['FFI API is restricted by "ffi.enable"'][1]
            );
        }
        return self::ill(
            "opcache.preload is $preload, which has not loaded PaySession\\Native.",
            "require_once '" . self::PRELOAD . "'; in it, and restart PHP."
        );
    }

    /** @return array{is_well: bool, what: string, mend: string} */
    private static function well(string $what): array
    {
        return ['is_well' => true, 'what' => $what, 'mend' => ''];
    }

    /** @return array{is_well: bool, what: string, mend: string} */
    private static function ill(string $what, string $mend): array
    {
        return ['is_well' => false, 'what' => $what, 'mend' => $mend];
    }
}
