"""What people ask any shop, and how a document would put the answer; data by language, in `asked/`.

A question and the passage that answers it often have no word and little meaning in common ("who runs this place?").
A statement of the same topic is much nearer to the passage, and near to none where the documents say nothing of it.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from knowledge_base.embedding import Embedder, Vectors
from knowledge_base.wording import primary_language
from storage import yaml_files

FOLDER: Final = Path(__file__).parent / "asked"


class Topic(BaseModel):
    """Something that shops are asked about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: str  # as a document would
    asked: tuple[str, ...]  # as people do


class _File(BaseModel):
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class TopicVectors:
    """One language's topics as one model sees them."""

    says: Vectors
    asked: Vectors
    topic_of: tuple[int, ...]  # of each row of `asked`

    def nearest(self, question: Vectors) -> tuple[float, Vectors]:
        """How near the question is to the nearest one of a topic (a cosine), and what that topic says."""
        cosines = self.asked @ question
        best = int(np.argmax(cosines))
        return float(cosines[best]), self.says[self.topic_of[best]]


@cache
def topics_of(language: str) -> tuple[Topic, ...]:
    """The topics of "en", "en-GB" …; none for a language that has no file."""
    path = FOLDER / f"{primary_language(language)}.yml"
    return yaml_files.parse(_File, yaml_files.load(path), path).topics if path.exists() else ()


@lru_cache(maxsize=8)
def topic_vectors(embedder: Embedder, language: str) -> TopicVectors | None:
    """Embedded once for each model; None for a language without topics."""
    topics = topics_of(language)
    if not topics:
        return None
    asked = [(question, place) for place, topic in enumerate(topics) for question in topic.asked]
    return TopicVectors(
        says=embedder.embed([topic.says for topic in topics]),
        asked=embedder.embed([question for question, _ in asked]),
        topic_of=tuple(place for _, place in asked),
    )
