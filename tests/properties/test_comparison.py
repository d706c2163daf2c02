"""Goods against each other: the verdict depends on what is written of them, not on who is named first."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.comparison import WANTED, Aspect, Good, Wanted, compare, rows
from shop.catalogue.model import Product, Variant
from shop.money import Money

AT = datetime(2026, 11, 22, tzinfo=UTC)
HEAVIEST = Wanted(Aspect.WEIGHT, most=True)
LIGHTEST = Wanted(Aspect.WEIGHT, most=False)


def good(title: str, *grams: int, price: int = 1000, **attributes: str) -> Good:
    variants = [
        Variant(
            options={"No": str(n)} if len(grams) > 1 else {},
            price_minor=price,
            currency="EUR",
            weight_grams=each,
            published=True,
        )
        for n, each in enumerate(grams or (0,))
    ]
    product = Product(
        handle=title,
        title=title,
        category="",
        vendor="",
        updated_at=AT,
        attributes=attributes,
        variants=variants,
    )
    return Good(product, variants, title)


def verdict(goods: list[Good], wanted: Wanted):
    return compare(goods, wanted, language="en", money=lambda price: price.format("en"))


def winners(goods: list[Good], wanted: Wanted) -> list[str]:
    return [goods[place].label for place in verdict(goods, wanted).winners]


weights = st.lists(st.integers(1, 5000), min_size=1, max_size=3)


@given(st.lists(weights, min_size=2, max_size=4))
def test_the_order_in_which_they_are_named_does_not_matter(grams: list[list[int]]) -> None:
    goods = [good(f"g{n}", *each) for n, each in enumerate(grams)]
    for wanted in (HEAVIEST, LIGHTEST):
        found = {
            (verdict(list(each), wanted).kind, tuple(sorted(winners(list(each), wanted))))
            for each in permutations(goods)
        }
        assert len(found) == 1


@given(st.lists(weights, min_size=2, max_size=4))
def test_who_wins_is_never_beaten_by_any_of_the_others(grams: list[list[int]]) -> None:
    goods = [good(f"g{n}", *each) for n, each in enumerate(grams)]
    for place in verdict(goods, HEAVIEST).winners:
        assert all(
            min(grams[place]) >= max(each)
            or sorted({*grams[place]}) == sorted({*each})
            or (min(each), max(each)) == (min(grams[place]), max(grams[place]))
            for each in grams
        )


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_heavier_of_two_is_not_the_lighter(first: int, second: int) -> None:
    goods = [good("a", first), good("b", second)]
    if first == second:
        assert verdict(goods, HEAVIEST).kind == verdict(goods, LIGHTEST).kind == "same"
    else:
        assert sorted(winners(goods, HEAVIEST) + winners(goods, LIGHTEST)) == ["a", "b"]


@given(st.integers(1, 200), st.integers(1, 200))
def test_a_unit_changes_nothing(first: int, second: int) -> None:
    wanted = WANTED["roomier"]
    same = [good("a", Capacity=f"{first} cl"), good("b", Capacity=f"{second} cl")]
    mixed = [good("a", Capacity=f"{first * 10} ml"), good("b", Capacity=f"{second} cl")]
    assert winners(same, wanted) == winners(mixed, wanted)


def test_amounts_that_overlap_are_left_to_the_person() -> None:
    assert verdict([good("a", 290, 340), good("b", 310, 400)], LIGHTEST).kind == "unclear"
    assert winners([good("a", 290, 300), good("b", 310, 400)], LIGHTEST) == ["a"]


def test_one_that_is_wider_and_lower_is_not_the_bigger_one() -> None:
    wide, high = (
        good("wide", Dimensions="12 cm wide, 8 cm high"),
        good("high", Dimensions="9 cm wide, 10 cm high"),
    )
    assert verdict([wide, high], WANTED["bigger"]).kind == "unclear"
    assert winners([wide, high], WANTED["taller"]) == ["high"]
    both = good("both", Dimensions="13 cm wide, 11 cm high")
    assert winners([wide, high, both], WANTED["bigger"]) == ["both"]


def test_what_is_missing_is_named_and_never_loses() -> None:
    found = verdict([good("a", 300), good("b"), good("c", 200)], LIGHTEST)
    assert (found.kind, found.winners, found.missing) == ("winner", [2], [1])
    alone = verdict([good("a", 300), good("b")], LIGHTEST)
    assert (alone.kind, alone.winners, alone.missing) == ("unknown", (), [1])


def test_a_weight_that_the_merchant_wrote_goes_before_the_one_of_the_parcel() -> None:
    found = verdict([good("a", 500, Weight="1.2 kg"), good("b", 600, Weight="800 g")], HEAVIEST)
    assert [each.text for each in found.readings if each] == ["1.2 kg", "800 g"]
    assert found.winners == [0]


def test_a_thing_by_itself_is_not_weighed_against_one_in_its_box() -> None:
    found = verdict([good("a", 500, Weight="1.2 kg"), good("b", 600)], HEAVIEST)
    assert found.kind == "unclear"
    assert [each.fields for each in found.readings if each] == [("Weight",), ("Shipping weight",)]


def test_a_field_that_is_no_amount_is_shown_and_decides_nothing() -> None:
    found = verdict([good("a", 500, Weight="like a feather"), good("b", 600, Weight="272g/pair")], HEAVIEST)
    assert found.kind == "unclear"
    assert [each.text for each in found.readings if each] == ["like a feather", "272g/pair"]


def test_prices_are_told_as_money() -> None:
    found = verdict([good("a", 1, price=1200), good("b", 1, price=900)], WANTED["cheapest"])
    assert [each.text for each in found.readings if each] == [
        Money(1200, "EUR").format("en"),
        Money(900, "EUR").format("en"),
    ]
    assert found.winners == [1]


def test_a_table_has_a_row_for_every_field_that_one_of_them_has() -> None:
    table = rows(
        [good("a", 380, Material="Stoneware", Origin="Portugal"), good("b", 420, Material="Stoneware")],
        language="en",
    )
    assert [(row.label, row.values, row.is_shared) for row in table] == [
        ("Material", ("Stoneware", "Stoneware"), True),
        ("Origin", ("Portugal", ""), False),
        ("Shipping weight", ("380 g", "420 g"), False),
    ]


@pytest.mark.parametrize("word", sorted(WANTED))
def test_every_comparison_that_is_understood_can_be_asked_of_goods_without_a_word_about_them(
    word: str,
) -> None:
    found = verdict([good("a"), good("b")], WANTED[word])
    assert found.kind == ("same" if WANTED[word].aspect is Aspect.PRICE else "unknown")
