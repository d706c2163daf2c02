"""Money never loses a cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.money import CurrencyMismatch, Money, total

amounts = st.integers(-(10**12), 10**12)


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any))
def test_the_parts_of_a_split_sum_to_the_whole(minor: int, weights: list[int]) -> None:
    parts = Money(minor, "EUR").split(weights)
    assert total(parts, "EUR").minor == minor
    assert all(
        abs(part.minor - minor * weight / sum(weights)) < 1
        for part, weight in zip(parts, weights, strict=True)
    )


@given(amounts, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_survives_its_decimal_form(minor: int, currency: str) -> None:
    assert Money.from_decimal(Money(minor, currency).decimal, currency) == Money(minor, currency)


def test_currencies_have_their_own_number_of_digits() -> None:
    assert Money.from_decimal(Decimal("12.5"), "EUR").minor == 1250
    assert Money.from_decimal(Decimal(1250), "JPY").minor == 1250
    assert Money.from_decimal(Decimal("1.25"), "KWD").minor == 125  # thousandths cannot be charged
    assert "1.250" in Money(125, "KWD").format("en")


def test_two_currencies_never_meet_in_one_sum() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "USD")


@pytest.mark.parametrize(
    ("locale", "text"), [("en", "€1,234.50"), ("es", "1.234,50\xa0€"), ("de", "1.234,50\xa0€")]
)
def test_money_is_written_as_its_reader_writes_it(locale: str, text: str) -> None:
    assert Money(123450, "EUR").format(locale) == text
