"""Training and model files: the same numbers after saving, nothing unchecked, nothing half done."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlu.calibration import assign_folds
from nlu.embedding import MiniLmEmbedder
from nlu.model import ModelFileError, ModelStore, TrainedModel, WorseModel, load, save
from nlu.pipeline import PipelineSettings
from nlu.trained import ensure_model, model_id
from nlu.training import train
from nlu.training_data import Example, TrainingData, TrainingDataError
from tests.nlu.small_shop import AT, N_GRAMS, small_data

TEXTS = ["hello", "where is it", "my money", "👍", "", "x" * 500, "ich möchte mein Geld"]


def test_a_loaded_model_gives_exactly_the_same_scores(
    small_model: TrainedModel, embedder: MiniLmEmbedder, tmp_path: Path
) -> None:
    save(small_model, tmp_path / "model")
    loaded = load(tmp_path / "model", embedder=embedder)
    before, after = small_model.scores(TEXTS), loaded.scores(TEXTS)
    assert np.array_equal(before.log_probabilities, after.log_probabilities)
    assert np.array_equal(before.refusal, after.refusal)
    assert loaded.card == small_model.card
    assert loaded.threshold == small_model.threshold
    assert loaded.predictions == small_model.predictions


def test_a_pipeline_of_n_grams_alone_works_and_needs_no_embedder(tmp_path: Path) -> None:
    model = train(small_data(), N_GRAMS, embedder=None, at=AT)
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model", embedder=None)
    assert np.array_equal(model.scores(TEXTS).refusal, loaded.scores(TEXTS).refusal)
    assert [loaded.intents[best] for best in loaded.scores(["hello you", "refund please"]).best()] == [
        "greet",
        "refund",
    ]


@pytest.mark.parametrize(
    "pipeline",
    [
        ["CharFeaturizer", "LinearSvmClassifier"],
        ["SentenceEmbedding", "LogisticRegressionClassifier"],
        ["SentenceEmbedding", "LinearSvmClassifier"],
    ],
)
def test_every_combination_of_parts_can_be_trained(pipeline: list[str], embedder: MiniLmEmbedder) -> None:
    two = TrainingData(
        tuple(example for example in small_data().examples if example.intent in {"greet", "refund"})
    )
    model = train(two, PipelineSettings.model_validate({"pipeline": pipeline}), embedder=embedder, at=AT)
    scores = model.scores(["hello hello", "please refund me"])
    assert scores.best() == [0, 1]
    assert np.allclose(scores.probabilities.sum(axis=1), 1)


def test_training_twice_gives_the_same_model(small_model: TrainedModel, embedder: MiniLmEmbedder) -> None:
    again = train(small_data(), PipelineSettings(), embedder=embedder, at=AT)
    assert np.array_equal(again.scores(TEXTS).log_probabilities, small_model.scores(TEXTS).log_probabilities)
    assert (
        again.card.id == small_model.card.id == model_id(small_data(), PipelineSettings(), embedder=embedder)
    )


@pytest.mark.parametrize("name", ["weights.npz", "model.json", "predictions.json", "card.json"])
def test_a_changed_file_is_refused(
    small_model: TrainedModel, embedder: MiniLmEmbedder, tmp_path: Path, name: str
) -> None:
    save(small_model, tmp_path / "model")
    content = bytearray((tmp_path / "model" / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "model" / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=f"{name} was changed"):
        load(tmp_path / "model", embedder=embedder)


def test_a_missing_file_another_format_and_another_embedding_are_refused(
    small_model: TrainedModel, embedder: MiniLmEmbedder, tmp_path: Path
) -> None:
    save(small_model, tmp_path / "model")
    with pytest.raises(ModelFileError, match="trained with the embedding"):
        load(tmp_path / "model", embedder=None)
    manifest = tmp_path / "model" / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"format": 0}))
    with pytest.raises(ModelFileError, match="format 0"):
        load(tmp_path / "model", embedder=embedder)
    manifest.write_text("[]")
    with pytest.raises(ModelFileError, match="broken"):
        load(tmp_path / "model", embedder=embedder)
    (tmp_path / "model" / "weights.npz").unlink()
    with pytest.raises(ModelFileError, match="cannot be read"):
        load(tmp_path / "model", embedder=embedder)


def test_a_model_folder_holds_no_pickle(small_model: TrainedModel, tmp_path: Path) -> None:
    save(small_model, tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]
    with np.load(tmp_path / "model" / "weights.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind == "f" for name in arrays.files)


def test_a_second_start_only_loads(embedder: MiniLmEmbedder, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "intent")
    told: list[str] = []
    first, trained = ensure_model(
        store,
        small_data(),
        PipelineSettings(),
        embedder=embedder,
        at=AT,
        progress=lambda what, _: told.append(what),
    )
    assert trained
    assert told[0] == "reading sentences"
    assert told[-1] == "done"
    second, trained = ensure_model(store, small_data(), PipelineSettings(), embedder=embedder, at=AT)
    assert not trained
    assert second.card == first.card
    assert store.current_id("en") == first.card.id
    current = store.load_current("en", embedder=embedder)
    assert current is not None
    assert current.card == first.card
    assert store.load_current("es", embedder=embedder) is None


def test_a_damaged_model_is_trained_again(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    model, _ = ensure_model(store, small_data(), N_GRAMS, embedder=None, at=AT)
    (store.folder(model.card.id) / "weights.npz").write_bytes(b"")
    again, trained = ensure_model(store, small_data(), N_GRAMS, embedder=None, at=AT)
    assert trained
    assert load(store.folder(again.card.id), embedder=None).card == again.card


def test_a_worse_model_is_refused_and_leaves_the_one_in_use_alone_unless_forced(
    small_model: TrainedModel, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path)
    store.adopt(small_model)
    wrong = {key: (meant, "nonsense") for key, (meant, _) in small_model.predictions.items()}
    worse = replace(small_model, card=replace(small_model.card, id="worse"), predictions=wrong)
    with pytest.raises(WorseModel, match=r"0\.0% of the 17 examples"):
        store.adopt(worse)
    assert store.current_id("en") == small_model.card.id
    assert store.has("worse")  # forced later, it need not be trained again
    store.adopt(worse, force=True)
    assert store.current_id("en") == "worse"


def test_examples_whose_intent_was_renamed_do_not_count_against_a_model(
    small_model: TrainedModel, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path)
    store.adopt(small_model)
    renamed = {key: (f"new_{meant}", "nonsense") for key, (meant, _) in small_model.predictions.items()}
    store.adopt(replace(small_model, card=replace(small_model.card, id="renamed"), predictions=renamed))
    assert store.current_id("en") == "renamed"


def test_too_little_data_is_refused_with_a_reason(embedder: MiniLmEmbedder) -> None:
    for examples, message in (
        ((Example("hi", "greet"),), "two intents"),
        ((Example("hi", "greet"), Example("bye", "goodbye")), "more than one example"),
        ((Example("!", "a"), Example("?", "a"), Example("…", "b")), "holds a word"),
    ):
        with pytest.raises(TrainingDataError, match=message):
            train(TrainingData(examples), PipelineSettings(), embedder=embedder, at=AT)
    with pytest.raises(ValueError, match="needs an embedder"):
        train(small_data(), PipelineSettings(), embedder=None, at=AT)


def test_no_class_is_missing_from_a_training_part_and_texts_keep_their_fold() -> None:
    texts = [f"text {number}" for number in range(60)]
    labels = np.array([number // 3 for number in range(57)] + [19, 20, 20], dtype=np.int64)
    folds = assign_folds(texts, labels, 5)
    for fold in range(5):
        assert set(labels[folds != fold]) == set(labels)
    assert folds[57] == -1
    fewer = assign_folds(texts[:30], labels[:30], 5)
    assert np.mean(fewer == folds[:30]) == 1


def test_out_of_scope_examples_draw_a_border_and_are_no_intent(embedder: MiniLmEmbedder) -> None:
    alien = tuple(f"who won the match number {number}" for number in range(30))
    data = replace(small_data(), out_of_scope=alien)
    model = train(data, PipelineSettings(), embedder=embedder, at=AT)
    assert model.intents == ("greet", "order_status", "rare", "refund")
    assert model.card.out_of_scope_refused == 1.0
    assert model.scorer.border is not None
    assert model.calibration.weights != (
        0.25,
        0.25,
        0.25,
        0.25,
    )  # the border is the fourth sign of being in scope


@pytest.mark.parametrize("quantile", [0.0, 0.2, 0.5])
def test_no_more_of_what_it_was_taught_is_refused_than_allowed(
    embedder: MiniLmEmbedder, quantile: float
) -> None:
    parts = ["WordFeaturizer", "SentenceEmbedding", "LinearSvmClassifier"]
    refusal = {"name": "OutOfScopeRefusal", "precision": 0.99, "quantile": quantile}
    settings = PipelineSettings.model_validate({"pipeline": [*parts, refusal]})
    assert train(small_data(), settings, embedder=embedder, at=AT).card.refused <= quantile


def test_the_card_tells_what_was_learnt_and_how_well(small_model: TrainedModel) -> None:
    card = small_model.card
    assert card.intents == {"greet": 6, "order_status": 6, "rare": 1, "refund": 5}
    assert card.examples == 18
    assert card.data_sha256 == small_data().digest()
    assert 0 <= card.macro_f1 <= 1
    assert {"numpy", "scikit-learn", "python"} <= set(card.versions)
