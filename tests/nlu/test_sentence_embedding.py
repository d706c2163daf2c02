"""Sentence embeddings from data files."""

import shutil
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from nlu import embedding
from nlu.embedding import EmbeddingModelError, MiniLmEmbedder


def test_texts_of_one_meaning_are_closer_than_others(embedder: MiniLmEmbedder) -> None:
    vectors = embedder.embed(["where is my parcel", "has my package shipped yet", "a recipe for lasagne"])
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_a_text_gets_the_same_vector_alone_in_a_batch_and_from_memory(embedder: MiniLmEmbedder) -> None:
    texts = [f"message number {'very ' * (number % 7)}{number}" for number in range(40)]
    forgetful = MiniLmEmbedder(cache_max=0)
    together = forgetful.embed(texts)
    alone = np.vstack([forgetful.embed([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.array_equal(embedder.embed(texts), embedder.embed(texts))


def test_nothing_and_everything_can_be_embedded(embedder: MiniLmEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)
    vectors = embedder.embed(["", "\ud800", "👍", "word " * 20_000, "x" * 100_000, "ﷺ" * 100_000])
    assert np.isfinite(vectors).all()


def test_a_folder_with_the_two_files_can_take_the_models_place(
    tmp_path: Path, embedder: MiniLmEmbedder
) -> None:
    for (distribution, file, _), name in (
        (embedding.MINILM_MODEL, "model.onnx"),
        (embedding.MINILM_TOKENIZER, "tokenizer.json"),
    ):
        shutil.copy(str(metadata.distribution(distribution).locate_file(file)), tmp_path / name)
    other = MiniLmEmbedder(tmp_path)
    assert np.array_equal(other.embed(["a black mug"]), embedder.embed(["a black mug"]))
    assert other.name.split("@")[1] == embedder.name.split("@")[1]


def test_a_folder_without_the_files_says_what_it_must_hold(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingModelError, match=r"must hold model\.onnx and tokenizer\.json"):
        MiniLmEmbedder(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"no model")
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(EmbeddingModelError, match=r"tokenizer\.json cannot be read"):
        MiniLmEmbedder(tmp_path)


def test_an_installed_file_with_another_hash_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    distribution, file, _ = embedding.MINILM_TOKENIZER
    monkeypatch.setattr(embedding, "MINILM_TOKENIZER", (distribution, file, "0" * 64))
    with pytest.raises(EmbeddingModelError, match="not the file we know"):
        MiniLmEmbedder()
    monkeypatch.setattr(embedding, "MINILM_TOKENIZER", ("no-such-distribution", file, "0" * 64))
    with pytest.raises(EmbeddingModelError, match="is missing"):
        MiniLmEmbedder()
