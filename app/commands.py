"""What each command does, apart from how it is typed and shown."""

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app import checking, engines, flow_drawing, replay_view, running, scenarios, schemas
from app import replay as replaying
from app import simulate as simulating
from app.flow_drawing import Format
from app.log import set_up
from app.settings import Home, Secrets, Settings, read_secrets, read_settings
from app.simulation import Chosen, fault_names
from app.wiring import (
    embedder_for,
    flow_files,
    interpreter_for,
    learn,
    means_in_use,
    open_database,
    read_documents_anew,
    read_training_data,
    trained_model,
    with_labels,
)
from bot.actions import ACTIONS
from bot.dialogue import flows
from knowledge_base import importing as knowledge_importing
from knowledge_base import indexing
from knowledge_base.contradictions import Contradiction, contradictions
from knowledge_base.embedding import Embedder
from knowledge_base.means import Means
from knowledge_base.passages import refresh_passage_vectors
from knowledge_base.query import ProductQuery, why_found
from knowledge_base.service import KnowledgeBase
from nlu import rasa_project, training_data
from nlu.languages import LanguageDetector
from nlu.model import TrainedModel, WorseModel
from nlu.nearest import NearestExamples
from nlu.training_data import TrainingDataError
from nlu.understanding import Understanding
from shop.catalogue import importing as catalogue_importing
from shop.catalogue import queries
from shop.catalogue.sheet import UnreadableFile
from storage.clock import SystemClock
from storage.engine import Database

WEB = ("https://", "http://")
PROBLEMS_SHOWN_MAX = 50
SEARCH_HITS = 10


class Failure(Exception):  # noqa: N818 - the command's answer when it cannot be done
    """A command cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: `facts` for machines, `text` for people.

    `fine` and `stopped` decide the exit code: 1 where something is wrong, or else 130 where Ctrl-C ended it.
    """

    facts: dict[str, Any]
    text: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    lines: list[str] = field(default_factory=list[str])  # printed as they are, with or without --json
    view: RenderableType | None = None  # what people see below the text
    fine: bool = True
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Shop:
    """A home opened by a command: settings and database, logs set up."""

    settings: Settings
    secrets: Secrets
    home: Home
    database: Database


@contextmanager
def opened(home: Path, config: Path) -> Generator[Shop]:
    """Open the shop of `home` for a command that reads or writes its database."""
    settings, secrets = read_settings(config), read_secrets()
    set_up(settings.log)
    folder = Home(home)
    database = open_database(settings, secrets, folder)
    try:
        yield Shop(settings, secrets, folder, database)
    finally:
        database.close()


