"""How well a passage answers a question, as a sum of evidence; and the weights, which are data.

Every passage competes with "none of them", whose score is 0: the best one answers when it is above. The weights are
fitted on questions with known answers (`calibration`); `judgements.yml` holds what was fitted for everybody, a
shop may have a file of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from storage import yaml_files

Scores = NDArray[np.float64]
Kind = Literal["words", "meaning", "topics", "across"]
"""What a judgement goes by: words alone, meaning too, or what the question is about too; or, where question and passage are in
different languages, meaning and topics without words."""

SHIPPED: Final = Path(__file__).parent / "judgements.yml"
EVIDENCE: Final[Mapping[Kind, tuple[str, ...]]] = {
    "words": ("constant", "unasked", "words", "unknown"),
    "meaning": ("constant", "unasked", "words", "unknown", "whole", "sentence", "nearest"),
    "topics": (
        "constant",
        "unasked",
        "words",
        "unknown",
        "whole",
        "sentence",
        "nearest",
        "topic",
        "strange",
    ),
    "across": ("constant", "unasked", "whole", "sentence", "nearest", "topic", "strange"),
}
"""The columns of `Evidence`:

constant, unasked   1; and 1 for a passage that lists no questions, which is never as near as one that does
words, unknown      shares of the question's words, by how rare they are: in the passage, and in no passage at all
whole, sentence,    cosine of the question to the passage, to its nearest sentence, to the nearest of these, of its
nearest             heading and of the questions it lists
topic, strange      how much it is about what the question is about; how unlike anything shops are asked the question is
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each passage: passages × the columns of its kind."""

    kind: Kind
    columns: Scores


class Judgement(BaseModel):
    """The weights of one kind of evidence, for one embedding (None: where there is none)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding: str | None
    kind: Kind
    weights: dict[str, float]

    @model_validator(mode="after")
    def _has_every_weight(self) -> "Judgement":
        if set(self.weights) != set(EVIDENCE[self.kind]):
            raise ValueError(f"the weights of {self.kind} are {', '.join(EVIDENCE[self.kind])}")
        return self

    def scores(self, evidence: Evidence) -> Scores:
        """One for each passage; above 0 it answers, and 1 more is e times the odds."""
        return evidence.columns @ np.array([self.weights[name] for name in EVIDENCE[self.kind]])


class Judgements(BaseModel):
    """All that is fitted; a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judgements: tuple[Judgement, ...]

    def find(self, kind: Kind, embedder: str | None) -> Judgement:
        """The embedding's own, else the first one's: cosines of two models differ less than shops do."""
        same = [each for each in self.judgements if each.kind == kind]
        own = [each for each in same if each.embedding is not None and each.embedding == family(embedder)]
        return (own or same)[0]


def family(embedder: str | None) -> str | None:
    """An embedder's name without its version."""
    return embedder.partition("@")[0] if embedder else None


def read_judgements(path: Path = SHIPPED) -> Judgements:
    """A shop's own, with those that ship for what its file was not fitted to. Raises `yaml_files.Mistakes`."""
    files = dict.fromkeys((path, SHIPPED))
    found = [
        each
        for file in files
        for each in yaml_files.parse(Judgements, yaml_files.load(file), file).judgements
    ]
    first: dict[tuple[str | None, Kind], Judgement] = {}
    for each in found:
        first.setdefault((each.embedding, each.kind), each)
    return Judgements(judgements=tuple(first.values()))


def written(judgements: Sequence[Judgement], made_by: str) -> str:
    """The file's text."""
    lines = [f"# Fitted, not written: {made_by}", "judgements:"]
    for each in judgements:
        lines += [f"  - embedding: {each.embedding or 'null'}", f"    kind: {each.kind}", "    weights:"]
        lines += [f"      {name}: {each.weights[name]:.3f}" for name in EVIDENCE[each.kind]]
    return "\n".join(lines) + "\n"
