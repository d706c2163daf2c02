"""The week in questions, documents that are due, and questions that are asked again, on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowledge_base import gaps, questions
from knowledge_base.evaluation import ask_again
from knowledge_base.freshness import REVIEW_AFTER, due_documents, mark_checked
from knowledge_base.importing import import_knowledge
from knowledge_base.questions import Verdict
from knowledge_base.service import KnowledgeBase
from knowledge_base.weekly import Week, sentences, week_until
from storage.engine import Database

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For documents: the database lies beside it."""
    folder = tmp_path / "papers"
    folder.mkdir()
    return folder


def keep(
    database: Database,
    text: str,
    verdict: Verdict,
    *,
    who: str = "web:ana",
    ago: timedelta = timedelta(hours=1),
    source: str = "",
) -> None:
    database.write_now(
        lambda session: questions.keep(
            session,
            text,
            conversation=who,
            language="en",
            verdict=verdict,
            at=AT - ago,
            answered_from=source,
        )
    )


def week(database: Database) -> Week:
    return database.read(lambda session: week_until(session, AT, None))


def test_a_week_counts_each_question_by_what_became_of_it(database: Database) -> None:
    keep(database, "What does delivery cost?", Verdict.ANSWERED)
    keep(database, "Do you gift wrap?", Verdict.HELPFUL)
    keep(database, "How do I clean cork?", Verdict.UNHELPFUL)
    keep(database, "Can I bring my dog?", Verdict.UNANSWERED)
    keep(database, "camping stove", Verdict.NOT_FOUND)
    keep(database, "camping stoves", Verdict.NOT_FOUND, who="web:ben")
    keep(database, "Is it old?", Verdict.UNANSWERED, ago=timedelta(days=8))
    found = week(database)
    assert (found.asked, found.share_answered) == (4, 0.75)
    assert [(each.newest.text, each.people) for each in found.not_found] == [("camping stoves", 2)]
    assert {each.newest.text for each in found.gaps} == {
        "How do I clean cork?",
        "Can I bring my dog?",
        "Is it old?",
    }
    assert " ".join(sentences(found)) == (
        "4 questions in these seven days, 75% with an answer. "
        "By what people said, 1 of the answers helped and 1 did not."
    )


def test_a_week_without_questions_divides_by_nothing(database: Database) -> None:
    assert week(database).share_answered is None
    assert list(sentences(week(database))) == ["Nobody asked a question in these seven days."]


def test_what_they_said_of_an_answer_stands_when_they_ask_the_same_again(database: Database) -> None:
    keep(database, "What does delivery cost?", Verdict.UNHELPFUL, source="Delivery")
    keep(database, "What does delivery cost?", Verdict.ANSWERED, source="Delivery", ago=timedelta())
    assert week(database).unhelpful == 1
    keep(database, "What does delivery cost?", Verdict.ANSWERED, source="Costs", ago=timedelta())
    assert (week(database).answered, week(database).unhelpful) == (1, 0)


def test_a_search_in_between_is_not_the_last_question(database: Database) -> None:
    keep(database, "Can I bring my dog?", Verdict.UNANSWERED)
    keep(database, "dog bowl", Verdict.NOT_FOUND, ago=timedelta())
    assert database.write_now(lambda session: questions.want_answer(session, "web:ana", at=AT))
    (gap,) = week(database).gaps
    assert (gap.newest.text, gap.waiting) == ("Can I bring my dog?", 1)


# ---------------------------------------------------------------------- freshness


def write(folder: Path, name: str, front: str) -> None:
    (folder / name).write_text(f"---\n{front}\n---\n# {name}\n\nParcels leave within two days.\n", "utf-8")


def due(database: Database, at: datetime = AT) -> list[str]:
    return database.read(lambda session: [each.title for each in due_documents(session, at=at)])


def test_documents_are_due_after_a_year_or_on_the_day_that_they_name(
    database: Database, folder: Path
) -> None:
    write(folder, "new.md", "title: New\nupdated: 2026-11-01")
    write(folder, "old.md", "title: Old\nupdated: 2025-01-02\nowner: Mina")
    write(folder, "soon.md", "title: Soon\nupdated: 2026-11-01\nreview: 2026-11-22")
    write(folder, "later.md", "title: Later\nupdated: 2020-01-01\nreview: 2027-01-01")
    assert import_knowledge(database, [folder], at=AT).problems == ()
    assert due(database) == ["Old", "Soon"]
    assert due(database, datetime(2027, 1, 2, tzinfo=UTC)) == ["Old", "Soon", "Later"]


def test_what_was_found_right_is_due_a_year_later_also_after_it_was_imported_again(
    database: Database, folder: Path
) -> None:
    write(folder, "old.md", "title: Old\nupdated: 2025-01-02\nreview: 2026-01-01")
    import_knowledge(database, [folder], at=AT)
    (document,) = database.read(lambda session: due_documents(session, at=AT))
    database.write_now(lambda session: mark_checked(session, document.id, at=AT))
    import_knowledge(database, [folder], at=AT)
    assert due(database) == []
    assert due(database, AT + REVIEW_AFTER) == ["Old"]


def test_a_review_that_is_no_day_is_told(database: Database, folder: Path) -> None:
    write(folder, "odd.md", "review: next spring")
    (problem,) = import_knowledge(database, [folder], at=AT).problems
    assert "review: 'next spring' is no date such as 2026-11-21" in str(problem)


# ---------------------------------------------------------------------- asked again


@pytest.fixture
def answered(database: Database, folder: Path) -> Database:
    """A document, an approved answer, and a person whom the document helped."""
    (folder / "gifts.md").write_text("# Gifts\n\n## Wrapping\n\nGift wrapping is free.\n", "utf-8")
    import_knowledge(database, [folder], at=AT)
    keep(database, "Do you do gift wrapping?", Verdict.HELPFUL, source="Gifts › Wrapping")
    keep(database, "Is it heavy?", Verdict.HELPFUL, source="Walnut board", ago=timedelta(minutes=5))
    keep(database, "Can I bring my dog?", Verdict.UNANSWERED, ago=timedelta(minutes=1))

    def answer(session) -> None:
        (open_,) = gaps.open_clusters(session, None)
        drafted = gaps.draft(
            session,
            [each.id for each in open_.questions],
            question="Dogs?",
            text="Dogs are welcome.",
            author="Mina",
            at=AT,
        )
        gaps.approve(session, drafted.id, at=AT)

    database.write_now(answer)
    return database


def again(database: Database) -> dict[str, bool]:
    knowledge = KnowledgeBase()
    return database.read(
        lambda session: {
            each.question.text: each.is_right
            for each in ask_again(session, lambda known: knowledge.answer(session, known.text))
        }
    )


def test_an_approved_answer_and_what_helped_are_asked_again(answered: Database) -> None:
    assert again(answered) == {"Can I bring my dog?": True, "Do you do gift wrapping?": True}


def test_what_is_no_longer_answered_so_is_seen(answered: Database, folder: Path) -> None:
    (folder / "gifts.md").write_text("# Gifts\n\n## Vouchers\n\nThey are valid for ten years.\n", "utf-8")
    import_knowledge(answered, [folder], at=AT)
    assert again(answered) == {"Can I bring my dog?": True, "Do you do gift wrapping?": False}
