"""How questions are read: filler, price limits, the thing itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base import wording
from shop.money import Money


@pytest.mark.parametrize(
    ("text", "at_least", "at_most"),
    [
        ("a mug under 15 euros", None, 1500),
        ("road bike under 1500", None, 150000),
        ("below €1,500", None, 150000),
        ("up to 1.5k", None, 150000),
        ("5,99 max", None, 599),
        ("20€ or less", None, 2000),
        ("<20", None, 2000),
        ("between 20 and 10", 1000, 2000),
        ("from 10 to 20 euros", 1000, 2000),
        ("50 or more", 5000, None),
        ("at least 50 eur", 5000, None),
        ("a tube under 700 mm", None, None),
        ("a bed for under the table", None, None),
        ("two mugs", None, None),
    ],
)
def test_a_price_limit_is_understood(text: str, at_least: int | None, at_most: int | None) -> None:
    said = wording.price_range(text, language="en", currency="EUR")
    assert said.at_least == (None if at_least is None else Money(at_least, "EUR"))
    assert said.at_most == (None if at_most is None else Money(at_most, "EUR"))


@pytest.mark.parametrize(
    ("language", "text"),
    [("es", "una taza por menos de 15 euros"), ("de", "eine Tasse unter 15 Euro"), ("xx", "cup under 15")],
)
def test_limits_are_understood_in_each_language_and_in_english_otherwise(language: str, text: str) -> None:
    assert wording.price_range(text, language=language, currency="EUR").at_most == Money(1500, "EUR")


def test_only_the_words_that_say_which_product_are_left() -> None:
    assert wording.product_words("Hi! I need a black mug for my coffee, please", "en") == [
        "black",
        "mug",
        "coffee",
    ]


@pytest.mark.parametrize(
    "limits", ["cualquiera menos la", "en otro color", "todo excepto", "la talla", "otra vez"]
)
def test_words_around_a_limit_say_nothing_of_which_product_in_spanish_either(limits: str) -> None:
    assert wording.product_words(limits, "es") == []


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("I need a black mug for coffee", "mug"),
        ("road bike", "bike"),
        ("t-shirt size 54 cm", "shirt"),
        ("what do you have", None),
    ],
)
def test_the_word_for_the_thing_itself_is_found(text: str, head: str | None) -> None:
    assert wording.head_word(text, "en") == head


def test_in_spanish_the_thing_comes_first() -> None:
    assert wording.head_word("una taza negra para café", "es") == "taza"


@pytest.mark.parametrize(
    ("many", "one"),
    [("mugs", "mug"), ("dishes", "dish"), ("batteries", "battery"), ("glass", "glass"), ("bus", "bus")],
)
def test_plurals_are_folded(many: str, one: str) -> None:
    assert wording.singular(many) == one


def test_sentences_are_parted_and_abbreviations_kept() -> None:
    text = "It takes 2.5 days, e.g. by post. Really!\n• one\n• two"
    assert list(wording.sentences(text)) == ["It takes 2.5 days, e.g. by post.", "Really!", "• one", "• two"]


@given(st.text(max_size=300), st.sampled_from(["en", "es", "de", "fr", "", "../x", "zh-Hant"]))
def test_any_text_in_any_language_is_read(text: str, language: str) -> None:
    wording.price_range(text, language=language, currency="EUR")
    wording.product_words(text, language)
    wording.head_word(text, language)
