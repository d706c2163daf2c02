"""The intents that the bot reads, as topics by which questions and passages of documents are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge_base.topics import TopicReader, TopicReading
from nlu.linear import log_softmax
from nlu.model import TrainedModel

HEAT: Final = 1.5  # probabilities are softened so far: what is asked between two intents is of both


@dataclass(frozen=True, slots=True)
class IntentReader:
    """How probable each intent is. The product of two rows is the Bhattacharyya coefficient of their distributions."""

    model: TrainedModel

    @property
    def name(self) -> str:
        return f"intents-{self.model.card.id}"

    @property
    def topics(self) -> tuple[str, ...]:
        return self.model.intents

    def read(self, texts: Sequence[str]) -> TopicReading:
        """Two intents of 90 have nothing in common for it, however near their names are."""
        scores = self.model.scores(texts)
        rows = np.exp(log_softmax(scores.log_probabilities / HEAT) / 2)
        return TopicReading(rows.astype(np.float32), scores.refusal)


@dataclass(frozen=True, slots=True)
class IntentTopics:
    """The readers of the languages that the shop understands; `model_of` tells the model that a language has now."""

    model_of: Callable[[str], TrainedModel | None]

    def reader(self, language: str) -> TopicReader | None:
        model = self.model_of(language)
        return IntentReader(model) if model is not None else None
