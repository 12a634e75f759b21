<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

use FFI;

/**
 * Every call into libpaysession. Not for shops: use Client.
 *
 * PHP's default, ffi.enable=preload, allows FFI in files that opcache.preload has loaded, and nowhere else. So all of
 * it stands here, in a class without parents, interfaces or autoloading. Handles never leave it: what goes in and out
 * are strings and integers, and an answer is freed before its method returns.
 *
 * Preloaded code stays until PHP is reloaded, whatever becomes of the package on disk; Client asks for NUMBER.
 */
final class Native
{
    /** Of what stands here: another one with every change of a method or of what it returns. */
    public const NUMBER = 3;

    /** The interface that DECLARATIONS are of. */
    private const ABI_VERSION = 1;

    private const SONAME = 'libpaysession.so.0';

    /** The decision that needs no reason. */
    private const SHIP = 1;

    /** What is used of Include/paysession.h. A header that is read from a file fails under open_basedir. */
    private const DECLARATIONS = <<<'C'
        typedef struct session_client session_client;
        typedef struct session_batch session_batch;
        typedef struct session_answer session_answer;
        uint32_t session_abi_version(void);
        const char *session_version(void);
        const char *session_providers(void);
        int session_client_open(const char *config, session_client **client, session_answer **answer);
        int session_client_report(session_client *client, session_answer **answer);
        void session_client_close(session_client *client);
        int session_get(session_client *client, const char *reference, const char *options, session_answer **answer);
        int session_approve(session_client *client, const char *reference, const char *options, session_answer
            **answer);
        int session_refuse(session_client *client, const char *reference, const char *options, session_answer
            **answer);
        int session_batch_open(session_client *client, const char *options, session_batch **batch, session_answer
            **answer);
        int session_batch_add(session_batch *batch, const char *reference, const char *options, uint64_t tag);
        int session_batch_next(session_batch *batch, int64_t timeout_ms, uint64_t *tag, session_answer **answer);
        int session_batch_fd(session_batch *batch);
        void session_batch_close(session_batch *batch);
        int session_normalize(const char *provider, const char *provider_json, const char *options, session_answer
            **answer);
        int session_callback_verify(session_client *client, const char *provider, const char *request, const void
            *body, size_t body_length, const char *options, session_answer **answer);
        int session_answer_decision(const session_answer *answer);
        const char *session_answer_text(const session_answer *answer, const char *pointer);
        const char *session_answer_json(const session_answer *answer, size_t *length);
        void session_answer_free(session_answer *answer);
        C;

    /** PHP empties statics at the end of each request. What lives longer is the library's own, of shared clients. */
    private static ?FFI $library = null;

    /** @var array<int, FFI\CData> */
    private static array $clients = [];

    /** @var array<int, FFI\CData> */
    private static array $batches = [];

    private static int $handle = 0;

    /** The version of the library. Loads it: throws FFI\Exception where FFI is restricted or there is no library. */
    public static function version(): string
    {
        return self::library()->session_version();
    }

    /** What each provider is and takes, as JSON. */
    public static function providers(): string
    {
        return self::library()->session_providers();
    }

    /**
     * Opens a client.
     *
     * @return array{int, string} the client, 0 where there is none; and the answer as JSON
     */
    public static function open(string $config): array
    {
        $library = self::library();
        $client = $library->new('session_client *');
        $answer = $library->new('session_answer *');
        $result = $library->session_client_open($config, FFI::addr($client), FFI::addr($answer));
        $json = self::json($library, $answer);
        if ($result !== 0) {
            return [0, $json];
        }
        self::$clients[++self::$handle] = $client;
        return [self::$handle, $json];
    }

    /** Closes a client; one that is closed already stays closed. */
    public static function close(int $client): void
    {
        $closed = self::$clients[$client] ?? null;
        unset(self::$clients[$client]);
        if ($closed !== null) {
            self::library()->session_client_close($closed);
        }
    }

    /**
     * Reads a session.
     *
     * @return array{int, string, string} the decision, why it is no clear yes or no, and the answer as JSON
     */
    public static function get(int $client, string $reference, ?string $options): array
    {
        $library = self::library();
        $answer = $library->new('session_answer *');
        $library->session_get(self::$clients[$client], $reference, $options, FFI::addr($answer));
        return self::taken($library, $answer);
    }

    /**
     * Has a session approved.
     *
     * @return array{int, string, string} as get()
     */
    public static function approve(int $client, string $reference, ?string $options): array
    {
        $library = self::library();
        $answer = $library->new('session_answer *');
        $library->session_approve(self::$clients[$client], $reference, $options, FFI::addr($answer));
        return self::taken($library, $answer);
    }

    /**
     * Has a session cancelled.
     *
     * @return array{int, string, string} as get()
     */
    public static function refuse(int $client, string $reference, ?string $options): array
    {
        $library = self::library();
        $answer = $library->new('session_answer *');
        $library->session_refuse(self::$clients[$client], $reference, $options, FFI::addr($answer));
        return self::taken($library, $answer);
    }

