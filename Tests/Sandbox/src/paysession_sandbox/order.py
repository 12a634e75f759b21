# SPDX-License-Identifier: MIT
"""What a shop has sold: the part of a session that is the same with every provider."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Optional, Union

#: ISO 4217: how many digits a currency has after the point, where it is not two.
EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


@dataclass(frozen=True)
class Item:
    """A line of an order. Amounts are in minor units and hold the tax, whose rate is in basis points."""

    name: str
    quantity: int = 1
    unit_price: int = 0
    total: int = 0
    tax_rate: int = 0
    reference: Optional[str] = None
    type: str = "physical"

    @property
    def tax(self) -> int:
        return tax_of(self.total, self.tax_rate)


@dataclass(frozen=True)
class Customer:
    first_name: Optional[str] = None
    last_name: Optional[str] = None
    email: Optional[str] = None
    phone: Optional[str] = None
    company: Optional[str] = None


@dataclass(frozen=True)
class Order:
    """`amount` is in minor units of `currency`. The addresses are where the customer is sent back to, and
    where the provider calls."""

    amount: int
    currency: str
    reference: Optional[str] = None
    items: tuple[Item, ...] = ()
    customer: Customer = Customer()
    return_url: Optional[str] = None
    callback_url: Optional[str] = None

    @property
    def lines(self) -> tuple[Item, ...]:
        """The items, or one that stands for all of it."""
        return self.items or (Item("Order", 1, self.amount, self.amount),)

    @property
    def tax(self) -> int:
        return sum(item.tax for item in self.items)


def tax_of(total: int, rate: int) -> int:
    """The part of a total that is tax, rounded down; a rate of 2500 is a fifth of the total."""
    return total - total * 10_000 // (10_000 + rate)


def exponent(currency: str) -> int:
    return EXPONENTS.get(currency, 2)


def decimal(minor: int, currency: str) -> str:
    """4200 SEK as "42.00"."""
    return format(Decimal(minor).scaleb(-exponent(currency)), "f")


def major(minor: int, currency: str) -> Union[int, float]:
    """A JSON number of major units: 4200 SEK is 42, and 4250 is 42.5. Of decimals only the text goes through
    a float, which keeps fifteen digits of it."""
    text = Decimal(decimal(minor, currency))
    return int(text) if text == text.to_integral_value() else float(str(text))


def minor(number: Any, currency: str) -> Optional[int]:
    """The reverse, of a number as it stood in JSON; None where there are more digits than the currency has, or more
    money than there is."""
    told = Decimal(str(number))
    # First by its exponent: more digits than that are no number that anybody computes with.
    if not told.is_finite() or told.adjusted() > 12 or told != told.quantize(Decimal(1).scaleb(-exponent(currency))):
        return None
    return int(told.scaleb(exponent(currency)))
