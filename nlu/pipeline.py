"""The `languages` and `pipeline` section of config.yml, for one language: which features and classifiers understand a message.

It is written the way Rasa writes its pipeline: a list of components, each by name, with its own options.

    languages: [en]
    pipeline:
      - name: WordFeaturizer              # TF-IDF of words and pairs of words
      - name: CharFeaturizer              # TF-IDF of 2–5 characters within words: typos
      - name: SentenceEmbedding           # what a sentence means: synonyms and paraphrases
      - name: LinearSvmClassifier         # on all features above
      - name: LogisticRegressionClassifier  # on the embedding alone
      - name: OutOfScopeRefusal           # when to believe none of it

Leave SentenceEmbedding out and everything still works, on n-grams alone.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from rapidfuzz import process


class Component(BaseModel):
    """One step of the pipeline: frozen, and strict about its options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_options(cls, options: Any) -> Any:
        for option in options if isinstance(options, dict) else ():  # pyright: ignore[reportUnknownVariableType] - raw YAML
            if option not in cls.model_fields:
                raise ValueError(_unknown("option", str(option), cls.model_fields))  # pyright: ignore[reportUnknownArgumentType] - raw YAML
        return options  # pyright: ignore[reportUnknownVariableType] - raw YAML


class Ngrams(Component):
    """A TF-IDF featurizer's options: the shortest and the longest n-gram."""

    ngrams: tuple[Annotated[int, Field(ge=1, le=8)], Annotated[int, Field(ge=1, le=8)]]

    @field_validator("ngrams")
    @classmethod
    def _in_order(cls, ngrams: tuple[int, int]) -> tuple[int, int]:
        if ngrams[0] > ngrams[1]:
            raise ValueError(f"ngrams goes from the shortest to the longest: [{ngrams[1]}, {ngrams[0]}]")
        return ngrams


class WordFeaturizer(Ngrams):
    """TF-IDF of runs of words."""

    name: Literal["WordFeaturizer"] = "WordFeaturizer"
    ngrams: tuple[int, int] = (1, 2)


class CharFeaturizer(Ngrams):
    """TF-IDF of runs of characters inside word boundaries; survives typos."""

    name: Literal["CharFeaturizer"] = "CharFeaturizer"
    ngrams: tuple[int, int] = (2, 5)


class SentenceEmbedding(Component):
    """A sentence embedding, `weight` times as long as the n-gram vectors beside it.

    `model` is a folder with model.onnx and tokenizer.json; None is the model that Parley installs.
    """

    name: Literal["SentenceEmbedding"] = "SentenceEmbedding"
    weight: float = Field(default=2.0, gt=0, le=100)
    model: Path | None = None


class LinearSvmClassifier(Component):
    """A linear support vector machine, one against the rest, on all features."""

    name: Literal["LinearSvmClassifier"] = "LinearSvmClassifier"
    C: float = Field(default=0.5, gt=0)


class LogisticRegressionClassifier(Component):
    """Multinomial logistic regression on the embedding; on the n-grams where there is none."""

    name: Literal["LogisticRegressionClassifier"] = "LogisticRegressionClassifier"
    C: float = Field(default=10.0, gt=0)


class OutOfScopeRefusal(Component):
    """Refuses what the model would read right less often than `precision`, judged by training data it had not seen.

    Of that data itself it refuses `quantile` at most. `folds` of cross-validation measure both, and the temperatures
    that make probabilities honest.
    """

    name: Literal["OutOfScopeRefusal"] = "OutOfScopeRefusal"
    precision: float = Field(default=0.75, gt=0, lt=1)
    quantile: float = Field(default=0.1, ge=0, lt=1)
    folds: int = Field(default=5, ge=2, le=20)


AnyComponent = Annotated[
    WordFeaturizer
    | CharFeaturizer
    | SentenceEmbedding
    | LinearSvmClassifier
    | LogisticRegressionClassifier
    | OutOfScopeRefusal,
    Field(discriminator="name"),
]
FEATURIZERS = ("WordFeaturizer", "CharFeaturizer", "SentenceEmbedding")
CLASSIFIERS = ("LinearSvmClassifier", "LogisticRegressionClassifier")
COMPONENTS = (*FEATURIZERS, *CLASSIFIERS, "OutOfScopeRefusal")


def _recommended() -> tuple[AnyComponent, ...]:
    return (
        WordFeaturizer(),
        CharFeaturizer(),
        SentenceEmbedding(),
        LinearSvmClassifier(),
        LogisticRegressionClassifier(),
        OutOfScopeRefusal(),
    )


class PipelineSettings(BaseModel):
    """Language and components. The default is what measured best."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")
    pipeline: tuple[AnyComponent, ...] = Field(default_factory=_recommended)

    @field_validator("pipeline", mode="before")
    @classmethod
    def _refuse_unknown_components(cls, pipeline: Any) -> Any:
        """Name the nearest component, and accept a bare name for a component without options."""
        if not isinstance(pipeline, list | tuple):
            raise ValueError("pipeline is a list of components, such as - name: WordFeaturizer")  # noqa: TRY004 - pydantic gathers ValueErrors
        return [_named(component) for component in pipeline]  # pyright: ignore[reportUnknownVariableType] - raw YAML

    @model_validator(mode="after")
    def _complete(self) -> "PipelineSettings":
        names = [component.name for component in self.pipeline]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} is named twice in the pipeline")
        if not set(names) & set(FEATURIZERS):
            raise ValueError(f"the pipeline needs a featurizer: {', '.join(FEATURIZERS)}")
        if not set(names) & set(CLASSIFIERS):
            raise ValueError(f"the pipeline needs a classifier: {', '.join(CLASSIFIERS)}")
        return self

    @property
    def refusal(self) -> OutOfScopeRefusal:
        """How refusing is set up; its defaults where the pipeline does not name it."""
        found = [component for component in self.pipeline if isinstance(component, OutOfScopeRefusal)]
        return found[0] if found else OutOfScopeRefusal()

    @property
    def embedding(self) -> SentenceEmbedding | None:
        """The embedding component, or None for a pipeline of n-grams alone."""
        return next((c for c in self.pipeline if isinstance(c, SentenceEmbedding)), None)

    @property
    def ngram_featurizers(self) -> tuple[WordFeaturizer | CharFeaturizer, ...]:
        return tuple(c for c in self.pipeline if isinstance(c, WordFeaturizer | CharFeaturizer))

    @property
    def classifiers(self) -> tuple[LinearSvmClassifier | LogisticRegressionClassifier, ...]:
        return tuple(
            c for c in self.pipeline if isinstance(c, LinearSvmClassifier | LogisticRegressionClassifier)
        )


def _named(component: Any) -> Any:
    if isinstance(component, Component):
        return component
    if isinstance(component, str):
        component = {"name": component}
    if not isinstance(component, dict) or "name" not in component:
        raise ValueError(f"a component has a name, such as - name: WordFeaturizer; found {component!r}")
    name = str(component["name"])  # pyright: ignore[reportUnknownArgumentType] - raw YAML
    if name not in COMPONENTS:
        raise ValueError(_unknown("component", name, COMPONENTS))
    return component  # pyright: ignore[reportUnknownVariableType] - raw YAML


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    nearest = process.extractOne(name, names, score_cutoff=50)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(names)}"
    return f"unknown {what} {name!r}: {hint}"
