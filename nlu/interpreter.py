"""Our own interpreter: one message in, its intents, entities and refusal score out."""

import time
from collections.abc import Iterable, Mapping
from typing import Final

from nlu.entities.extraction import EntityExtractor
from nlu.model import TrainedModel
from nlu.text import clean
from nlu.understanding import Entity, IntentGuess, Understanding

INTENTS_MAX: Final = 10  # how many guesses are handed on


class IntentInterpreter:
    """Understands messages with a trained model and an entity extractor for each language; `model` is the main one's.

    Models and extractors are exchanged while it runs: a message is understood with the ones it began with.
    """

    def __init__(
        self,
        model: TrainedModel,
        *extractors: EntityExtractor,
        others: Iterable[TrainedModel] = (),
    ) -> None:
        self.language = model.card.language
        self._models: Mapping[str, TrainedModel] = {each.card.language: each for each in (model, *others)}
        self._extractors: Mapping[str, EntityExtractor] = {each.language: each for each in extractors}

    def use(self, model: TrainedModel) -> None:
        """From the next message on, understand the model's language with it."""
        self._models = {**self._models, model.card.language: model}

    def use_extractor(self, extractor: EntityExtractor) -> None:
        """From the next message on, find entities of the extractor's language with it (the catalogue changed)."""
        self._extractors = {**self._extractors, extractor.language: extractor}

    def model(self, language: str | None = None) -> TrainedModel:
        """The model that reads this language: the main one's where there is none of its own."""
        models = self._models
        return models.get(language or self.language) or models[self.language]

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        """Understand one message; any text at all, in bounded time, without raising.

        Nothing visible (only white space or control characters) is refused, with no intents.
        """
        started = time.perf_counter()
        model = self.model(language)
        entities = self.entities(text, language=language)
        guesses, score, refused = _guess(model, text)
        return Understanding(
            text=text,
            language=model.card.language,
            intents=guesses,
            entities=entities,
            refused=refused,
            refusal_score=score,
            seconds=time.perf_counter() - started,
        )

    def entities(self, text: str, *, language: str | None = None) -> tuple[Entity, ...]:
        """The entities alone; none where the language has no extractor."""
        extractor = self._extractors.get(self.model(language).card.language)
        return extractor.extract(text) if extractor else ()


def _guess(model: TrainedModel, text: str) -> tuple[tuple[IntentGuess, ...], float, bool]:
    if not clean(text):
        return (), model.threshold, True
    scores = model.scores([text])
    probabilities: list[float] = scores.probabilities[0].tolist()
    best = sorted(zip(model.intents, probabilities, strict=True), key=lambda pair: -pair[1])
    guesses = tuple(IntentGuess(intent, probability) for intent, probability in best[:INTENTS_MAX])
    score = float(scores.refusal[0])
    return guesses, score, score > model.threshold
