"""A trained model and its folder: arrays and JSON only, every file checked by hash before it is read.

<root>/<id>/weights.npz       numbers (numpy, allow_pickle=False)
<root>/<id>/model.json        n-gram terms, calibration, words, shapes
<root>/<id>/predictions.json  what cross-validation read each example as, by the hash of its text
<root>/<id>/card.json         what it was trained on, how good it is, and with which library versions
<root>/<id>/manifest.json     SHA-256 of each file above
<root>/current.<language>     the id of the model in use
"""

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from nlu.embedding import Embedder
from nlu.linear import LinearClassifier
from nlu.ngrams import Floats, NgramFeatures, NgramTable
from nlu.scorer import Calibration, IntentScorer, Scores
from nlu.spelling import Speller
from nlu.text import clean

FORMAT: Final = 3  # raised when the files or the features change: older models are trained again
WORSE_BY_MAX: Final = 0.02  # how much accuracy a new model may lose on what both were tested on

_FILES: Final = ("weights.npz", "model.json", "predictions.json", "card.json")
_FIX: Final = "train it again: parley train"


class ModelFileError(ValueError):
    """A model's folder is incomplete, changed, or of another format or embedding; says which."""


class WorseModel(ValueError):  # noqa: N818 - it is a verdict, not a fault
    """The new model reads fewer of the same examples right than the one in use."""

    def __init__(self, *, new: float, old: float, examples: int) -> None:
        super().__init__(
            f"the new model reads {new:.1%} of the {examples} examples that both were tested on, the one in use {old:.1%}: "
            "look at the examples that changed, or use it all the same: parley train --force"
        )
        self.new, self.old, self.examples = new, old, examples


@dataclass(frozen=True, slots=True)
class Confusion:
    """Examples of one intent that held-out scoring read as another, with one of them."""

    intent: str
    read_as: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Where a model comes from and how good it is; the scores are cross-validated, each example held out once."""

    id: str
    language: str
    trained_at: str
    data_sha256: str
    settings: dict[str, Any]
    embedder: str | None
    examples: int
    out_of_scope_examples: int
    intents: dict[str, int]
    accuracy: float
    macro_f1: float
    refused: float  # share of in-scope examples that would have been refused
    out_of_scope_refused: (
        float | None
    )  # share of the merchant's out-of-scope examples that would have been refused
    confusions: tuple[Confusion, ...]
    versions: dict[str, str] = field(default_factory=dict[str, str])
    seed: int = 0
    seconds: float = 0.0  # how long training took


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Everything that reading a message needs. Immutable, and safe to share between threads."""

    card: ModelCard
    scorer: IntentScorer
    calibration: Calibration
    embedder: Embedder | None
    speller: Speller | None  # None without an embedding: n-grams of characters forgive slips by themselves
    predictions: dict[str, tuple[str, str]]  # hash of a text → its intent, and what held-out scoring read

    @property
    def intents(self) -> tuple[str, ...]:
        return self.scorer.intents

    @property
    def threshold(self) -> float:
        """Refusal scores above this are refused."""
        return self.calibration.threshold

    def scores(self, texts: Sequence[str]) -> Scores:
        """Calibrated log-probabilities and refusal scores, one row for each text."""
        cleaned = [self._tidied(text) for text in texts]
        embedding = self.embedder.embed(cleaned) if self.embedder else None
        return self.scorer.scores(cleaned, embedding, self.calibration)

    def _tidied(self, text: str) -> str:
        return self.speller.mend(clean(text)) if self.speller else clean(text)


# --- one folder -------------------------------------------------------------------------------------------


