"""Amounts on their way to Stripe and Telegram and back: nothing is lost, and whatever a purchase comes to can be charged."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_currencies import from_telegram, to_telegram
from payments.currencies import THREE_DECIMAL, ZERO_DECIMAL, from_provider, to_provider
from sandbox.stripe.money import CURRENCIES
from sandbox.telegram.methods.payments import CURRENCIES as TAKEN_BY_TELEGRAM
from shop.money import Money, TooFine, total
from shop.pricing.quote import Goods, Rebate, quote
from shop.pricing.tax import TaxRules

CODES = sorted({code.upper() for code in CURRENCIES} | THREE_DECIMAL)
minors = st.integers(1, 10**9)


@given(minors, st.sampled_from(CODES))
def test_an_amount_comes_back_from_stripe_as_it_went(minor: int, currency: str) -> None:
    assert from_provider(to_provider(Money(minor, currency)), currency.lower()) == Money(minor, currency)


@given(minors, st.sampled_from(sorted(ZERO_DECIMAL)))
def test_zero_decimal_currencies_are_told_in_whole_units(units: int, currency: str) -> None:
    assert to_provider(Money(units, currency)) == units


@given(
    basket=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 100_000)), min_size=1, max_size=5),
    delivery=st.integers(0, 5000),
    percent=st.decimals(1, 90, places=1),
    rate=st.decimals(0, 100, places=2),
    included=st.booleans(),
    currency=st.sampled_from(sorted(THREE_DECIMAL)),
)
def test_whatever_is_bought_in_a_three_decimal_currency_can_be_charged(
    *,
    basket: list[tuple[int, int]],
    delivery: int,
    percent: Decimal,
    rate: Decimal,
    included: bool,
    currency: str,
) -> None:
    found = quote(
        [Goods(units, Money(minor, currency)) for units, minor in basket],
        delivery=Money(delivery, currency),
        rebates=[Rebate("coupon", "CODE", percent=percent)],
        tax=TaxRules(included=included, rates={"KW": rate}),
        country="KW",
    )
    parts = [part for line in found.lines for part in (line.price, line.discount, line.tax)]
    for amount in [*parts, found.goods, found.discount, found.delivery, found.tax, found.total]:
        assert to_provider(amount) % 10 == 0  # https://docs.stripe.com/currencies#three-decimal
    charged = [*(line.price for line in found.lines), -found.discount, found.delivery]
    if not included:
        charged.append(found.tax)
    assert sum(map(to_provider, charged)) == to_provider(found.total)
    assert total(charged, currency) == found.total


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (Money(1250, "EUR"), 1250),
        (Money(500, "JPY"), 500),
        (Money(123, "KWD"), 1230),
        (Money(1250, "ISK"), 125_000),
        (Money(5000, "UGX"), 500_000),
    ],
)
def test_what_stripe_is_told(amount: Money, told: int) -> None:
    assert to_provider(amount) == told
    assert from_provider(told, amount.currency) == amount


@pytest.mark.parametrize(("told", "currency"), [(125_050, "isk"), (1235, "kwd")])
def test_a_part_of_a_unit_that_we_do_not_count_is_not_taken_for_another_amount(
    told: int, currency: str
) -> None:
    with pytest.raises(TooFine):
        from_provider(told, currency)


@given(minors, st.sampled_from(sorted(TAKEN_BY_TELEGRAM)))
def test_an_amount_comes_back_from_telegram_as_it_went(minor: int, currency: str) -> None:
    assert from_telegram(to_telegram(minor, currency), currency) == minor


@given(st.lists(st.integers(-(10**6), 10**6), max_size=6), st.sampled_from(sorted(TAKEN_BY_TELEGRAM)))
def test_the_lines_of_an_invoice_come_to_its_total(lines: list[int], currency: str) -> None:
    assert sum(to_telegram(line, currency) for line in lines) == to_telegram(sum(lines), currency)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (Money(1250, "EUR"), 1250),
        (Money(500, "JPY"), 500),
        (Money(1250, "ISK"), 1250),
        (Money(5000, "UGX"), 5000),
        (Money(990, "RSD"), 99_000),
        (Money(75, "LBP"), 7500),
        (Money(123, "KWD"), 1230),
    ],
)
def test_what_telegram_is_told(amount: Money, told: int) -> None:
    assert to_telegram(amount.minor, amount.currency) == told
    assert from_telegram(told, amount.currency) == amount.minor


def test_half_a_dinar_is_no_amount_of_ours() -> None:
    with pytest.raises(TooFine):
        from_telegram(99_050, "RSD")
