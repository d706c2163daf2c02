"""Reads the amounts people write: 1299, 1,299.00, 1.299,00, € 12."""

import re
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_precision, get_currency_symbol
from price_parser import Price

from shop.money import Money, decimals_of, is_currency

AMOUNT_MAX: Final = Decimal(10) ** 9
PLAIN: Final = re.compile(r"\d+(?:\.(\d+))?")
NUMBER: Final = re.compile(r"\d[\d.,'’\s\u00a0\u202f]*")
AMBIGUOUS: Final = re.compile(r"\d{1,3}[.,]\d{3}")
MINUS: Final = re.compile(r"(?<!\d)(?<!\d )[-−–(]\s*\D{0,4}\d")


def read_price(text: str, currency: str) -> Money:
    """The amount in `text`, in `currency`. Raises ValueError with a reason that can be shown."""
    amount = _amount(text, currency)
    if amount > AMOUNT_MAX:
        raise ValueError(f"{text!r} is too much to be a price")
    price = Money.from_decimal(amount, currency)
    if get_currency_precision(currency) > decimals_of(currency) and price.decimal != amount:
        raise ValueError(
            f"{text!r} is finer than {currency} can be charged: the third decimal has to be 0, as in {price.decimal}0"
        )
    return price


def _amount(text: str, currency: str) -> Decimal:
    if MINUS.search(text):
        raise ValueError(f"{text!r} is negative")
    numbers = NUMBER.findall(text)
    if len(numbers) != 1:  # none, or a range
        raise ValueError(f"{text!r} is no price")
    number = numbers[0].strip()
    _check_currency(text.replace(numbers[0], " "), text, currency)
    digits = get_currency_precision(currency)
    plain = PLAIN.fullmatch(number)
    if plain and len(plain[1] or "") <= max(digits, 2):
        return Decimal(number)
    if AMBIGUOUS.fullmatch(number):
        raise ValueError(f"{text!r} may be thousands or decimals; write it with two decimals")
    price = Price.fromstring(number)
    if price.amount is None:
        raise ValueError(f"{text!r} is no price")
    return price.amount


def _check_currency(words: str, text: str, currency: str) -> None:
    """What stands beside the number must be this currency's sign or code, or nothing."""
    for word in words.split():
        sign = word.strip(".,-–:'’")
        own = {currency, get_currency_symbol(currency, "en"), get_currency_symbol(currency, "en")[-1:]}
        if not sign or sign.upper() in own or sign in own:
            continue
        if is_currency(sign.upper()) or not sign.isalnum():
            raise ValueError(f"{text!r} is not in {currency}")
        raise ValueError(f"{text!r} is no price")