def save(model: TrainedModel, folder: Path) -> None:
    """Write the model's folder in one move: it is there whole, or not at all. An existing one is kept."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        hashes = {name: _write(draft / name, content) for name, content in _contents(model).items()}
        _write(draft / "manifest.json", _json({"format": FORMAT, "sha256": hashes}))
        draft.chmod(0o755)
        draft.rename(folder)
    except OSError:
        if not (folder / "manifest.json").exists():  # else another process wrote the same model first
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def load(folder: Path, *, embedder: Embedder | None) -> TrainedModel:
    """Read a model's folder. Raises ModelFileError when anything is missing, changed or does not fit."""
    files = _verified(folder)
    try:
        header, card = json.loads(files["model.json"]), _card(json.loads(files["card.json"]))
        arrays = _arrays(files["weights.npz"])
        scorer, calibration = _scorer(header, arrays), _calibration(header["calibration"])
        predictions = {key: (str(a), str(b)) for key, (a, b) in json.loads(files["predictions.json"]).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{folder} does not hold a model we can read ({error!r}): {_FIX}") from error
    if card.embedder != (embedder.name if embedder and card.embedder else None):
        found = embedder.name if embedder else "none"
        raise ModelFileError(
            f"{folder} was trained with the embedding {card.embedder}, and this is {found}: {_FIX}"
        )
    used = embedder if card.embedder else None
    speller = Speller(header["words"], used.knows) if used else None
    return TrainedModel(card, scorer, calibration, used, speller, predictions)


def _contents(model: TrainedModel) -> dict[str, bytes]:
    arrays: dict[str, NDArray[Any]] = {}
    for number, table in enumerate(model.scorer.ngrams.tables):
        arrays[f"idf_{number}"] = table.idf
    for number, classifier in enumerate(model.scorer.classifiers):
        arrays[f"intercept_{number}"] = classifier.intercept
        for block in ("ngram_weights", "embedding_weights"):
            weights = getattr(classifier, block)
            if weights is not None:
                arrays[f"{block}_{number}"] = weights
    if model.scorer.neighbours is not None:
        arrays["neighbours"] = model.scorer.neighbours
    if model.scorer.border is not None and model.scorer.border.embedding_weights is not None:
        arrays["border_weights"] = model.scorer.border.embedding_weights
        arrays["border_intercept"] = model.scorer.border.intercept
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **cast("dict[str, Any]", arrays))
    return {
        "weights.npz": buffer.getvalue(),
        "model.json": _json(_header(model)),
        "predictions.json": _json(model.predictions),
        "card.json": _json(asdict(model.card), indent=2),
    }


def _header(model: TrainedModel) -> dict[str, Any]:
    return {
        "intents": model.scorer.intents,
        "embedding_weight": model.scorer.embedding_weight,
        "ngrams": [
            {"kind": table.kind, "ngrams": table.ngrams, "terms": table.terms}
            for table in model.scorer.ngrams.tables
        ],
        "classifiers": [classifier.kind for classifier in model.scorer.classifiers],
        "calibration": asdict(model.calibration),
        "words": model.speller.words if model.speller else (),
    }


