"""The public data sets that understanding is measured on; they are no part of Parley, so a folder holds them."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from nlu.training_data import Example, TrainingData, load


class MissingData(Exception):  # noqa: N818 - what the person must mend
    """Files of data sets are missing or cannot be read; says what to put where."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a model learns from, and what it is asked afterwards; the second never helps to learn or to choose."""

    name: str
    known: TrainingData
    asked: TrainingData

    def few(self, shots: int, *, seed: int) -> "DataSet":
        """The same with `shots` examples of each intent, which the seed chooses."""
        by_intent: defaultdict[str, list[Example]] = defaultdict(list)
        for example in self.known.examples:
            by_intent[example.intent].append(example)
        chance = np.random.default_rng(seed)
        chosen: list[Example] = []
        for intent in sorted(by_intent):
            places: list[int] = chance.permutation(len(by_intent[intent]))[:shots].tolist()
            chosen.extend(by_intent[intent][place] for place in places)
        return replace(self, known=replace(self.known, examples=tuple(chosen)))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a data set comes from, which files it needs, and how they are read."""

    name: str
    folder: str
    files: tuple[str, ...]
    origin: str  # where to get it
    read: Callable[[Path], tuple[TrainingData, TrainingData]]
    optional: bool = False


def _tables(out_of_scope: str, known: str, asked: str) -> Callable[[Path], tuple[TrainingData, TrainingData]]:
    """Reads two CSVs."""

    def read(folder: Path) -> tuple[TrainingData, TrainingData]:
        return (
            load(folder / known, out_of_scope=out_of_scope),
            load(folder / asked, out_of_scope=out_of_scope),
        )

    return read


def _clinc(folder: Path) -> tuple[TrainingData, TrainingData]:
    parts: dict[str, list[list[str]]] = json.loads((folder / "data_full.json").read_bytes())

    def part(name: str) -> TrainingData:
        examples = tuple(Example(text, intent) for text, intent in parts[name])
        return TrainingData(examples, tuple(text for text, _ in parts[f"oos_{name}"]))

    return part("train"), part("test")


BANKING77: Final = Source(
    "BANKING77",
    "banking77",
    ("train.csv", "test.csv"),
    "github.com/PolyAI-LDN/task-specific-datasets, banking_data",
    _tables("", "train.csv", "test.csv"),
)
CLINC150: Final = Source(
    "CLINC150", "clinc150", ("data_full.json",), "github.com/clinc/oos-eval, data/data_full.json", _clinc
)
SOFMATTRESS: Final = Source(
    "SOFMattress",
    "sofmattress",
    ("sofmattress_train.csv", "sofmattress_test.csv"),
    "github.com/hellohaptik/HINT3, dataset/v1",
    _tables("NO_NODES_DETECTED", "sofmattress_train.csv", "sofmattress_test.csv"),
)
HWU64: Final = Source(
    "HWU64",
    "hwu64",
    ("train.csv", "test.csv"),
    "github.com/alexa/dialoglue, data_utils/hwu",
    _tables("", "train.csv", "test.csv"),
    optional=True,
)
SOURCES: Final = (BANKING77, CLINC150, HWU64, SOFMATTRESS)


def read_all(folder: Path) -> dict[str, DataSet]:
    """The data sets by name; optional ones where they are. Raises MissingData that names all that is missing."""
    present = {source.name: _is_there(source, folder) for source in SOURCES}
    missing = [source for source in SOURCES if not present[source.name] and not source.optional]
    if missing:
        wanted = [
            f"  {folder / source.folder}/: {', '.join(source.files)} (from {source.origin})"
            for source in missing
        ]
        raise MissingData(
            "\n".join(["Data to measure with is missing (or name its folder: --data):", *wanted])
        )
    return {source.name: _read(source, folder) for source in SOURCES if present[source.name]}


def _is_there(source: Source, folder: Path) -> bool:
    return all((folder / source.folder / file).is_file() for file in source.files)


def _read(source: Source, folder: Path) -> DataSet:
    try:
        known, asked = source.read(folder / source.folder)
    except (KeyError, TypeError, ValueError) as error:
        detail: Any = error.args[0] if isinstance(error, KeyError) else error
        raise MissingData(
            f"{folder / source.folder} does not hold {source.name} as {source.origin} has it: {detail}"
        ) from error
    return DataSet(source.name, known, asked)
