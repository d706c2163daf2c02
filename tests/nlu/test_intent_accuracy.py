"""Floors of accuracy, on sentences that training never sees."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.stage import Template
from nlu.embedding import MiniLmEmbedder
from nlu.evaluation import calibration_error, evaluate, evaluate_file, matthews_correlation
from nlu.interpreter import IntentInterpreter
from nlu.metrics import accuracy, confusion_pairs, macro_f1
from nlu.model import TrainedModel
from nlu.pipeline import PipelineSettings
from nlu.text import clean
from nlu.training import train
from nlu.training_data import TrainingData, load, shipped
from tests.nlu.small_shop import AT, N_GRAMS

HERE = Path(__file__).parent
PUBLIC = HERE.parents[2] / "shared" / "data" / "nlu"


def test_held_out_sentences_are_not_in_the_training_data(shop_data: TrainingData) -> None:
    taught = {clean(example.text).casefold().strip("?!.") for example in shop_data.examples}
    held_out = load(HERE / "heldout_en.csv")
    assert not [
        example.text for example in held_out.examples if clean(example.text).casefold().strip("?!.") in taught
    ]
    assert len(held_out.examples) >= 150
    assert set(held_out.intents) == set(shop_data.intents)


def test_the_shops_intents_are_recognised(shop_model: TrainedModel) -> None:
    figures = evaluate(shop_model, load(HERE / "heldout_en.csv"))
    assert figures["accuracy"] >= 0.93, figures["confusions"]
    assert figures["accuracy_with_refusal"] >= 0.92
    assert figures["calibration_error"] <= 0.08


@pytest.fixture(scope="module")
def spanish(shop_template: Template) -> TrainedModel:
    """The demo shop's Spanish model."""
    return shop_template.learnt.models["es"]


def test_spanish_held_out_sentences_are_not_in_its_training_data() -> None:
    data, held_out = load(shipped("es")), load(HERE / "heldout_es.csv")
    taught = {clean(example.text).casefold().strip("¿?¡!.") for example in data.examples}
    assert not [
        example.text
        for example in held_out.examples
        if clean(example.text).casefold().strip("¿?¡!.") in taught
    ]
    assert set(held_out.intents) == set(data.intents) == set(load(shipped("en")).intents)
    assert min(held_out.counts.values()) >= 3
    assert min(data.counts.values()) >= 30


def test_the_shops_intents_are_recognised_in_spanish(spanish: TrainedModel) -> None:
    figures = evaluate(spanish, load(HERE / "heldout_es.csv"))
    assert figures["accuracy"] >= 0.93, figures["confusions"]
    assert figures["accuracy_with_refusal"] >= 0.92


def test_what_no_shop_answers_is_refused_in_spanish(spanish: TrainedModel) -> None:
    sentences = (HERE / "off_topic_es.txt").read_text("utf-8").splitlines()
    interpreter = IntentInterpreter(spanish)
    answered = [text for text in sentences if not interpreter.parse(text).refused]
    assert len(answered) <= 0.1 * len(sentences), answered


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_a_shop_answers_is_rarely_refused(shop_template: Template, language: str) -> None:
    figures = evaluate(shop_template.learnt.models[language], load(HERE / f"heldout_{language}.csv"))
    assert figures["refused"] <= 0.04


def test_the_shop_s_model_reads_what_its_training_held_out(shop_model: TrainedModel) -> None:
    assert shop_model.card.accuracy >= 0.75  # cross-validated: each example read by a model without it


def test_the_spanish_model_reads_what_its_training_held_out(spanish: TrainedModel) -> None:
    assert spanish.card.accuracy >= 0.7
    assert (spanish.card.out_of_scope_refused or 0) >= 0.85


def test_what_no_shop_answers_is_refused(shop_model: TrainedModel) -> None:
    sentences = (HERE / "off_topic_en.txt").read_text().splitlines()
    interpreter = IntentInterpreter(shop_model)
    answered = [text for text in sentences if not interpreter.parse(text).refused]
    assert len(answered) <= 0.2 * len(sentences), answered


def test_merchants_out_of_scope_examples_help_to_refuse(
    shop_data: TrainingData, shop_model: TrainedModel, embedder: MiniLmEmbedder
) -> None:
    without = train(replace(shop_data, out_of_scope=()), PipelineSettings(), embedder=embedder, at=AT)
    off_topic = replace(
        load(HERE / "heldout_en.csv"),
        out_of_scope=tuple((HERE / "off_topic_en.txt").read_text().splitlines()),
    )
    before, after = (evaluate(model, off_topic)["out_of_scope"]["recall"] for model in (without, shop_model))
    assert after > before


def test_a_small_sample_of_banking77_is_read_well(embedder: MiniLmEmbedder) -> None:
    folder = PUBLIC / "banking77"
    if not folder.exists():
        pytest.skip("needs BANKING77 in ../shared/data/nlu/banking77")
    train_all, test_all = load(folder / "train.csv"), load(folder / "test.csv")
    few = [
        e
        for intent in train_all.intents[:20]
        for e in [x for x in train_all.examples if x.intent == intent][:10]
    ]
    asked = [example for example in test_all.examples if example.intent in train_all.intents[:20]][::4]
    model = train(TrainingData(tuple(few)), PipelineSettings(), embedder=embedder, at=AT)
    assert evaluate(model, TrainingData(tuple(asked)))["accuracy"] >= 0.85


def test_a_file_is_evaluated_by_training_on_another_alone(tmp_path: Path) -> None:
    known = tmp_path / "train.csv"
    known.write_text(
        "text,intent\nhello you,greet\nhi you,greet\nhello,greet\nbye now,bye\nbye bye,bye\ngoodbye,bye\n"
    )
    asked = tmp_path / "test.csv"
    asked.write_text("text,intent\nhello hello,greet\nbye,bye\nhm,late\nxyzzy,none\n")
    figures = evaluate_file(
        asked, settings=N_GRAMS, embedder=None, at=AT, train_file=known, out_of_scope="none", seed=3
    )
    assert figures["sentences"] == 3
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["intents_unknown_to_the_model"] == ["late"]
    assert figures["out_of_scope"]["sentences"] == 1
    assert figures["trained_on"]["seed"] == 3
    assert json.loads(json.dumps(figures)) == figures
    with pytest.raises(ValueError, match="nothing to evaluate"):
        evaluate_file(asked, settings=N_GRAMS, embedder=None, at=AT)


def test_figures_are_what_their_formulas_say() -> None:
    truth, read = ["a", "a", "b", "c"], ["a", "b", "b", "b"]
    assert accuracy(truth, read) == 0.5
    assert macro_f1(truth, read) == pytest.approx((2 / 3 + 2 / 4 + 0) / 3)
    assert confusion_pairs(truth, read) == [("a", "b", 1), ("c", "b", 1)]
    assert matthews_correlation(["a", "b"], ["a", "b"]) == 1
    assert matthews_correlation(["a", "b"], ["b", "a"]) == -1
    assert matthews_correlation(["a", "b"], ["a", "a"]) == 0
    assert calibration_error(["a", "a"], ["a", "b"], [0.5, 0.5]) == pytest.approx(0)
    assert calibration_error(["a", "a"], ["b", "b"], [0.9, 0.9]) == pytest.approx(0.9)
