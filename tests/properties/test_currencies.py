"""Amounts on their way to Stripe and back: nothing is lost, and what Stripe would refuse is refused before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.currencies import THREE_DECIMAL, ZERO_DECIMAL, NotChargeable, from_provider, to_provider
from sandbox.stripe.money import CURRENCIES
from shop.money import Money

CODES = sorted(code.upper() for code in CURRENCIES)


@given(st.integers(1, 10**9), st.sampled_from(CODES))
def test_an_amount_comes_back_as_it_went(minor: int, currency: str) -> None:
    amount = Money(minor * 10 if currency in THREE_DECIMAL else minor, currency)
    try:
        told = to_provider(amount)
    except NotChargeable:
        return
    assert from_provider(told, currency.lower()) == amount


@given(st.integers(1, 10**9), st.sampled_from(sorted(ZERO_DECIMAL)))
def test_zero_decimal_currencies_are_told_in_whole_units(units: int, currency: str) -> None:
    assert to_provider(Money(units, currency)) == units


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (Money(1250, "EUR"), 1250),
        (Money(500, "JPY"), 500),
        (Money(1230, "KWD"), 1230),
        (Money(1250, "ISK"), 125_000),
        (Money(5000, "UGX"), 500_000),
    ],
)
def test_what_stripe_is_told(amount: Money, told: int) -> None:
    assert to_provider(amount) == told
    assert from_provider(told, amount.currency) == amount


def test_what_stripe_would_refuse_is_refused() -> None:
    with pytest.raises(NotChargeable, match="finer than Stripe takes"):
        to_provider(Money(1235, "KWD"))
    with pytest.raises(NotChargeable, match="finer than ISK is counted"):
        from_provider(125_050, "isk")
