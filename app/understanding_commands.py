"""The commands about how messages are understood: training, scores, one message looked at, examples for other engines."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import engines
from app.opening import opened
from app.report import PROBLEMS_SHOWN_MAX, Answer, Failure, bar
from app.settings import read_settings
from app.wiring import (
    embedder_for,
    interpreter_for,
    learn,
    read_documents_anew,
    read_training_data,
    trained_model,
    with_labels,
)
from nlu import rasa_project, training_data
from nlu.languages import LanguageDetector
from nlu.model import TrainedModel, WorseModel
from nlu.nearest import NearestExamples
from nlu.training_data import TrainingDataError
from nlu.understanding import Understanding
from storage.clock import SystemClock


def train(home: Path, config: Path, *, force: bool, quiet: bool) -> Answer:
    """The shop's own models, one a language; the facts of the main one first."""
    cards: list[dict[str, Any]] = []
    with opened(home, config) as shop, bar("Learning to understand", quiet=quiet) as tell:
        settings = shop.settings
        try:
            for language, data in with_labels(read_training_data(settings), shop.database).items():
                model, trained = trained_model(
                    settings,
                    shop.home,
                    data,
                    language=language,
                    progress=lambda _what, share: tell((len(cards) + share) / len(settings.languages)),
                    force=force,
                )
                cards.append(asdict(model.card) | {"trained_now": trained})
            read_documents_anew(settings, shop.home, shop.database)
        except (TrainingDataError, WorseModel) as error:
            raise Failure(str(error)) from error
        tell(1.0)
    text = "\n".join(
        f"{'Trained' if card['trained_now'] else 'Nothing changed:'} model {card['id']} ({card['language']}): "
        f"{len(card['intents'])} intents, {card['examples']} examples, "
        f"{card['accuracy']:.1%} right on examples it had not seen."
        for card in cards
    )
    return Answer(cards[0] | {"others": cards[1:]}, text)


def export_rasa(
    config: Path, folder: Path, *, language: str | None, epochs: int, force: bool, data_folder: Path
) -> Answer:
    """The examples as a project that Rasa trains."""
    language = language or read_settings(config).language
    if not (data_folder / language).is_dir():
        known = ", ".join(sorted(path.name for path in data_folder.iterdir() if path.is_dir()))
        raise Failure(f"There are no examples in {language!r}; there are in: {known}.")
    try:
        data = training_data.load(data_folder / language)
        project = rasa_project.files(data, language=language, epochs=epochs)
        written = [str(path) for path in rasa_project.write(folder, project, force=force)]
    except (TrainingDataError, rasa_project.FolderInUse) as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    facts = {
        "folder": str(folder),
        "language": language,
        "intents": len(data.intents) + bool(data.out_of_scope),
        "examples": len(data.examples) + len(data.out_of_scope),
        "files": written,
    }
    text = f"{facts['intents']} intents with {facts['examples']} examples, for Rasa 3.6:"
    return Answer(facts, "\n".join([text, *(f"  {path}" for path in written)]))


def evaluate(
    home: Path,
    config: Path,
    file: Path,
    *,
    train_file: Path | None,
    language: str | None,
    out_of_scope: str | None,
    seed: int,
    quiet: bool,
) -> Answer:
    """Scores on FILE, of the shop's model of that language (the main one unless told) or of one trained on `train_file` alone."""
    from nlu import evaluation  # noqa: PLC0415 - loads scikit-learn

    settings = read_settings(config)
    language = language or settings.language
    if language not in settings.languages:
        raise Failure(f"This shop does not speak {language!r}; languages: {', '.join(settings.languages)}.")
    try:
        with bar(f"Reading {file.name}", quiet=quiet) as tell:
            model = None if train_file else _own_model(home, config, language)
            scores = evaluation.evaluate_file(
                file,
                settings=settings.understanding_of(language),
                embedder=embedder_for(settings, language),
                at=datetime.now(UTC),
                model=model,
                train_file=train_file,
                out_of_scope=out_of_scope or training_data.OUT_OF_SCOPE,
                seed=seed,
                progress=lambda _what, share: tell(share),
            )
    except (TrainingDataError, WorseModel) as error:
        raise Failure(str(error)) from error
    text = (
        f"{scores['accuracy']:.1%} of {scores['sentences']} right (macro F1 {scores['macro_f1']:.3f}); "
        f"{scores['refused']:.1%} refused; {scores['milliseconds_each']:.1f} ms each."
    )
    return Answer(scores, text, rows=scores["confusions"][:PROBLEMS_SHOWN_MAX])


def _own_model(home: Path, config: Path, language: str) -> TrainedModel:
    with opened(home, config) as shop:
        return learn(shop.settings, shop.home, shop.database).models[language]


def parse(home: Path, config: Path, text: str | None, *, file: Path | None, language: str | None) -> Answer:
    """How a message, or each line of a file, is understood: in `language`, else in the one it seems to be in."""
    if (text is None) == (file is None):
        raise Failure("Give one text, or --file FILE.")
    with opened(home, config) as shop:
        try:
            learnt = learn(shop.settings, shop.home, shop.database)
        except (TrainingDataError, WorseModel) as error:
            raise Failure(str(error)) from error
        own = interpreter_for(shop.settings, shop.home, learnt, shop.database, SystemClock())
        detector = LanguageDetector(learnt.data)
        texts = _lines(file) if file else [text or ""]
        with engines.interpreter(shop.settings, shop.secrets, own) as interpreter:
            heard_all = [
                interpreter.parse(each, language=language or detector.detect(each).language) for each in texts
            ]
        near = {
            each: NearestExamples(model, learnt.data[each].examples) for each, model in learnt.models.items()
        }
        thresholds = {
            each: {"parley": model.threshold, "rasa": 1 - shop.settings.nlu.refuse_below}
            for each, model in learnt.models.items()
        }
        understood = [
            _explained(heard, thresholds[heard.language], near[heard.language]) for heard in heard_all
        ]
    if file is not None:  # one JSON line a line, however it was asked for
        return Answer({}, lines=[json.dumps(each, ensure_ascii=False) for each in understood])
    guesses = [
        {"intent": guess["name"], "probability": round(guess["probability"], 3)}
        for guess in understood[0]["intents"][:5]
    ]
    heard = understood[0]
    found = (
        ", ".join(f"{entity['name']}={entity['value']!r}" for entity in heard["entities"]) or "no entities"
    )
    refused = "refused" if heard["refused"] else "believed"
    score = f"score {heard['refusal_score']:.2f}, refused above {heard['refusal_threshold']:.2f}"
    by = "" if heard["engine"] == "parley" else f" by {heard['engine']}"
    line = f"{heard['language']}: {refused}{by} ({score}); {found}; {heard['seconds'] * 1000:.1f} ms"
    nearest = [
        f"  {each['similarity']:.2f} {each['intent']}: {each['text']}" for each in heard["nearest_examples"]
    ]
    return Answer(heard, "\n".join([line, *(["Most like:"] if nearest else []), *nearest]), rows=guesses)


def _explained(
    heard: Understanding, thresholds: Mapping[str, float], near: NearestExamples
) -> dict[str, Any]:
    """What was understood, with what its engine measured it against."""
    return asdict(heard) | {
        "refusal_threshold": thresholds[heard.engine],
        "nearest_examples": [asdict(each) for each in near.find(heard.text)],
    }


def _lines(file: Path) -> list[str]:
    """Lines end with a line feed and with nothing else: what looks like an end in Unicode may be in a message."""
    try:
        return [line.removesuffix("\r") for line in file.read_text("utf-8").removesuffix("\n").split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file} cannot be read: {error}") from error
