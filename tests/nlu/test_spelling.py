"""Misspelt words are read as taught ones; known ones are left alone."""

import time

import pytest

from nlu.embedding import MiniLmEmbedder
from nlu.interpreter import IntentInterpreter
from nlu.model import TrainedModel
from nlu.spelling import Speller, taught_words
from nlu.text import words_of_name

TAUGHT = ("where is my order", "track my parcel", "is my parcel there", "delivery please", "cancellation")


@pytest.fixture(scope="module")
def speller(embedder: MiniLmEmbedder) -> Speller:
    return Speller(taught_words(TAUGHT), embedder.knows)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("wheres my parcle?", "where my parcel?"),
        ("Delivrey plz", "delivery plz"),
        ("CANCELATOIN", "cancellation"),
        ("ordr", "order"),
        ("where is my order", "where is my order"),
        ("my border", "my border"),  # a word of its own
        ("trak", "track"),
        ("trk", "trk"),  # too short to tell
        ("xyzzyplugh", "xyzzyplugh"),
        ("", ""),
        ("日本語 123 👍", "日本語 123 👍"),
    ],
)
def test_a_slip_is_mended_and_a_word_is_kept(speller: Speller, written: str, read: str) -> None:
    assert speller.mend(written) == read


def test_of_equally_near_words_the_more_frequent_is_meant() -> None:
    speller = Speller(taught_words(["parcel", "parcex", "parcex"]), lambda _word: False)
    assert speller.mend("parce") == "parcex"


def test_long_nonsense_is_read_in_bounded_time(shop_model: TrainedModel) -> None:
    assert shop_model.speller is not None
    started = time.perf_counter()
    shop_model.speller.mend(" ".join(f"qwzx{'abcdefghij'[n % 10]}{'klmnop'[n % 6]}yy" for n in range(120)))
    assert time.perf_counter() - started < 1


def test_a_misspelt_wish_is_understood(shop_model: TrainedModel) -> None:
    interpreter = IntentInterpreter(shop_model)
    heard = interpreter.parse("wher is my prcel")
    assert heard.text == "wher is my prcel"
    assert heard.intents[0].name == interpreter.parse("where is my parcel").intents[0].name
    assert not heard.refused


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("track_order", "track order"),
        ("faq/track-order", "faq track order"),
        ("TrackOrder", "track order"),
        ("100_NIGHT_TRIAL", "night trial"),
        ("título", "título"),
        ("17", ""),
    ],
)
def test_names_in_code_say_what_they_mean(name: str, words: str) -> None:
    assert words_of_name(name) == words
