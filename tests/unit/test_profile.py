"""What the shop says about itself, in each of its languages."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from shop.delivery.options import DeliveryOption, DeliveryWords
from shop.profile import ShopProfile, ShopWords

STANDARD = DeliveryOption(code="standard", label="Standard delivery", price=Decimal("4.90"), time="3 days")
PICKUP = DeliveryOption(code="pickup", label="Pickup", price=Decimal(0), time="today", needs_address=False)


def shop(**translations: ShopWords) -> ShopProfile:
    return ShopProfile(
        name="Kettle",
        promise="Slow mornings.",
        currency="EUR",
        hours="daily",
        delivery=(STANDARD, PICKUP),
        translations=translations,
    )


def test_a_shop_speaks_of_itself_in_another_language_and_keeps_its_prices() -> None:
    words = ShopWords(hours="a diario", delivery={"standard": DeliveryWords(label="Envío", time="3 días")})
    spanish = shop(es=words).in_language("es")
    assert (spanish.hours, spanish.promise) == ("a diario", "Slow mornings.")
    assert [(each.label, each.time, each.price) for each in spanish.delivery] == [
        ("Envío", "3 días", STANDARD.price),
        ("Pickup", "today", PICKUP.price),
    ]


def test_a_language_without_words_of_its_own_gets_the_main_one_s() -> None:
    assert shop().in_language("es") == shop()


def test_words_for_a_way_of_delivery_that_is_not_there_are_refused() -> None:
    words = ShopWords(delivery={"drone": DeliveryWords(label="Dron", time="ya")})
    with pytest.raises(ValidationError, match="es: there is no delivery option drone"):
        shop(es=words)


@pytest.mark.parametrize(
    ("currency", "price", "is_fine"),
    [
        ("EUR", "4.90", True),
        ("EUR", "4.905", False),
        ("KWD", "1.250", True),
        ("KWD", "1.255", False),
        ("JPY", "500", True),
    ],
)
def test_a_delivery_costs_what_can_be_charged(currency: str, price: str, is_fine: bool) -> None:
    delivery = (STANDARD.model_copy(update={"price": Decimal(price)}),)
    if is_fine:
        ShopProfile(name="Kettle", currency=currency, delivery=delivery)
        return
    with pytest.raises(ValidationError, match=f"standard: {price} is finer than {currency} can be charged"):
        ShopProfile(name="Kettle", currency=currency, delivery=delivery)
