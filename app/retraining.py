"""Training again while the shop is open: what staff labelled is learnt, and used from the next message on.

The interpreter sees by itself which model is in use, so a training has nothing to tell it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from nlu import labelled
from nlu.languages import name_of
from nlu.model import ModelStore, TrainedModel, WorseModel
from nlu.training_data import Example, TrainingData, TrainingDataError
from storage.engine import Database

log = structlog.get_logger()


class Fit(Protocol):
    """The model of a language's data, put to use, and whether it had to be trained. Raises WorseModel."""

    def __call__(
        self, data: TrainingData, *, language: str, progress: Callable[[str, float], None]
    ) -> tuple[TrainedModel, bool]: ...


class Retraining:
    """One training at a time; pages look at `share` and `outcome` as often as they like."""

    def __init__(
        self, database: Database, store: ModelStore, shipped: Mapping[str, TrainingData], fit: Fit
    ) -> None:
        self._database = database
        self._store = store
        self._shipped = shipped
        self._fit = fit
        self._digests: dict[
            str, tuple[list[Example], str]
        ] = {}  # of each language, with what was labelled then
        self._running: asyncio.Task[None] | None = None
        self._share: float | None = None
        self._outcome: tuple[str, ...] = ()

    @property
    def share(self) -> float | None:
        """How much of a training is done (0–1); None while there is none."""
        return self._share

    @property
    def outcome(self) -> Sequence[str]:
        """What came of the last training, a sentence for each language."""
        return self._outcome

    def intents(self, language: str) -> Sequence[str]:
        """What a message of that language may be labelled with, sorted; of a strange one, as of the main one."""
        return self._shipped.get(language, next(iter(self._shipped.values()))).intents

    def is_due(self, session: Session) -> bool:
        """Whether staff labelled something that the models in use have not learnt yet."""
        return any(
            self._store.learnt_from(language) != self._digest(language, labelled.examples(session, language))
            for language in self._shipped
        )

    def _digest(self, language: str, told: list[Example]) -> str:
        """Of a language's data; thousands of examples are not gone through at every look of an open page."""
        known = self._digests.get(language)
        if known is None or known[0] != told:
            known = self._digests[language] = (told, self._shipped[language].taught(told).digest())
        return known[1]

    async def train(self) -> None:
        """Train now, and put to use what is no worse. Joins a training that is under way."""
        if self._running is None or self._running.done():
            self._share, self._outcome = 0.0, ()
            self._running = asyncio.create_task(self._train(), name="retraining")
        await asyncio.shield(self._running)  # whoever asked for it may leave the page

    async def _train(self) -> None:
        try:
            data = await self._database.look(self._taught)
            for place, (language, examples) in enumerate(data.items()):
                sentence = await asyncio.to_thread(self._learn, language, examples, place, len(data))
                self._outcome = (*self._outcome, sentence)
        finally:
            self._share = None

    def _taught(self, session: Session) -> dict[str, TrainingData]:
        return {
            language: data.taught(labelled.examples(session, language))
            for language, data in self._shipped.items()
        }

    def _learn(self, language: str, data: TrainingData, place: int, languages: int) -> str:
        """Train one language's model; how it went."""

        def tell(_what: str, done: float) -> None:
            self._share = (place + done) / languages

        name = name_of(language, in_language="en")  # the console speaks English
        try:
            model, trained = self._fit(data, language=language, progress=tell)
        except WorseModel as error:
            log.warning("training.worse", language=language, new=error.new, old=error.old)
            return (
                f"{name}: the new model reads only {error.new:.1%} of {error.examples} known sentences right, the one "
                f"in use {error.old:.1%}. So nothing was changed. Look through what was taught."
            )
        except TrainingDataError as error:
            log.warning("training.refused", language=language, reason=str(error))
            return f"{name}: nothing was changed. {error}"
        if not trained:
            return f"{name}: there was nothing new to learn."
        return (
            f"{name}: learnt, and in use. It reads {model.card.accuracy:.1%} of {model.card.examples} sentences right "
            "that it was tested on without having seen them."
        )
