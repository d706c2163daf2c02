"""How prices in files are read."""

import pytest

from shop.catalogue.prices import read_price


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12", 1200),
        ("12.5", 1250),
        ("12,50", 1250),
        ("1.299,00", 129900),
        ("1,299.00", 129900),
        ("1 299,00", 129900),
        ("1'299.00", 129900),
        ("€ 12", 1200),
        ("12.00 €", 1200),
        ("EUR 12.50", 1250),
        ("0.00", 0),
    ],
)
def test_a_price_is_read_however_people_write_it(text: str, minor: int) -> None:
    assert read_price(text, "EUR").minor == minor


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no price"),
        ("abc", "no price"),
        ("NaN", "no price"),
        ("1e5", "no price"),
        ("12-15", "no price"),
        ("-5.00", "negative"),
        ("€ -5", "negative"),
        ("(5.00)", "negative"),
        ("$12", "not in EUR"),
        ("12 USD", "not in EUR"),
        ("1.299", "thousands or decimals"),
        ("9" * 30, "too much"),
    ],
)
def test_what_is_no_price_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_price(text, "EUR")


def test_a_currency_has_its_own_number_of_decimals() -> None:
    assert read_price("1200", "JPY").minor == 1200
    assert read_price("1.250", "KWD").minor == 125
    with pytest.raises(ValueError, match=r"finer than KWD can be charged: .* as in 1\.260"):
        read_price("1.255", "KWD")