@contextmanager
def bar(what: str, *, quiet: bool) -> Generator[Callable[[float], None]]:
    """A progress bar on standard error; tell it the share that is done, 0 to 1."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task(what, total=1.0)
        yield lambda share: progress.update(task, completed=share)


def serve(home: Path, config: Path, *, port: int | None, sandbox: bool, as_json: bool) -> None:
    """Open the shop and stay open until Ctrl-C."""
    settings, secrets = read_settings(config), read_secrets()
    set_up(settings.log)
    try:
        running.serve(settings, secrets, Home(home), port=port, sandbox=sandbox, quiet=as_json)
    except running.CannotOpen as error:
        raise Failure(str(error)) from error


def chat(home: Path, config: Path, *, port: int | None) -> None:
    """Talk in the terminal."""
    settings, secrets = read_settings(config), read_secrets()
    set_up(settings.log.model_copy(update={"level": "error"}))
    try:
        running.chat(settings, secrets, Home(home), port=port)
    except running.CannotOpen as error:
        raise Failure(str(error)) from error


def check(config: Path) -> Answer:
    """Every authoring mistake at once."""
    mistakes = [str(mistake) for mistake in checking.mistakes(config)]
    text = "\n".join(mistakes) if mistakes else "Everything fits together."
    return Answer({"mistakes": mistakes}, text, fine=not mistakes)


def draw_flows(names: list[str], *, form: Format, output: Path | None) -> Answer:
    """A picture of flows, on standard output or in a file."""
    loaded = flows.read(flow_files())
    try:
        drawing = flow_drawing.draw(loaded, ACTIONS, names, form=form)
    except flow_drawing.NoSuchFlow as error:
        raise Failure(str(error)) from error
    facts = {"format": form, "flows": list(dict.fromkeys(names)) or list(loaded), "drawing": drawing}
    if output is None:
        return Answer({**facts, "output": None}, drawing)
    try:
        output.write_text(f"{drawing}\n", "utf-8")
    except OSError as error:
        raise Failure(f"{output} cannot be written: {error.strerror}") from error
    return Answer({**facts, "output": str(output)}, f"Drawn into {output}.")


def flow_schema(kind: schemas.Kind) -> Answer:
    """The JSON Schema of a kind of file, for editors; the schema itself is the object that --json prints."""
    found = schemas.schema(kind)
    return Answer(found, lines=[json.dumps(found, ensure_ascii=False, indent=2)])


def import_products(home: Path, config: Path, file: Path, *, quiet: bool) -> Answer:
    """Products from a CSV into the catalogue, and their vectors."""
    with opened(home, config) as shop, bar(f"Reading {file.name}", quiet=quiet) as tell:
        try:
            report = catalogue_importing.import_products(
                shop.database,
                file,
                currency=shop.settings.shop.currency,
                media=shop.home.media,
                at=datetime.now(UTC),
                progress=tell,
            )
        except UnreadableFile as error:
            raise Failure(str(error)) from error
        _embed_products(shop, quiet=quiet)
    problems = [asdict(problem) for problem in report.problems]
    text = f"{report.added} products added, {report.changed} changed, {report.unchanged} as they were."
    if problems:
        text += f" {len(problems)} rows could not be taken:"
    facts = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "problems": problems,
    }
    return Answer(facts, text, rows=problems[:PROBLEMS_SHOWN_MAX], fine=not problems)


def _embed_products(shop: Shop, *, quiet: bool) -> None:
    embedder = embedder_for(shop.settings)
    if embedder is None:
        return
    with bar("Reading what they mean", quiet=quiet) as tell:
        indexing.refresh_product_vectors(
            shop.database, embedder, progress=lambda done, all_: tell(done / max(1, all_))
        )


def import_knowledge(home: Path, config: Path, places: list[str], *, quiet: bool) -> Answer:
    """Documents into passages, and their vectors."""
    with opened(home, config) as shop:
        with bar("Reading documents", quiet=quiet) as tell:
            report = knowledge_importing.import_knowledge(
                shop.database,
                [place if place.startswith(WEB) else Path(place) for place in places],
                at=datetime.now(UTC),
                language=shop.settings.language,
                tell=tell,
            )
        means = means_in_use(shop.settings, shop.home)
        with bar("Reading what they mean", quiet=quiet) as tell:
            refresh_passage_vectors(
                shop.database, means, progress=lambda done, all_: tell(done / max(1, all_))
            )
        found = _contradictions(shop.database, means.embedder)
    problems = [asdict(problem) for problem in report.problems]
    text = (
        f"{report.added} documents added, {report.changed} changed, "
        f"{report.unchanged} as they were, {report.removed} removed."
    )
    if found:
        told = [f"  {each}" for each in found[:PROBLEMS_SHOWN_MAX]]
        text = "\n".join([text, "Customers will hear one or the other where these disagree:", *told])
    facts = asdict(report) | {"contradictions": [asdict(each) for each in found]}
    return Answer(facts, text, rows=problems[:PROBLEMS_SHOWN_MAX], fine=not problems)


def _contradictions(database: Database, embedder: Embedder | None) -> list[Contradiction]:
    """What documents disagree about; not looked for without an embedding."""
    return database.read(lambda session: contradictions(session, embedder)) if embedder is not None else []


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


def search(home: Path, config: Path, text: str) -> Answer:
    """Products that fit the words."""
    with opened(home, config) as shop:
        knowledge = KnowledgeBase(means=Means(embedder_for(shop.settings)))
        started = time.perf_counter()
        result = shop.database.read(
            lambda session: knowledge.search(
                session, ProductQuery(text=text, limit=SEARCH_HITS), language=shop.settings.language
            )
        )
        milliseconds = 1000 * (time.perf_counter() - started)
        found = shop.database.read(
            lambda session: queries.by_ids(session, [hit.product_id for hit in result.hits])
        )
    titles = {product.id: product for product in found}
    rows = [
        {
            "handle": titles[hit.product_id].handle,
            "title": titles[hit.product_id].title,
            "price": next(
                v.price.format(shop.settings.shop.locale)
                for v in titles[hit.product_id].variants
                if v.id == hit.variant_id
            ),
            "score": round(hit.score, 3),
            "reasons": ", ".join(
                f"{reason.kind.value}: {reason.text}".removesuffix(": ")
                for reason in why_found(hit, titles[hit.product_id], result, language=shop.settings.language)
            ),
        }
        for hit in result.hits
    ]
    facts = {
        "hits": rows,
        "total": result.total,
        "corrected": dict(result.corrected),
        "relaxed": [limit.value for limit in result.relaxed],
        "milliseconds": round(milliseconds, 2),
    }
    return Answer(facts, f"{result.total} found in {milliseconds:.0f} ms.", rows=rows)


def replay(home: Path, config: Path, conversation: str, *, turn: int | None, last: int | None) -> Answer:
    """What happened in a conversation, turn by turn."""
    with opened(home, config) as shop:
        try:
            facts = shop.database.read(
                lambda session: replaying.replay(session, conversation, turn=turn, last=last)
            )
        except replaying.NoSuchConversation as error:
            raise Failure(str(error)) from error
    total, turns = facts["turns_total"], facts["turns"]
    if turn is not None and not turns:
        raise Failure(f"Conversation {facts['conversation']} has {total} turns, and no turn {turn}.")
    shown = "" if len(turns) == total else f", {len(turns)} shown"
    text = f"Conversation {facts['conversation']} on {facts['channel']}: {total} turns{shown}. Times are UTC."
    return Answer(facts, text, view=replay_view.view(facts))


def scenario(
    home: Path, config: Path, paths: list[Path], *, channel: str | None, database: str, quiet: bool
) -> Answer:
    """Stories against the demo shop in the sandbox."""
    settings = read_settings(config)
    started = time.perf_counter()
    try:
        results = scenarios.run(
            settings, Home(home), paths, scenarios.Choices(database, channel), quiet=quiet
        )
    except running.CannotOpen as error:
        raise Failure(str(error)) from error
    seconds = time.perf_counter() - started
    facts, text = scenarios.facts(results, seconds), scenarios.summary(results, seconds)
    return Answer(facts, text, fine=not results.failed)


def simulate(
    home: Path, config: Path, *, people: int, days: int, seed: int, faults: str, database: str, quiet: bool
) -> Answer:
    """Simulated people use the demo shop for days, while things go wrong."""
    settings = read_settings(config)
    try:
        chosen = Chosen(people, days, seed, fault_names(faults))
        facts, text = simulating.simulate(settings, Home(home), chosen, database=database, quiet=quiet)
    except running.CannotOpen as error:
        raise Failure(str(error)) from error
    return Answer(facts, text, fine=not facts["breaches"], stopped=facts["stopped"])
