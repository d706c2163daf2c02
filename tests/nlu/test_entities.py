"""Entities: what is found in a message, as (name, value) in the order of the text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.entities.extraction import EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.entities.words import words
from nlu.training_data import TrainingData


def found(extractor: EntityExtractor, text: str, *names: str) -> list[tuple[str, Any]]:
    return [(e.name, e.value) for e in extractor.extract(text) if not names or e.name in names]


def values(extractor: EntityExtractor, text: str, name: str) -> list[Any]:
    return [value for _, value in found(extractor, text, name)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 of them please", [2]),
        ("two of them", [2]),
        ("x3", [3]),
        ("3x the red one", [3]),
        ("3 × that", [3]),
        ("a couple of those", [2]),
        ("a dozen", [12]),
        ("half a dozen mugs", [6]),
        ("two dozen candles", [24]),
        ("I want twenty-five mugs", [25]),
        ("twenty one candles and three teapots", [21, 3]),
        ("1,000 mugs", [1000]),
        ("make it 3", [3]),
        ("order 2 mugs", [2]),
        ("one please", [1]),
        ("only one", [1]),
        ("no, I meant 3", [3]),
        ("sorry, 3, blue", [3]),
        ("0", [0]),
        ("-2", [-2]),
        ("one more of those", [1]),
        ("the blue one", []),
        ("which one", []),
        ("this one please", []),
        ("no black ones", []),
        ("one less", []),
        ("0.5", []),
        ("a cup of 300 ml", []),
        ("something 30 cm high", []),
        ("in 2-3 days", []),
        ("at 10:30", []),
        ("delivered at 7", []),
        ("5 stars", []),
        ("10/10", []),
        ("room 5", []),
        ("call me at +49 30 1234567", []),
        ("2 black mugs to Main Street 5 please", [2]),
        ("mugs under 15 euros", []),
        ("order 7K3Q9T", []),
        ("number 2", []),
        ("size 42", []),
        ("1234567890123", []),
        ("2 in blue, please", [2]),
        ("a plate 10 in wide", []),
    ],
)
def test_quantities(extractor: EntityExtractor, text: str, expected: list[int]) -> None:
    assert values(extractor, text, "quantity") == expected


def test_more_and_less_are_changes_of_a_quantity(extractor: EntityExtractor) -> None:
    assert values(extractor, "two more of the mugs", "quantity_change") == [2]
    assert values(extractor, "one less", "quantity_change") == [-1]
    assert values(extractor, "3 fewer please", "quantity_change") == [-3]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("I need a black mug, under 15 euros", None, "15"),
        ("road bike under 1500", None, "1500"),
        ("under twenty euros", None, "20"),
        ("max €50", None, "50"),
        ("15 euros max", None, "15"),
        ("20 euros or less", None, "20"),
        ("cheaper than 40", None, "40"),
        ("not more than 20 bucks", None, "20"),
        ("below $9.99", None, "9.99"),
        ("under 1.299,00 €", None, "1299"),
        ("less than 1,299.50 EUR", None, "1299.50"),
        ("under 2k", None, "2000"),
        ("between 20 and 30", "20", "30"),
        ("from 10 to 25 euros", "10", "25"),
        ("15-20 €", "15", "20"),
        ("15–20€", "15", "20"),
        ("€15 - €20", "15", "20"),
        ("around 25", "20", "30"),
        ("about 10 euros", "8", "12"),
        ("at least 30 euros", "30", None),
        ("over £100", "100", None),
        ("a lamp for up to 60, please", None, "60"),
        ("under 50 cm", None, None),
        ("between 2 and 3 days", None, None),
        ("about 5 mugs", None, None),
        ("more than 3 pieces", None, None),
        ("2 mugs", None, None),
        ("10115 Berlin", None, None),
    ],
)
def test_price_ranges(extractor: EntityExtractor, text: str, low: str | None, high: str | None) -> None:
    assert values(extractor, text, "price_min") == ([low] if low else [])
    assert values(extractor, text, "price_max") == ([high] if high else [])
    assert values(extractor, text, "quantity") == (
        [int(text.split()[1])] if text == "about 5 mugs" else []
    ) or not (low or high)


def test_an_amount_without_a_bound_is_a_price(extractor: EntityExtractor) -> None:
    assert values(extractor, "i paid 14,90 €", "price") == ["14.90"]
    assert values(extractor, "I can spend 20 euros", "price") == ["20"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("black mug", [("color", "Black")]),
        ("balck mugs", [("color", "Black")]),
        ("dark green t-shirt", [("color", "Dark Green")]),
        ("gray blanket", [("color", "grey")]),
        ("Bläck", [("color", "Black")]),
        ("blackberry jam", []),
        ("I want it back", []),
        ("I read a book while I wait", []),
        ("is it good", []),
        ("not black", [("not_color", "Black")]),
        ("blue, not black", [("color", "Blue"), ("not_color", "Black")]),
        ("not black, blue", [("not_color", "Black"), ("color", "Blue")]),
        ("anything but black", [("not_color", "Black")]),
        ("not the black one", [("not_color", "Black")]),
        ("anything but black or red", [("not_color", "Black"), ("not_color", "Red")]),
        ("no black ones please", [("not_color", "Black")]),
        ("no, black", [("color", "Black")]),
        ("no the blue one", [("color", "Blue")]),
        ("no blue one", [("color", "Blue")]),
    ],
)
def test_colours(extractor: EntityExtractor, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(extractor, text, "color", "not_color") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size M", ["M"]),
        ("in medium", ["M"]),
        ("do you have it in L", ["L"]),
        ("in l please", ["L"]),
        ("M", ["M"]),
        ("42", ["42"]),
        ("size 42", ["42"]),
        ("size 47", ["47"]),
        ("a large blue shirt", ["L"]),
        ("extra large", ["XL"]),
        ("I'm fine", []),
        ("it's me", []),
        ("42 mugs", []),
    ],
)
def test_sizes(extractor: EntityExtractor, text: str, expected: list[str]) -> None:
    assert values(extractor, text, "size") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stoneware mug", {"product": "stoneware-mug", "material": "Stoneware", "category": "Mugs"}),
        ("stonware mugg", {"product": "stoneware-mug", "material": "Stoneware", "category": "Mugs"}),
        ("the ocean blue teapot", {"product": "ocean-teapot", "color": "Blue", "category": "Teapots"}),
        ("camp lantern", {"product": "camp-lantern"}),
        ("camp", {}),
        ("something wooden", {"material": "wood"}),
        ("a road bike", {"category": "Road Bikes"}),
        ("tshirt or t-shirts", {"category": "T-Shirts"}),
        ("Black-Mug", {"product": "black-mug", "color": "Black", "category": "Mugs"}),
        ("mugs", {"category": "Mugs"}),
    ],
)
def test_the_catalogues_words(extractor: EntityExtractor, text: str, expected: dict[str, str]) -> None:
    assert dict(found(extractor, text, "product", "material", "category", "color")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order 7K3Q9T", ["7K3Q9T"]),
        ("where is #4fd8zn", ["4FD8ZN"]),
        ("status of order number K7M2XQ please", ["K7M2XQ"]),
        ("7K3Q9T", ["7K3Q9T"]),
        ("what about 7k3q9t?", ["7K3Q9T"]),
        ("order OI3Q9T", ["013Q9T"]),
        ("my order HGKMPQ", ["HGKMPQ"]),
        ("order: 123456", ["123456"]),
        ("order 7K3Q9T and order 4FD8ZN", ["7K3Q9T", "4FD8ZN"]),
        ("please cancel my order fabric", []),
        ("my order please", []),
        ("ORDER STATUS", []),
        ("thanks", []),
        ("THANKS", []),
        ("12pack of candles", []),
        ("SAVE20", []),
        ("7K3Q9TT", []),
        ("order 7K3Q9U", []),
        ("123456", []),
        ("a7k3q9t@example.com", []),
    ],
)
def test_order_references(extractor: EntityExtractor, text: str, expected: list[str]) -> None:
    assert values(extractor, text, "order_reference") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("coupon SAVE20", ["SAVE20"]),
        ("use code welcome10", ["WELCOME10"]),
        ("my coupon code is HELLO", ["HELLO"]),
        ('the code is: "SUMMER-5"', ["SUMMER-5"]),
        ("SAVE20", ["SAVE20"]),
        ("my code is wrong", []),
        ("do you have a coupon", []),
        ("MY CODE IS WRONG", []),
    ],
)
def test_coupons(extractor: EntityExtractor, text: str, expected: list[str]) -> None:
    assert values(extractor, text, "coupon") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call me at +49 30 1234567", ["+49301234567"]),
        ("0151 23456789", ["+4915123456789"]),
        ("my number is 030 1234567.", ["+49301234567"]),
        ("+34 612 345 678 or (030) 1234567", ["+34612345678", "+49301234567"]),
        ("12345", []),
        ("Main Street 5, 10115 Berlin", []),
        ("1500 euros", []),
    ],
)
def test_phone_numbers(extractor: EntityExtractor, text: str, expected: list[str]) -> None:
    assert values(extractor, text, "phone") == expected


def test_a_phone_number_is_read_by_the_rules_of_the_shops_region() -> None:
    spanish = EntityExtractor("en", region="ES")
    assert values(spanish, "llámame al 612 345 678", "phone") == ["+34612345678"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna.berg@Example.COM", ["anna.berg@example.com"]),
        ("write to a+b@mail.example.org, please", ["a+b@mail.example.org"]),
        ("mail me: müller@example.de.", ["müller@example.de"]),
        ("a@b", []),
        ("me @ home.de", []),
        ("a..b@example.com", []),
    ],
)
def test_email_addresses(extractor: EntityExtractor, text: str, expected: list[str]) -> None:
    assert values(extractor, text, "email") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 black mugs to Main Street 5 please", {"street": "Main Street 5"}),
        ("send it to main street 5", {"street": "main street 5"}),
        ("it's for Anna Berg, Main Street 5, 10115 Berlin", {"street": "Main Street 5", "postcode": "10115", "city": "Berlin"}),
        ("to Calle Mayor 12, 28013 Madrid", {"street": "Calle Mayor 12", "postcode": "28013", "city": "Madrid"}),
        ("C/ Mayor 12, 28013 Madrid, Spain", {"street": "C/ Mayor 12", "postcode": "28013", "city": "Madrid", "country": "ES"}),
        ("Hauptstr. 7, 10115 Berlin", {"street": "Hauptstr. 7", "postcode": "10115", "city": "Berlin"}),
        ("Hauptstraße 12a", {"street": "Hauptstraße 12a"}),
        ("Unter den Linden 5\n10117 Berlin", {"street": "Unter den Linden 5", "postcode": "10117", "city": "Berlin"}),
        ("Kurfürstendamm 21, 10719 Berlin, Deutschland", {"street": "Kurfürstendamm 21", "postcode": "10719", "city": "Berlin", "country": "DE"}),
        ("221b Baker Street, London NW1 6XE", {"street": "221b Baker Street", "postcode": "NW1 6XE", "city": "London"}),
        ("221 Oak Avenue, London", {"street": "221 Oak Avenue", "city": "London"}),
        ("12 rue de Rivoli, 75001 Paris, France", {"street": "12 rue de Rivoli", "postcode": "75001", "city": "Paris", "country": "FR"}),
        ("my address is 5 Elm Street.", {"street": "5 Elm Street"}),
        ("10115 Berlin", {"postcode": "10115", "city": "Berlin"}),
        ("28013", {"postcode": "28013"}),
        ("3 red road bikes", None),
        ("2 black mugs by the way", None),
        ("2 large square plates", None),
        ("12000 Euros", None),
        ("is it 5 minutes away", None),
        ("no street 5", None),
    ],
)  # fmt: skip
def test_postal_addresses(extractor: EntityExtractor, text: str, expected: dict[str, str] | None) -> None:
    assert values(extractor, text, "address") == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my name is Ana Ruiz", ["Ana Ruiz"]),
        ("my name is ana ruiz and i need a mug", ["Ana Ruiz"]),
        ("MY NAME IS BO", ["BO"]),
        ("I'm Bo", ["Bo"]),
        ("I’m Bo.", ["Bo"]),
        ("it's for Anna Berg, Main Street 5", ["Anna Berg"]),
        ("it's for my mother, Elena García", ["Elena García"]),
        ("i am Vincent van Gogh", ["Vincent van Gogh"]),
        ("call me Jean-Luc O'Neill please", ["Jean-Luc O'Neill"]),
        ("a mug for Peter Schmidt", ["Peter Schmidt"]),
        ("send it to John Smith at 5 Elm Street", ["John Smith"]),
        ("I'm looking for a mug", []),
        ("I'm bored", []),
        ("I'm German", []),
        ("it's Black", []),
        ("a present for Christmas", []),
        ("I'M DONE", []),
        ("for my brother who camps", []),
    ],
)
def test_names_of_people(extractor: EntityExtractor, text: str, expected: list[str]) -> None:
    assert values(extractor, text, "person_name") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the second one", [("ordinal", 2)]),
        ("the last one please", [("ordinal", -1)]),
        ("number 2", [("ordinal", 2)]),
        ("#3", [("ordinal", 3)]),
        ("compare the 1st and the 3rd", [("ordinal", 1), ("ordinal", 3)]),
        ("wait a second", []),
        ("last week", []),
        ("first of all, thanks", []),
        ("something cheaper", [("comparative", "cheaper")]),
        ("is there a less expensive one", [("comparative", "cheaper")]),
        ("the biggest", [("comparative", "biggest")]),
        ("which one weighs less?", [("comparative", "lighter")]),
        ("which of them holds more?", [("comparative", "roomier")]),
        ("what lasts longer?", [("comparative", "longer_lasting")]),
        ("the heaviest", [("comparative", "heaviest")]),
        ("express please", [("delivery_option", "express")]),
        ("I'll pick it up", [("delivery_option", "pickup")]),
        ("Standard Delivery", [("delivery_option", "standard")]),
    ],
)
def test_places_comparisons_and_ways_of_delivery(
    extractor: EntityExtractor, text: str, expected: list[tuple[str, Any]]
) -> None:
    assert found(extractor, text, "ordinal", "comparative", "delivery_option") == expected


def test_a_first_message_with_everything_in_it_is_taken_apart(extractor: EntityExtractor) -> None:
    text = "Hi, I'm Ana Ruiz. 2 black mugs under €20 to Calle Mayor 12, 28013 Madrid, express, code WELCOME10, +34 612 345 678"
    assert dict(found(extractor, text)) == {
        "person_name": "Ana Ruiz",
        "quantity": 2,
        "product": "black-mug",
        "color": "Black",
        "category": "Mugs",
        "price_max": "20",
        "address": {"street": "Calle Mayor 12", "postcode": "28013", "city": "Madrid"},
        "delivery_option": "express",
        "coupon": "WELCOME10",
        "phone": "+34612345678",
    }


def test_the_training_datas_regexes_and_lookups_are_entities_too() -> None:
    data = TrainingData(
        lookups={"occasion": ("birthday", "wedding day")},
        regexes={"sku": (r"\b[A-Z]{2}-(?P<value>\d{3})\b",)},
        synonyms={"b-day": "birthday"},
    )
    extractor = EntityExtractor("en", data=data)
    assert found(extractor, "AB-123 for her b-day") == [("sku", "123"), ("occasion", "birthday")]
    assert values(extractor, "our weding day", "occasion") == ["wedding day"]


def test_a_catalogue_of_fifty_thousand_products_is_known_by_its_titles() -> None:
    products = {f"item-{n}": f"Item {n} of series {n % 97}" for n in range(50_000)}
    extractor = EntityExtractor("en", vocabulary=Vocabulary(products=products))
    assert values(extractor, "Item 97 of series 0", "product") == ["item-97"]


def test_ordinary_words_of_a_title_do_not_name_its_product() -> None:
    products = {"map": "Map of the World", "home": "Home", "lamp": "Anna Rose Lamp"}
    extractor = EntityExtractor("en", vocabulary=Vocabulary(colors=["Rose"], products=products))
    assert values(extractor, "the price of the mug, sent to my home", "product") == []
    assert values(extractor, "the anna rose please", "product") == ["lamp"]
    assert values(extractor, "map of the world", "product") == ["map"]
    assert values(extractor, "my name is Anna Rose", "person_name") == ["Anna Rose"]
    assert values(extractor, "I'm Anna", "person_name") == ["Anna"]


def test_a_common_word_in_the_plural_is_no_misspelt_country() -> None:
    data = TrainingData(lookups={"country": ("grecia", "francia")})
    extractor = EntityExtractor("es", data=data)
    assert found(extractor, "nada más, gracias") == []
    assert values(extractor, "lo mandan a grecai?", "country") == ["grecia"]


def test_a_language_without_its_own_words_gets_english_ones() -> None:
    assert words("xx").language == "en"
    assert values(EntityExtractor("en"), "two mugs", "quantity") == [2]


@given(st.text(max_size=300))
def test_any_text_gives_entities_whose_spans_and_values_are_sound(
    extractor: EntityExtractor, text: str
) -> None:
    for entity in extractor.extract(text):
        assert text[entity.start : entity.end] == entity.text
        assert json.loads(json.dumps(entity.value)) == entity.value


PIECES = ["2", "two", "€", "15", "under", "black", "not", "to", "Main Street", "10115", "Berlin", "#", "order", "7K3Q9T", "code", "SAVE20", "my name is", "Anna", "one", "more", "-", ",", "@", "a@b.de", "size", "M", "é", "\U0001f600", "\ud800", "’", "\n", "+49 30", "1234567", "x", "between", "and", "a dozen"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["", " "]))
def test_claimed_characters_are_never_also_a_quantity(
    extractor: EntityExtractor, pieces: list[str], space: str
) -> None:
    text = space.join(pieces)
    entities = extractor.extract(text)
    counted = [e for e in entities if e.name == "quantity"]
    elsewhere = [
        e
        for e in entities
        if e.name in {"address", "phone", "price_max", "price_min", "order_reference", "coupon", "email"}
    ]
    assert not [(a, b) for a in counted for b in elsewhere if a.start < b.end and b.start < a.end]
    assert all(text[e.start : e.end] == e.text for e in entities)
