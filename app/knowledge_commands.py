"""The commands about what the shop knows: bringing it in, asking, asking again what was once answered well, the week."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from app.answering import knowledge_for
from app.opening import opened
from app.report import PROBLEMS_SHOWN_MAX, Answer, bar
from app.wiring import embedder_for, means_in_use
from knowledge_base import importing
from knowledge_base.answers import Policy
from knowledge_base.contradictions import Contradiction, contradictions
from knowledge_base.embedding import Embedder
from knowledge_base.evaluation import ask_again
from knowledge_base.passages import refresh_passage_vectors
from knowledge_base.weekly import sentences, week_until
from storage.engine import Database

WEB = ("https://", "http://")


def import_knowledge(home: Path, config: Path, places: list[str], *, quiet: bool) -> Answer:
    """Documents into passages, and their vectors."""
    with opened(home, config) as shop:
        with bar("Reading documents", quiet=quiet) as tell:
            report = importing.import_knowledge(
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


def ask(home: Path, config: Path, text: str) -> Answer:
    """What the knowledge base answers."""
    with opened(home, config) as shop:
        knowledge = knowledge_for(shop.settings, shop.home, means_in_use(shop.settings, shop.home))
        found = shop.database.read(
            lambda session: knowledge.answer(session, text, language=shop.settings.language)
        )
    if found is None:
        return Answer({"answer": None}, "I do not know that.")
    owner = found.owner if isinstance(found, Policy) else ""
    facts = {
        "answer": found.text,
        "source": found.source,
        "score": found.score,
        "kind": type(found).__name__.lower(),
        "as_of": found.as_of.isoformat(),
        "owner": owner,
    }
    kept_by = f", kept by {owner}" if owner else ""
    source = f"Source: {found.source}, as of {found.as_of:%Y-%m-%d}{kept_by} (score {found.score:.2f})"
    return Answer(facts, f"{found.text}\n\n{source}")


def evaluate(home: Path, config: Path) -> Answer:
    """The questions that staff answered, and those whose answer helped, asked again."""
    with opened(home, config) as shop:
        knowledge = knowledge_for(shop.settings, shop.home, means_in_use(shop.settings, shop.home))
        asked = shop.database.read(
            lambda session: ask_again(
                session,
                lambda question: knowledge.answer(session, question.text, language=question.language),
            )
        )
    if not asked:
        return Answer(
            {"questions": 0, "right": 0, "wrong": []},
            "No question is known yet: they come from approved answers, and from people whom an answer helped.",
        )
    wrong = [
        {
            "question": each.question.text,
            "answered_from": each.found.source if each.found else "nothing",
            "expected": each.question.answer or each.question.source,
        }
        for each in asked
        if not each.is_right
    ]
    facts = {"questions": len(asked), "right": len(asked) - len(wrong), "wrong": wrong}
    return Answer(facts, f"{len(asked) - len(wrong)} of {len(asked)} are answered as before.", rows=wrong)


def week(home: Path, config: Path) -> Answer:
    """The week in questions."""
    with opened(home, config) as shop:
        embedder, now = embedder_for(shop.settings), datetime.now(UTC)
        found = shop.database.read(lambda session: week_until(session, now, embedder))
    gaps, missed = (
        [{"text": each.newest.text, "people": each.people} for each in clusters]
        for clusters in (found.gaps, found.not_found)
    )
    due = [
        {"title": each.title, "owner": each.owner, "as_of": f"{each.as_of:%Y-%m-%d}"} for each in found.due
    ]
    facts = {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "asked": found.asked,
        "share_answered": found.share_answered,
        "helpful": found.helpful,
        "unhelpful": found.unhelpful,
        "unanswered": found.unanswered,
        "gaps": gaps,
        "not_found": missed,
        "due": due,
    }
    rows = [
        *({"what": "no good answer yet", "which": each["text"], "people": each["people"]} for each in gaps),
        *(
            {"what": "searched, not found", "which": each["text"], "people": each["people"]}
            for each in missed
        ),
        *(
            {"what": f"look at again, of {each['as_of']}", "which": each["title"], "people": ""}
            for each in due
        ),
    ]
    return Answer(facts, "\n".join(sentences(found)), rows=rows)
