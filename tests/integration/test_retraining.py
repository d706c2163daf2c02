"""What staff label is kept, learnt while the shop is open, and used from the next message on."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app import wiring
from app.retraining import Retraining
from app.wiring import LearningInterpreter
from nlu import labelled, trained
from nlu.interpreter import IntentInterpreter
from nlu.labelled import NotTeachable
from nlu.model import ModelStore, TrainedModel
from nlu.training_data import OUT_OF_SCOPE, Example, TrainingData
from storage.engine import Database
from tests.nlu.small_shop import AT, N_GRAMS, SMALL

pytestmark = pytest.mark.anyio

ENDS = ("", " please", " now", " today", ", thanks")
SHIPPED = TrainingData(
    tuple(
        Example(f"{text}{end}", intent) for intent, texts in SMALL.items() for text in texts for end in ENDS
    )
)
"""Enough examples that a few more change little."""


def fit(
    store: ModelStore, data: TrainingData, *, language: str, progress: Callable[[str, float], None]
) -> tuple[TrainedModel, bool]:
    assert language == "en"
    return trained.ensure_model(store, data, N_GRAMS, embedder=None, at=AT, progress=progress)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    store = ModelStore(tmp_path / "models")
    trained.ensure_model(store, SHIPPED, N_GRAMS, embedder=None, at=AT)
    return store


@pytest.fixture
def retraining(database: Database, store: ModelStore) -> Retraining:
    return Retraining(database, store, {"en": SHIPPED}, partial(fit, store))


def teach(database: Database, intent: str, *texts: str) -> None:
    def label(session: Session) -> None:
        for text in texts:
            labelled.label(session, text, language="en", intent=intent, at=AT)

    database.write_now(label)


def listening(database: Database, store: ModelStore) -> LearningInterpreter:
    model = store.load_current("en", embedder=None)
    assert model is not None
    return LearningInterpreter(
        IntentInterpreter(model), database, store, {"en": SHIPPED}, region="BE", now=lambda: AT
    )


async def test_a_label_is_learnt_and_used_without_a_restart(
    database: Database, store: ModelStore, retraining: Retraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "LOOK_SECONDS", 0.0)
    interpreter = listening(database, store)
    words = "ahoy shopkeeper, what ho"
    meant = "greet" if interpreter.parse(words).intents[0].name != "greet" else "order_status"
    teach(database, meant, words, "ahoy shopkeeper", "what ho shopkeeper", "ahoy and what ho")
    assert database.read(retraining.is_due)
    await retraining.train()
    assert not database.read(retraining.is_due)
    assert retraining.share is None
    assert "learnt, and in use" in retraining.outcome[0]
    assert interpreter.parse(words).intents[0].name == meant


async def test_two_who_ask_at_once_get_one_training(database: Database, retraining: Retraining) -> None:
    teach(database, "refund", "dosh back now")
    await asyncio.gather(retraining.train(), retraining.train())
    assert len(retraining.outcome) == 1


async def test_a_worse_model_is_told_and_not_used(
    database: Database, store: ModelStore, retraining: Retraining
) -> None:
    before = store.current_id("en")
    teach(
        database,
        "greet",
        *(f"{text} {word}" for text in SMALL["order_status"] for word in ("now", "ok", "yes")),
    )
    await retraining.train()
    assert store.current_id("en") == before
    assert "nothing was changed" in retraining.outcome[0]
    assert database.read(retraining.is_due)  # it can be taken back
    await retraining.train()
    assert "nothing was changed" in retraining.outcome[0]


async def test_nothing_new_is_said_to_be_nothing_new(retraining: Retraining) -> None:
    await retraining.train()
    assert retraining.outcome == ("English: there was nothing new to learn.",)


def test_a_later_label_of_the_same_words_replaces_the_earlier_one(database: Database) -> None:
    teach(database, "greet", "Dosh  back")
    teach(database, "refund", "dosh back")
    assert database.read(lambda session: labelled.examples(session, "en")) == [Example("dosh back", "refund")]


@pytest.mark.parametrize("text", ["", "  ", "?!", "a" * 401])
def test_what_nothing_can_be_learnt_from_is_refused(database: Database, text: str) -> None:
    with pytest.raises(NotTeachable):
        teach(database, "greet", text)


def test_what_staff_say_counts_over_what_came_with_parley() -> None:
    data = SHIPPED.taught([Example("Sing a song", "greet"), Example("where is my order", OUT_OF_SCOPE)])
    assert Example("sing a song", "rare") not in data.examples
    assert Example("Sing a song", "greet") in data.examples
    assert "where is my order" in data.out_of_scope
    assert all(example.text != "where is my order" for example in data.examples)


def test_a_label_without_an_intent_of_ours_is_left_out_and_named() -> None:
    told = [Example("fly me to the moon", "book_flight")]
    assert SHIPPED.taught(told).digest() == SHIPPED.digest()
    (problem,) = labelled.without_a_flow(told, SHIPPED.intents)
    assert "book_flight" in problem.message


def test_what_is_taken_back_is_forgotten(database: Database, retraining: Retraining) -> None:
    teach(database, "refund", "dosh back now")

    def take_back(session: Session) -> None:
        labelled.unlabel(session, 1)
        labelled.unlabel(session, 99)  # taken back already, by somebody else

    database.write_now(take_back)
    assert not database.read(retraining.is_due)
