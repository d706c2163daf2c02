"""The encoder for languages other than English, as it is installed."""

import threading

import numpy as np
import pytest

from nlu import multilingual
from nlu.embedding import EmbeddingModelError, MiniLmEmbedder
from nlu.multilingual import MultilingualEmbedder, installed_embedder


@pytest.fixture(scope="module")
def encoder() -> MultilingualEmbedder:
    return MultilingualEmbedder()


def test_sentences_that_mean_the_same_are_near_in_and_across_languages(encoder: MultilingualEmbedder) -> None:
    asked, same, english, other = encoder.embed([
        "¿dónde está mi pedido?",
        "en qué estado va mi compra",
        "where is my order?",
        "quiero una taza azul",
    ])  # fmt: skip
    assert asked @ same > asked @ other
    assert asked @ english > asked @ other


@pytest.mark.parametrize("text", ["", "   ", "👍", "\x00", "где мой заказ", "a" * 50_000])
def test_any_text_has_a_unit_vector(encoder: MultilingualEmbedder, text: str) -> None:
    (vector,) = encoder.embed([text])
    assert vector.shape == (encoder.dimensions,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_no_texts_have_no_vectors(encoder: MultilingualEmbedder) -> None:
    assert encoder.embed([]).shape == (0, encoder.dimensions)


def test_threads_get_the_vectors_that_one_thread_gets() -> None:
    texts = [f"quiero {number} tazas" for number in range(40)]
    alone = MultilingualEmbedder(cache_max=0).embed(texts)
    shared, found = MultilingualEmbedder(cache_max=0), dict[int, object]()

    def ask(number: int) -> None:
        found[number] = shared.embed(texts)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for vectors in found.values():
        np.testing.assert_allclose(np.asarray(vectors), alone, atol=1e-5)


def test_english_has_its_own_model_and_each_is_loaded_once() -> None:
    assert isinstance(installed_embedder("en"), MiniLmEmbedder)
    assert installed_embedder("es") is installed_embedder("de")
    assert installed_embedder("es").name != installed_embedder("en").name


def test_weights_that_are_not_the_known_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "WEIGHTS", (multilingual.WEIGHTS[0], "0" * 64))
    with pytest.raises(EmbeddingModelError, match=r"weights\.npz"):
        MultilingualEmbedder()
