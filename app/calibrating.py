"""`parley calibrate`: learns from questions with known answers which passages answer, and when to refuse."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.answering import judgement_file
from app.benchmarks.data_sets import MissingData
from app.benchmarks.questions import Question, read_questions
from app.benchmarks.scratch import means_for, taken_in
from app.options import REFUSE
from app.report import Answer, Failure
from app.settings import Home, Settings, read_settings
from knowledge_base.asked import Asked
from knowledge_base.calibration import Calibration, Case, calibrate
from knowledge_base.judgement import EVIDENCE, Judgement, Judgements, Kind, family, read_judgements, written
from knowledge_base.means import Means
from knowledge_base.ranking import PassageRanking
from nlu.multilingual import installed_embedder

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choices:
    """What to fit on, and for what."""

    documents: Path
    refuse: float = REFUSE  # the share of unanswerable questions that shall be refused
    embedding_of: str | None = None  # the language whose embedding it is for; None: the shop's main one
    file: Path | None = None  # where to write; None: the home
    afresh: bool = False  # start from nothing, not from what is known
    asked_in: str | None = None  # the questions' language, where it is not the documents'


def run(home: Path, config: Path, questions: Sequence[Path], chosen: Choices, *, tell: Progress) -> Answer:
    """Fit on questions and their documents, and write the judgements: from the next start on they are used."""
    settings, into = read_settings(config), chosen.file or judgement_file(Home(home))
    known = read_judgements(into) if into.exists() else read_judgements()
    embedder = installed_embedder(chosen.embedding_of) if chosen.embedding_of else None
    try:
        if chosen.asked_in is not None and chosen.asked_in not in settings.languages[1:]:
            others = ", ".join(settings.languages[1:]) or "none"
            raise Failure(f"{chosen.asked_in} is none of the shop's further languages ({others})")
        spoken = [settings.language, *filter(None, [chosen.asked_in])]
        with means_for(settings, tell=tell, embedder=embedder, languages=spoken) as means:
            fits = dict(_fits(_Shop(settings, means, questions, chosen), known, tell))
    except MissingData as error:
        raise Failure(str(error)) from error
    made = [
        Judgement(embedding=_family(means, kind), kind=kind, weights=dict(fit.weights))
        for kind, fit in fits.items()
    ]
    replaced = {(each.embedding, each.kind) for each in made}
    kept = [each for each in known.judgements if (each.embedding, each.kind) not in replaced]
    files = " ".join(each.name for each in questions)
    into.write_text(
        written([*kept, *made], f"parley calibrate {files} --knowledge {chosen.documents.name}"), "utf-8"
    )
    facts = {"file": str(into), "fits": {kind: asdict(fit) for kind, fit in fits.items()}}
    rows: list[dict[str, Any]] = [{"by": kind} | _percent(fit) for kind, fit in fits.items()]
    return Answer(facts, f"Written to {into}. On questions held out from the fit:", rows=rows)


def _kinds(means: Means) -> Sequence[Kind]:
    """Questions in another language than the documents' are fitted alone, as nothing else is known of them."""
    if means.across is not None:
        return ["across"]
    return [kind for kind in EVIDENCE if kind == "words" or (kind != "across" and means.embedder is not None)]


def _family(means: Means, kind: Kind) -> str | None:
    embedder = {"words": None, "across": means.across}.get(kind, means.embedder)
    return family(embedder.name) if embedder is not None else None


@dataclass(frozen=True, slots=True)
class _Shop:
    """A shop's documents, and questions to them."""

    settings: Settings
    means: Means
    questions: Sequence[Path]
    chosen: Choices


def _fits(shop: _Shop, known: Judgements, tell: Progress) -> Iterator[tuple[Kind, Calibration]]:
    for kind in _kinds(shop.means):
        tell(f"Fitting by {kind}")
        start = None if shop.chosen.afresh else known.find(kind, _family(shop.means, kind)).weights
        yield kind, calibrate(_cases(shop, kind), kind, refuse=shop.chosen.refuse, start=start)


def _only(means: Means, kind: Kind) -> Means:
    if kind == "words":
        return Means()
    return (
        Means(means.embedder) if kind == "meaning" else means
    )  # topics, and across languages, are all there is


def _cases(shop: _Shop, kind: Kind) -> list[tuple[Case, ...]]:
    """Every question against the documents as they are, and without the questions that they list: shops write both."""
    forms = [_asked_of(shop, _only(shop.means, kind), unasked=unasked) for unasked in (False, True)]
    return list(zip(*forms, strict=True))


def _asked_of(shop: _Shop, means: Means, *, unasked: bool) -> list[Case]:
    language, documents = shop.settings.language, shop.chosen.documents
    spoken = shop.chosen.asked_in or language

    def ask(session: Session) -> list[Case]:
        return [
            _case(
                Asked(session, question.text, spoken, None, means, main=language), question, unasked=unasked
            )
            for file in shop.questions
            for question in read_questions(session, file).questions
        ]

    with taken_in(documents, means, language=language, at=datetime.now(UTC), unasked=unasked) as database:
        return database.read(ask)


def _case(asked: Asked, question: Question, *, unasked: bool) -> Case:
    ids, evidence = PassageRanking(asked, across=asked.is_foreign).evidence()
    right = frozenset(place for place, key in enumerate(ids) if key in question.passages)
    return Case(evidence.columns, right, unasked)


def _percent(fit: Calibration) -> dict[str, str]:
    shares = {name: share for name, share in asdict(fit).items() if name != "weights"}
    return {name.replace("_", " "): f"{share:.1%}" for name, share in shares.items()}
