"""Slots: how an answer is read from a message, for each kind of question."""

from typing import Any

import pytest

from bot.dialogue import slots
from bot.dialogue.slots import Slot, Unfit, answer, diallable
from bot.dialogue.state import Choice
from nlu.entities.extraction import EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.training_data import TrainingData
from nlu.understanding import IntentGuess, Understanding

EXTRACTOR = EntityExtractor(
    "en", region="BE", vocabulary=Vocabulary(colors=("sand", "forest"), sizes=("350 ml",))
)
MUGS = [
    Choice(value="s3", label="Sand, 350 ml", words=["Sand", "350 ml"]),
    Choice(value="s4", label="Sand, 470 ml", words=["Sand", "470 ml"]),
    Choice(value="f4", label="Forest, 470 ml", words=["Forest", "470 ml"]),
]
WAYS = [
    Choice(value="standard", label="Standard delivery", words=["standard", "Standard", "delivery"]),
    Choice(value="express", label="Express delivery", words=["express", "Express", "delivery"]),
    Choice(value="pickup", label="Pickup at the shop", words=["pickup", "Pickup", "at", "the", "shop"]),
]


def heard(text: str, intent: str | None = "inform", sure: float = 0.95) -> Understanding:
    guesses = (IntentGuess(intent, sure),) if intent else ()
    return Understanding(text, "en", guesses, EXTRACTOR.extract(text), refused=intent is None)


def read(kind: str, text: str, choices: list[Choice] | None = None, **details: Any) -> Any:
    intent, sure = details.pop("intent", "inform"), details.pop("sure", 0.95)
    return answer(Slot.model_validate({"type": kind, **details}), heard(text, intent, sure), choices or [])


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("the second", "s4"),
        ("the last one", "f4"),
        ("3", "f4"),
        ("forest", "f4"),
        ("the forest one please", "f4"),
        ("350", "s3"),
        ("sand 470", "s4"),
        ("forst", "f4"),
        ("not the sand one", "f4"),
        ("sand", None),
        ("470", None),
        ("4", None),
        ("purple", None),
        ("", None),
    ],
)
def test_a_choice_is_named_placed_or_described(said: str, value: str | None) -> None:
    assert read("id", said, MUGS) == value


@pytest.mark.parametrize(
    ("said", "left"), [("sand", ["s3", "s4"]), ("470 ml", ["s4", "f4"]), ("purple", []), ("forest", [])]
)
def test_words_that_fit_several_choices_leave_these(said: str, left: list[str]) -> None:
    assert [choice.value for choice in slots.narrowed(heard(said), MUGS)] == left


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("blanco", "w"),
        ("la blanca", "w"),
        ("la blanca no, la chica", "b"),
        ("la blanca no", None),
        ("las grandes", "bl"),
        ("negra chica", "b"),
    ],
)
def test_a_look_said_in_another_language_is_the_catalogues_own_word(said: str, value: str | None) -> None:
    vocabulary = Vocabulary(colors=("White", "Black"), sizes=("S", "L"))
    data = TrainingData(synonyms={"blanco": "white", "blanca": "white", "negra": "black"})
    entities = EntityExtractor("es", region="ES", vocabulary=vocabulary, data=data).extract(said)
    choices = [
        Choice(value="w", label="White, S", words=["White", "S"]),
        Choice(value="b", label="Black, S", words=["Black", "S"]),
        Choice(value="bl", label="Black, L", words=["Black", "L"]),
    ]
    understood = Understanding(said, "es", (IntentGuess("inform", 0.95),), entities, refused=False)
    assert slots.picked(understood, choices) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("express please", "express"),
        ("standart", "standard"),
        ("exp", "express"),
        ("pickup", "pickup"),
        ("add the linen apron", None),
        ("delivery", None),
    ],
)
def test_a_way_of_delivery_is_understood_misspelt_and_never_by_filler(said: str, value: str | None) -> None:
    assert read("choice", said, WAYS, entity="delivery_option") == value


