<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace PaySession;

/** What the shop does next (session_answer_decision). Whatever is not understood is Hold. */
enum Next: string
{
    /** Paid: the goods may go. */
    case Ship = 'ship';
    /** Not paid, and not final; or there was no answer, and a later one may come: the order stays as it is, and is read again. */
    case Wait = 'wait';
    /** Not paid, and final: the stock is free again. */
    case Release = 'release';
    /** A person looks. */
    case Hold = 'hold';

    /** By the library's number, of which a newer library may have more. */
    public static function ofNumber(int $number): self
    {
        return match ($number) {
            1 => self::Ship,
            2 => self::Wait,
            3 => self::Release,
            default => self::Hold,
        };
    }
}
