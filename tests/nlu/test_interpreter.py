"""The interpreter: any text, in bounded time, with the model of the moment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.entities.extraction import EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.interpreter import IntentInterpreter
from nlu.model import TrainedModel
from nlu.training import train
from nlu.training_data import Example, TrainingData
from nlu.understanding import Interpreter
from tests.nlu.small_shop import AT, N_GRAMS


@pytest.fixture(scope="module")
def interpreter(shop_model: TrainedModel, extractor: EntityExtractor) -> IntentInterpreter:
    return IntentInterpreter(shop_model, extractor)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("where is my order?", "order_status"),
        ("WHERE IS MY ORDER", "order_status"),
        ("2 of them please", "add_to_cart"),
        ("do they go in the dishwasher?", "product_question"),
        ("I need a black mug for coffee, under 15 euros", "search_product"),
        ("👍🏽", "affirm"),
        ("no, I meant 3", "correct"),
        ("human!", "human_agent"),
    ],
)
def test_what_people_want_is_understood(interpreter: IntentInterpreter, text: str, intent: str) -> None:
    understood = interpreter.parse(text)
    assert understood.intent == intent
    assert understood.text == text
    assert understood.language == "en"


def test_probabilities_come_best_first_and_are_probabilities(interpreter: IntentInterpreter) -> None:
    probabilities = [guess.probability for guess in interpreter.parse("the second one").intents]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1 + 1e-9
    assert len(probabilities) == 10


def test_entities_come_with_the_intents(interpreter: IntentInterpreter) -> None:
    understood = interpreter.parse("2 black mugs to Main Street 5 please")
    assert understood.value("quantity") == 2
    assert understood.value("address") == {"street": "Main Street 5"}


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b", "\x00"])
def test_nothing_to_read_is_refused_without_intents(interpreter: IntentInterpreter, text: str) -> None:
    understood = interpreter.parse(text)
    assert understood.refused
    assert understood.intent is None
    assert understood.intents == ()


@pytest.mark.parametrize("text", ["a" * 100_000, "1 " * 50_000, "Street 5 " * 12_000, "ﷺ" * 100_000, "my name is " * 9_000, "😀" * 100_000, "a@" * 50_000, "between 1 and " * 8_000])  # fmt: skip
def test_a_hundred_thousand_characters_are_read_like_any_message(
    interpreter: IntentInterpreter, text: str
) -> None:
    understood = interpreter.parse(text)
    assert understood.text == text
    assert all(0 <= entity.start < entity.end <= len(text) for entity in understood.entities)


@settings(deadline=None)
@given(st.text(st.characters(), max_size=400))
def test_any_text_is_understood_without_raising(interpreter: IntentInterpreter, text: str) -> None:
    understood = interpreter.parse(text)
    assert understood.text == text
    assert understood.refused or understood.intent is not None


def test_a_new_model_is_used_from_the_next_message_on(shop_model: TrainedModel) -> None:
    interpreter = IntentInterpreter(shop_model)
    assert interpreter.parse("where is my order").intent == "order_status"
    examples = [("hello", "a"), ("hello you", "a"), ("where is my order", "b"), ("where is it", "b")]
    other = train(TrainingData(tuple(Example(*pair) for pair in examples)), N_GRAMS, embedder=None, at=AT)
    interpreter.use(other)
    assert interpreter.parse("where is my order").intents[0].name == "b"
    assert interpreter.model() is other


def test_a_new_catalogue_is_known_from_the_next_message_on(shop_model: TrainedModel) -> None:
    interpreter: IntentInterpreter = IntentInterpreter(shop_model)
    assert interpreter.parse("a zebra cup").entities == ()
    interpreter.use_extractor(EntityExtractor("en", vocabulary=Vocabulary(categories=["Zebra Cups"])))
    assert interpreter.parse("a zebra cup").value("category") == "Zebra Cups"


def test_an_unknown_language_is_read_by_the_first_model(shop_model: TrainedModel) -> None:
    interpreter: Interpreter = IntentInterpreter(shop_model)
    assert interpreter.parse("hello", language="xx").language == "en"