@pytest.mark.parametrize(
    ("said", "intent", "value"),
    [
        ("Anna Berg", "inform", "Anna Berg"),
        ("anna berg", "inform", "Anna Berg"),
        ("my name is bo lind", "inform", "Bo Lind"),
        ("Jean-Luc O'Neill", "inform", "Jean-Luc O'Neill"),
        ("María José García", None, "María José García"),
        ("Ana Brown", "inform", "Ana Brown"),
        ("12345", "inform", None),
        ("thanks", "thanks", None),
        ("standard delivery please", "inform", None),
        ("is that needed?", "inform", None),
        ("for me", "inform", None),
        ("", None, None),
        ("a b c d e f", "inform", None),
    ],
)
def test_a_name_is_a_few_words_that_say_nothing_else(
    said: str, intent: str | None, value: str | None
) -> None:
    assert read("name", said, intent=intent, entity="person_name") == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("+32 9 123 45 67", "+3291234567"),
        ("0474 12 34 56", "+32474123456"),
        ("my number is +49 30 1234567", "+49301234567"),
        ("612 345 678", "612345678"),
        ("hello", None),
        ("12345", Unfit("utter_phone_unfit")),
    ],
)
def test_a_phone_number_is_kept_as_it_can_be_dialled(said: str, value: object) -> None:
    assert read("phone", said, entity="phone") == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Main Street 5, 9000 Ghent", {"street": "Main Street 5", "postcode": "9000", "city": "Ghent"}),
        ("main st 5 10115 berlin", {"street": "Main St 5", "postcode": "10115", "city": "Berlin"}),
        ("lindenweg 3 20095 hamburg", {"street": "Lindenweg 3", "postcode": "20095", "city": "Hamburg"}),
        ("Main Street 5", {"street": "Main Street 5"}),
        ("at home", None),
        ("is Main Street 5 near you?", {"street": "Main Street 5"}),
        ("why 5?", None),
    ],
)
def test_an_address_is_read_tidy_or_not(said: str, value: dict[str, str] | None) -> None:
    assert read("address", said, entity="address") == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("9000 Ghent", {"postcode": "9000", "city": "Ghent"}),
        ("9000 ghent", {"postcode": "9000", "city": "Ghent"}),
        ("Berlin", {"city": "Berlin"}),
        ("10115", {"postcode": "10115"}),
        ("Main Street 5", {"street": "Main Street 5"}),
        ("why?", None),
    ],
)
def test_the_rest_of_an_address(said: str, value: dict[str, str] | None) -> None:
    assert read("place", said) == value


@pytest.mark.parametrize(
    ("before", "told", "known"),
    [
        ({"street": "A 1"}, {"city": "Ghent"}, {"street": "A 1", "city": "Ghent"}),
        ({"city": "Ghent"}, {"street": "A 1"}, {"street": "A 1", "city": "Ghent"}),
        ({"street": "A 1", "city": "Ghent"}, {"city": "Bruges"}, {"street": "A 1", "city": "Bruges"}),
        ({"street": "A 1", "city": "Ghent"}, {"street": "B 2"}, {"street": "B 2"}),
        (None, {"city": "Ghent"}, {"city": "Ghent"}),
        ("Anna", "Bo", "Bo"),
    ],
)
def test_parts_of_an_address_told_one_by_one_belong_together(
    before: object, told: object, known: object
) -> None:
    assert slots.completed(before, told) == known


@pytest.mark.parametrize(
    ("intent", "sure", "value"),
    [
        ("affirm", 0.9, True),
        ("deny", 0.9, False),
        ("affirm", 0.5, None),
        ("checkout", 0.9, True),
        ("greet", 0.9, None),
    ],
)
def test_yes_is_a_clear_yes_or_what_means_it_here(intent: str, sure: float, value: bool | None) -> None:
    assert read("boolean", "…", intent=intent, sure=sure, affirmed_by=["checkout"]) is value


def test_a_bare_postcode_is_an_address_only_when_one_is_asked_for() -> None:
    known = {"address": Slot(type="address", entity="address")}
    assert slots.mentioned(known, {"address"}, heard("12345")) == {}
    assert slots.mentioned(known, {"address"}, heard("Main Street 5")) == {
        "address": {"street": "Main Street 5"}
    }
    assert read("address", "12345", entity="address") == {"postcode": "12345"}


@pytest.mark.parametrize(
    ("shared", "number"),
    [("09 234 56 78", "+3292345678"), ("+49 30 1234567", "+49301234567"), ("12", None), ("call me", None)],
)
def test_a_shared_number_is_kept_as_it_can_be_dialled_from_anywhere(shared: str, number: str | None) -> None:
    assert diallable(shared, region="BE") == number