    /**
     * Judges a document.
     *
     * @return array{int, string, string} as get()
     */
    public static function normalize(string $provider, string $document, ?string $options): array
    {
        $library = self::library();
        $answer = $library->new('session_answer *');
        $library->session_normalize($provider, $document, $options, FFI::addr($answer));
        return self::taken($library, $answer);
    }

    /**
     * Checks a request that came to the shop.
     *
     * @return string the answer as JSON
     */
    public static function callback(
        int $client,
        string $provider,
        string $request,
        string $body,
        ?string $options
    ): string {
        $library = self::library();
        $answer = $library->new('session_answer *');
        $library->session_callback_verify(
            self::$clients[$client],
            $provider,
            $request,
            $body,
            strlen($body),
            $options,
            FFI::addr($answer)
        );
        return self::json($library, $answer);
    }

    /**
     * Reports what a client has done.
     *
     * @return string as JSON
     */
    public static function report(int $client): string
    {
        $library = self::library();
        $answer = $library->new('session_answer *');
        $library->session_client_report(self::$clients[$client], FFI::addr($answer));
        return self::json($library, $answer);
    }

    /**
     * Opens a batch.
     *
     * @return array{int, string} the batch, 0 where there is none; and the answer as JSON
     */
    public static function batchOpen(int $client, ?string $options): array
    {
        $library = self::library();
        $batch = $library->new('session_batch *');
        $answer = $library->new('session_answer *');
        $result = $library->session_batch_open(
            self::$clients[$client],
            $options,
            FFI::addr($batch),
            FFI::addr($answer)
        );
        $json = self::json($library, $answer);
        if ($result !== 0) {
            return [0, $json];
        }
        self::$batches[++self::$handle] = $batch;
        return [self::$handle, $json];
    }

    /** Adds a session to a batch: the result, AGAIN (41) where there is no room now. */
    public static function batchAdd(int $batch, string $reference, ?string $options, int $tag): int
    {
        return self::library()->session_batch_add(self::$batches[$batch], $reference, $options, $tag);
    }

    /**
     * Waits for the next answer of a batch, for so many milliseconds.
     *
     * @return array{int, int, string, string} the tag, then as get(); without an answer the JSON is empty
     */
    public static function batchNext(int $batch, int $timeout): array
    {
        $library = self::library();
        $answer = $library->new('session_answer *');
        $tag = $library->new('uint64_t');
        $library->session_batch_next(self::$batches[$batch], $timeout, FFI::addr($tag), FFI::addr($answer));
        if (FFI::isNull($answer)) {
            return [0, 0, '', ''];
        }
        return [$tag->cdata, ...self::taken($library, $answer)];
    }

    /** A descriptor that becomes readable when batchNext() with 0 would make progress; -1 where there is none. */
    public static function batchDescriptor(int $batch): int
    {
        return self::library()->session_batch_fd(self::$batches[$batch]);
    }

    /** Closes a batch; one that is closed already stays closed. */
    public static function batchClose(int $batch): void
    {
        $closed = self::$batches[$batch] ?? null;
        unset(self::$batches[$batch]);
        if ($closed !== null) {
            self::library()->session_batch_close($closed);
        }
    }

    /** Closes whatever is open: a fatal error skips destructors, and this runs as a shutdown function. */
    public static function closeAll(): void
    {
        foreach (array_keys(self::$batches) as $batch) {
            self::batchClose($batch);
        }
        foreach (array_keys(self::$clients) as $client) {
            self::close($client);
        }
    }

    private function __construct()
    {
    }

    private static function library(): FFI
    {
        if (self::$library === null) {
            $named = $_SERVER['PAYSESSION_LIBRARY'] ?? getenv('PAYSESSION_LIBRARY');
            $library = FFI::cdef(self::DECLARATIONS, is_string($named) && $named !== '' ? $named : self::SONAME);
            $version = $library->session_abi_version();
            if ($version !== self::ABI_VERSION) {
                throw new \RuntimeException("libpaysession has ABI version $version, not " . self::ABI_VERSION);
            }
            self::$library = $library;
        }
        return self::$library;
    }

    /** Why it is no clear yes or no: the error, or what holds the session, without personal data. */
    private static function why(FFI $library, FFI\CData $answer): string
    {
        $error = $library->session_answer_text($answer, '/error/message');
        if ($error !== null) {
            return $error;
        }
        $holds = [];
        while (($hold = $library->session_answer_text($answer, '/session/holds/' . count($holds))) !== null) {
            $holds[] = $hold;
        }
        return implode(', ', $holds);
    }

    /**
     * An answer, which is freed.
     *
     * @return array{int, string, string} the decision, why, and the answer as JSON
     */
    private static function taken(FFI $library, FFI\CData $answer): array
    {
        $decision = $library->session_answer_decision($answer);
        // Nothing holds what is shipped, and to look costs more than all the rest of this.
        $why = $decision === self::SHIP ? '' : self::why($library, $answer);
        return [$decision, $why, self::json($library, $answer)];
    }

    /** An answer as JSON, which is freed. */
    private static function json(FFI $library, FFI\CData $answer): string
    {
        // FFI makes strings of const char pointers; JSON has no NUL in it.
        $json = $library->session_answer_json($answer, null);
        $library->session_answer_free($answer);
        return $json;
    }
}