def _scorer(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> IntentScorer:
    tables = [
        NgramTable(entry["kind"], tuple(entry["ngrams"]), tuple(entry["terms"]), arrays[f"idf_{number}"])
        for number, entry in enumerate(header["ngrams"])
    ]
    classifiers = tuple(
        LinearClassifier(
            kind,
            arrays.get(f"ngram_weights_{number}"),
            arrays.get(f"embedding_weights_{number}"),
            arrays[f"intercept_{number}"],
        )
        for number, kind in enumerate(header["classifiers"])
    )
    intents = tuple(map(str, header["intents"]))
    neighbours: Floats | None = arrays.get("neighbours")
    border = (
        LinearClassifier("logistic", None, arrays["border_weights"], arrays["border_intercept"])
        if "border_weights" in arrays
        else None
    )
    weight = float(header["embedding_weight"])
    return IntentScorer(intents, NgramFeatures(tables), classifiers, neighbours, weight, border)


def _calibration(saved: dict[str, Any]) -> Calibration:
    return Calibration(
        tuple(saved["temperatures"]),
        saved["fused_temperature"],
        tuple(saved["means"]),
        tuple(saved["deviations"]),
        tuple(saved["weights"]),
        saved["threshold"],
    )


def _card(saved: dict[str, Any]) -> ModelCard:
    confusions = tuple(Confusion(**confusion) for confusion in saved.pop("confusions"))
    return ModelCard(**saved, confusions=confusions)


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _verified(folder: Path) -> dict[str, bytes]:
    """The bytes of every file, each with the hash that the manifest promises."""
    try:
        manifest: Any = json.loads((folder / "manifest.json").read_bytes())
        files = {name: (folder / name).read_bytes() for name in _FILES}
        if manifest["format"] != FORMAT:
            raise ModelFileError(f"{folder} has format {manifest['format']}, not {FORMAT}: {_FIX}")
        for name, content in files.items():
            if hashlib.sha256(content).hexdigest() != manifest["sha256"][name]:
                raise ModelFileError(f"{folder / name} was changed after it was written: {_FIX}")
    except OSError as error:
        raise ModelFileError(f"{error.filename} cannot be read ({error.strerror}): {_FIX}") from error
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelFileError(f"{folder / 'manifest.json'} is broken ({error!r}): {_FIX}") from error
    return files


def _write(path: Path, content: bytes) -> str:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(content).hexdigest()


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8")


# --- all folders ------------------------------------------------------------------------------------------


class ModelStore:
    """The models of a home, and which of them is in use for each language."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, model_id: str) -> Path:
        return self.root / model_id

    def has(self, model_id: str) -> bool:
        return (self.folder(model_id) / "manifest.json").exists()

    def discard(self, model_id: str) -> None:
        """Delete a model's folder; nothing happens when there is none."""
        shutil.rmtree(self.folder(model_id), ignore_errors=True)

    def load(self, model_id: str, *, embedder: Embedder | None) -> TrainedModel:
        """Raises ModelFileError."""
        return load(self.folder(model_id), embedder=embedder)

    def current_id(self, language: str) -> str | None:
        """The id of the model in use, or None when there is none yet."""
        pointer = self.root / f"current.{language}"
        return pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None

    def load_current(self, language: str, *, embedder: Embedder | None) -> TrainedModel | None:
        """The model in use, or None when there is none yet. Raises ModelFileError."""
        current = self.current_id(language)
        return self.load(current, embedder=embedder) if current else None

    def learnt_from(self, language: str) -> str | None:
        """The digest of the data that the model in use was trained on; None where there is no readable one."""
        current = self.current_id(language)
        try:
            return (
                str(json.loads((self.folder(current) / "card.json").read_bytes())["data_sha256"])
                if current
                else None
            )
        except (OSError, ValueError, KeyError):
            return None

    def adopt(self, model: TrainedModel, *, force: bool = False) -> None:
        """Save the model and put it to use; repeating it changes nothing.

        Raises WorseModel, and leaves the one in use alone, when the new one is more than two points less
        accurate on the examples that both were tested on (each held out from its training), unless forced.
        One that knows other intents than the new one can stay in use no longer, however well it read them.
        """
        save(model, self.folder(model.card.id))  # a refused one, too: it need not be trained twice
        if not force:
            self._refuse_worse(model)
        self.use(model.card.id, model.card.language)

    def use(self, model_id: str, language: str) -> None:
        """Point at a saved model, in one move."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".current-", dir=self.root)
        os.close(handle)
        _write(Path(draft), model_id.encode())
        Path(draft).replace(self.root / f"current.{language}")

    def _refuse_worse(self, model: TrainedModel) -> None:
        current = self.current_id(model.card.language)
        if current is None or current == model.card.id:
            return
        try:
            files = _verified(self.folder(current))
            before = json.loads(files["predictions.json"])
            known = _card(json.loads(files["card.json"])).intents
        except (ModelFileError, TypeError):
            return  # what is in use cannot be used any more: anything is better
        if known.keys() != model.card.intents.keys():
            return
        shared = [
            key
            for key, (intent, _) in model.predictions.items()
            if key in before and before[key][0] == intent
        ]
        if not shared:
            return
        new = sum(model.predictions[key][0] == model.predictions[key][1] for key in shared) / len(shared)
        old = sum(before[key][0] == before[key][1] for key in shared) / len(shared)
        if new < old - WORSE_BY_MAX:
            raise WorseModel(new=new, old=old, examples=len(shared))
