"""The examples most like a message, by meaning where there is an embedding, else by letters."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.embedding import MiniLmEmbedder
from nlu.entities.extraction import EntityExtractor
from nlu.interpreter import IntentInterpreter
from nlu.model import TrainedModel
from nlu.nearest import NearestExamples
from nlu.training import train
from nlu.training_data import TrainingData
from tests.nlu.small_shop import AT, N_GRAMS, small_data

EMOJI = st.text(st.sampled_from("😀🛒🎁👍🏽👨‍👩‍👧❤️🇧🇪"), max_size=200)
SURROGATES = st.text(st.characters(categories=("Cs",)), max_size=50)
CONTROLS = st.text(st.characters(categories=("Cc", "Cf", "Zl", "Zp", "Co")), max_size=200)
LONG = st.builds(
    lambda piece, times: (piece * times)[:100_000],
    st.text(st.characters(), min_size=1, max_size=20),
    st.just(100_000),
)


@pytest.fixture(scope="module")
def near(shop_model: TrainedModel, shop_data: TrainingData) -> NearestExamples:
    return NearestExamples(shop_model, shop_data.examples)


def test_an_example_is_nearest_to_itself_and_is_told_with_its_place(
    near: NearestExamples, shop_data: TrainingData
) -> None:
    example = next(each for each in shop_data.examples if each.intent == "order_status")
    first, *others = near.find(example.text)
    assert (first.text, first.intent, first.file, first.line) == (
        example.text,
        example.intent,
        example.file,
        example.line,
    )
    assert first.similarity > 0.99
    assert [each.similarity for each in others] == sorted((each.similarity for each in others), reverse=True)
    assert len(others) == 4


def test_meaning_finds_what_shares_no_word(small_model: TrainedModel) -> None:
    found = NearestExamples(small_model, small_data().examples).find("reimburse my purchase")
    assert found[0].intent == "refund"


@pytest.mark.parametrize("shuffled", [False, True], ids=["no embedding", "examples in another order"])
def test_letters_decide_where_meaning_cannot(
    embedder: MiniLmEmbedder, small_model: TrainedModel, shuffled: bool
) -> None:
    data = small_data()
    model = small_model if shuffled else train(data, N_GRAMS, embedder=None, at=AT)
    examples = tuple(reversed(data.examples)) if shuffled else data.examples
    found = NearestExamples(model, examples).find("has my parcel shipped?")
    assert found[0].text == "has my parcel shipped"
    assert 0.5 < found[0].similarity <= 1.0001


@settings(deadline=None, max_examples=40)
@given(text=EMOJI | SURROGATES | CONTROLS | LONG | st.text(st.characters(), max_size=300))
def test_any_text_at_all_is_parsed_and_compared_in_bounded_time(
    near: NearestExamples, shop_model: TrainedModel, extractor: EntityExtractor, text: str
) -> None:
    started = time.thread_time()
    understood = IntentInterpreter(shop_model, extractor).parse(text)
    nearest = near.find(text)
    assert time.thread_time() - started < 3, "of this thread's own time"
    assert understood.text == text
    assert understood.refused or understood.intent is not None
    assert understood.intents or not nearest
    assert 0 <= sum(guess.probability for guess in understood.intents) <= 1 + 1e-6
    assert all(understood.text[each.start : each.end] == each.text for each in understood.entities)
