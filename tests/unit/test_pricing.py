"""What a purchase comes to, by hand-made figures."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from shop.delivery.offers import Offer, obstacle, offers
from shop.delivery.options import DeliveryOption
from shop.money import Money
from shop.pricing.quote import Goods, Rebate, quote
from shop.pricing.tax import ReducedTax, TaxRules
from shop.profile import ShopProfile

RATES = {"BE": Decimal(21), "FI": Decimal("25.5")}
REDUCED = (ReducedTax(categories=("Tea",), rates={"BE": Decimal(6)}),)
MUG, TEA = Goods(2, Money(1200, "EUR"), "Mugs"), Goods(1, Money(900, "EUR"), "tea")

SHOP = ShopProfile.model_validate(
    {
        "name": "Kettle",
        "currency": "EUR",
        "country": "BE",
        "zones": {"near": ["NL", "DE"], "far": ["US"]},
        "delivery": [
            {
                "code": "standard",
                "label": "Standard",
                "price": "4.90",
                "time": "2 days",
                "free_from": "50.00",
                "up_to_grams": 2000,
                "heavier": [{"up_to_grams": 10000, "price": "9.90"}],
                "zones": {
                    "near": {"price": "8.90", "time": "4 days", "up_to_grams": 2000, "label": "Abroad"}
                },
            },
            {"code": "express", "label": "Express", "price": "9.90", "time": "1 day", "up_to_grams": 2000},
            {
                "code": "pickup",
                "label": "Pickup",
                "price": "0",
                "time": "now",
                "needs_address": False,
                "discount": {"amount": "2.00"},
            },
        ],
    }
)


def mugs(units: int, grams: int = 400) -> list[Goods]:
    return [Goods(units, Money(1200, "EUR"), unit_grams=grams)]


def test_tax_within_prices_is_told_by_rate_and_delivery_pays_the_highest() -> None:
    found = quote(
        [MUG, TEA], delivery=Money(490, "EUR"), tax=TaxRules(rates=RATES, reduced=REDUCED), country="BE"
    )
    assert found.total == Money(3790, "EUR")
    assert [(share.rate_bp, share.base.minor, share.tax.minor) for share in found.taxes] == [
        (2100, 2890, 417 + 85),
        (600, 900, 51),
    ]


def test_tax_on_top_of_prices_is_part_of_the_total() -> None:
    rules = TaxRules(included=False, rates=RATES)
    assert quote([TEA], delivery=Money(100, "EUR"), tax=rules, country="FI").total == Money(
        1000 + 230 + 26, "EUR"
    )
    assert quote([TEA], delivery=Money(100, "EUR"), tax=rules, country="US").total == Money(1000, "EUR")


def test_discounts_are_taken_one_after_the_other_from_what_they_cover() -> None:
    coupon = Rebate("coupon", "TEA50", percent=Decimal(50), categories=("Tea",))
    pickup = Rebate("pickup", amount=Money(5000, "EUR"), most_percent=50)
    found = quote([MUG, TEA], delivery=Money(0, "EUR"), rebates=(coupon, pickup))
    assert [discount.amount.minor for discount in found.discounts] == [450, 1425]
    assert [line.discount.minor for line in found.lines] == [1200, 675]
    assert found.total == Money(1425, "EUR")


def standard(goods: list[Goods], country: str, coupon: Rebate | None = None) -> Offer | None:
    """What standard delivery is for these goods; None where it brings them not."""
    found = offers(SHOP, goods, country, coupon=coupon)
    return next((each for each in found if each.code == "standard"), None)


@pytest.mark.parametrize(
    ("units", "country", "price"),
    [
        (1, "BE", 490),
        (5, "BE", 0),  # 60.00 of goods
        (5, "NL", 890),  # no free delivery there
        (6, "NL", None),  # 2.4 kg
        (1, "US", None),  # a zone that no option serves
        (1, "FR", None),  # in no zone
    ],
)
def test_delivery_costs_what_its_zone_and_the_weight_say(units: int, country: str, price: int | None) -> None:
    found = standard(mugs(units), country)
    assert (found.price.minor if found else None) == price


def test_a_heavier_parcel_pays_its_band() -> None:
    found = standard(mugs(3, grams=1000), "BE")
    assert found is not None
    assert found.price == Money(990, "EUR")
    assert [each.code for each in offers(SHOP, mugs(3, grams=1000), "BE")] == ["standard", "pickup"]


def test_a_coupon_is_taken_off_before_delivery_is_free() -> None:
    found = standard(mugs(5, 1), "BE", coupon=Rebate("coupon", "X", percent=Decimal(20)))
    assert found is not None
    assert found.price == Money(490, "EUR")


def test_why_nothing_is_sent_there_is_known() -> None:
    assert obstacle(SHOP, mugs(1), "NL") is None
    assert obstacle(SHOP, mugs(9), "NL") == "weight"
    assert obstacle(SHOP, mugs(1), "US") == "country"
    assert SHOP.countries == ("BE", "NL", "DE")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heavier": [{"up_to_grams": 10, "price": 1}]}, "needs `up_to_grams`"),
        ({"up_to_grams": 10, "heavier": [{"up_to_grams": 5, "price": 1}]}, "larger weight"),
        ({"working_days": [3, 2]}, "begins with the larger number"),
        ({"discount": {"percent": 5}}, "needs_address: false"),
        ({"needs_address": False, "discount": {"percent": 5, "amount": 1}}, "either `percent` or `amount`"),
        ({"needs_address": False, "discount": {"percent": 51}}, "less than or equal to 50"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DeliveryOption.model_validate({"code": "x", "label": "X", "price": 1, "time": "now", **change})


def test_a_country_is_in_one_zone_and_an_option_knows_its_zones() -> None:
    zones = {"near": ["NL"], "far": ["NL"]}
    with pytest.raises(ValidationError, match="NL stands in two zones"):
        ShopProfile.model_validate(SHOP.model_dump() | {"zones": zones})
    with pytest.raises(ValidationError, match="standard: there is no zone near"):
        ShopProfile.model_validate(SHOP.model_dump() | {"zones": {}})
