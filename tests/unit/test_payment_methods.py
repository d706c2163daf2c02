"""Which ways to pay a shop offers: by channel, country and amount, in its own order; and accounts that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shop.money import Money
from shop.payment_methods import ONLINE, BankAccount, PaymentKind, PaymentMethod, offered
from tests.open_shop import settings_for_tests

ACCOUNT = {"holder": "Kettle & Quay BV", "iban": "be68 5390 0754 7034"}
CASH = PaymentMethod(kind="cash", countries=("BE",), most="150")
TRANSFER = PaymentMethod(kind="transfer", account=ACCOUNT, channels=("telegram", "web"))
ALL = (*ONLINE, CASH, TRANSFER)


def kinds(
    *, channel: str = "telegram", country: str = "BE", euros: int = 20, invoices: bool = True
) -> list[str]:
    total = Money(100 * euros, "EUR")
    found = offered(ALL, channel=channel, country=country, total=total, invoices=invoices)
    return [method.kind.value for method in found]


def test_an_invoice_where_the_channel_has_one_a_page_elsewhere_and_never_both() -> None:
    assert kinds() == ["invoice", "cash", "transfer"]
    assert kinds(invoices=False) == ["card", "cash", "transfer"]
    assert kinds(channel="messenger", invoices=False) == ["card", "cash"]


def test_cash_stays_in_its_countries_and_below_its_limit() -> None:
    assert kinds(euros=150) == ["invoice", "cash", "transfer"]
    assert kinds(euros=151) == kinds(country="FR") == ["invoice", "transfer"]


def test_where_the_invoice_is_switched_off_telegram_gets_the_page() -> None:
    found = offered(
        (PaymentMethod(kind="card"),), channel="telegram", country="BE", total=Money(1, "EUR"), invoices=True
    )
    assert [each.kind for each in found] == [PaymentKind.CARD]


def test_an_iban_is_read_with_or_without_spaces_and_shown_in_fours() -> None:
    account = BankAccount.model_validate(ACCOUNT)
    assert account.iban == "BE68539007547034"
    assert account.iban_in_fours == "BE68 5390 0754 7034"


@given(st.integers(2, 15), st.integers(1, 9))
def test_one_wrong_digit_in_an_iban_is_noticed(place: int, by: int) -> None:
    iban = "BE68539007547034"
    digit = str((int(iban[place]) + by) % 10)
    with pytest.raises(ValidationError, match="check digits"):
        BankAccount(holder="x", iban=iban[:place] + digit + iban[place + 1 :])


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ({"kind": "transfer"}, "needs its `account`"),
        ({"kind": "cash", "account": ACCOUNT}, "nothing else has one"),
        ({"kind": "cheque"}, "invoice"),
        ({"kind": "cash", "countries": ["Belgium"]}, "pattern"),
    ],
)
def test_a_method_that_cannot_be_is_refused_with_its_reason(method: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        PaymentMethod.model_validate(method)


def test_each_kind_stands_once_in_a_shops_settings() -> None:
    shop = settings_for_tests().shop
    with pytest.raises(ValidationError, match="each kind of payment stands there once"):
        type(shop).model_validate(
            shop.model_dump() | {"payment_methods": [{"kind": "card"}, {"kind": "card"}]}
        )
