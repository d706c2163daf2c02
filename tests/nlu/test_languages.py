"""Telling languages apart, and hearing which one is asked for."""

import csv
from pathlib import Path

import pytest

from nlu.languages import LanguageDetector, Spoken, name_of, named_languages
from nlu.training_data import Example, TrainingData, load, shipped

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector({language: load(shipped(language)) for language in ("en", "es")})


@pytest.mark.parametrize("language", ["en", "es"])
def test_held_out_messages_are_of_their_language_and_most_of_them_clearly(
    detector: LanguageDetector, language: str
) -> None:
    with (HERE / f"heldout_{language}.csv").open(encoding="utf-8") as file:
        found = [detector.detect(row["text"]) for row in csv.DictReader(file)]
    assert {each.language for each in found} <= {language, None}
    assert sum(each.clear for each in found) >= 0.9 * len(found)


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "si",
        "sí",
        "no",
        "No.",
        "2",
        "hola",
        "hello",
        "gracias",
        "yes",
        "chocolate",
        "total",
        "express",
        "👍",
    ],
)
def test_a_word_alone_is_never_clear(detector: LanguageDetector, text: str) -> None:
    assert not detector.detect(text).clear


@pytest.mark.parametrize(
    "text", ["José Luis Ortega Núñez", "María Fernández García", "Anna Berg", "John Smith", "Bo"]
)
def test_names_are_of_no_clear_language(detector: LanguageDetector, text: str) -> None:
    assert not detector.detect(text).clear


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("kiero comprr una tasa", "es"),
        ("CUANTO CUESTA ESTO", "es"),
        ("quiero la black mug por favor", "es"),
        ("dónde está mi order", "es"),
        ("quiero dos", "es"),
        ("wher is my oder", "en"),
        ("i want it", "en"),
        ("hola, do you ship to spain?", "en"),
    ],
)
def test_typos_and_a_word_of_another_language_leave_it_clear(
    detector: LanguageDetector, text: str, language: str
) -> None:
    assert detector.detect(text) == Spoken(language, clear=True)


@pytest.mark.parametrize("text", ["", "   ", "123 456", "?!", "где мой заказ", "where is mi pedido"])
def test_what_says_nothing_of_its_language_or_is_half_and_half_points_nowhere(
    detector: LanguageDetector, text: str
) -> None:
    assert detector.detect(text).language is None


def test_one_language_needs_no_telling() -> None:
    assert LanguageDetector({"en": TrainingData((Example("hello there", "greet"),))}).detect(
        "hello there"
    ) == Spoken(None)


def test_a_third_language_is_learnt_from_its_examples_alone() -> None:
    texts = {
        "en": ["where is my order", "i want my money back"],
        "es": ["dónde está mi pedido", "quiero mi dinero"],
        "de": ["wo ist meine bestellung", "ich will mein geld"],
    }
    detector = LanguageDetector(
        {
            language: TrainingData(tuple(Example(text, "any") for text in said for _ in range(9)))
            for language, said in texts.items()
        }
    )
    for language, (first, second) in texts.items():
        assert detector.detect(f"{first} {second}") == Spoken(language, clear=True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("in Spanish please", ["es"]),
        ("en inglés por favor", ["en"]),
        ("en ingles porfa", ["en"]),
        ("castellano", ["es"]),
        ("Español", ["es"]),
        ("sprichst du deutsch?", ["de"]),
        ("parlez-vous français", ["fr"]),
        ("I don't speak English well, Spanish please", ["en", "es"]),
        ("which languages do you speak", []),
    ],
)
def test_languages_are_named_in_ours_and_in_their_own_words(text: str, named: list[str]) -> None:
    assert named_languages(text, ("en", "es")) == named


def test_a_language_has_its_name_in_each_language() -> None:
    assert name_of("en", in_language="es") == "inglés"
    assert name_of("es", in_language="es") == "español"
