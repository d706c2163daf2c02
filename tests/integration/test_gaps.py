"""From a question without an answer to one that is answered, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from knowledge_base import gaps, questions
from knowledge_base.answers import Policy, answer
from knowledge_base.gaps import NotAnAnswer
from knowledge_base.importing import remove_gone
from knowledge_base.questions import AskedQuestion, Verdict
from storage.engine import Database

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def ask(
    database: Database, text: str, *, who: str = "web:ana", minutes: int = 0, language: str = "en"
) -> None:
    database.write_now(
        lambda session: questions.keep(
            session,
            text,
            conversation=who,
            language=language,
            verdict=Verdict.UNANSWERED,
            at=AT + timedelta(minutes=minutes),
        )
    )


def clusters(database: Database) -> list[list[str]]:
    return database.read(
        lambda session: [
            [each.text for each in found.questions] for found in gaps.open_clusters(session, None)
        ]
    )


def ids(session, *texts: str):
    return [
        each.id
        for found in gaps.open_clusters(session, None)
        for each in found.questions
        if each.text in texts
    ]


def drafted(
    database: Database, *texts: str, question: str = "Can I bring my dog?", text: str = "Dogs are welcome."
):
    return database.write_now(
        lambda session: (
            gaps.draft(session, ids(session, *texts), question=question, text=text, author="Mina", at=AT).id
        )
    )


def test_questions_of_one_meaning_stand_together_and_what_most_people_asked_comes_first(
    database: Database,
) -> None:
    ask(database, "Is there parking at the shop?", who="web:eva", minutes=9)
    ask(database, "Can I bring my dog?", who="web:ana")
    ask(database, "can i bring a dog", who="web:ben", minutes=1)
    assert clusters(database) == [
        ["can i bring a dog", "Can I bring my dog?"],
        ["Is there parking at the shop?"],
    ]


def test_a_question_of_another_language_stands_by_itself(database: Database) -> None:
    ask(database, "parking", who="web:ana")
    ask(database, "parking", who="web:eva", language="es", minutes=1)
    assert len(clusters(database)) == 2


def test_the_same_question_again_is_one_question(database: Database) -> None:
    ask(database, "Can I bring my dog?")
    ask(database, "Can I bring my dog?", minutes=5)
    assert clusters(database) == [["Can I bring my dog?"]]


def test_words_that_ask_nothing_are_not_kept(database: Database) -> None:
    ask(database, "?!")
    assert clusters(database) == []


def test_an_approved_answer_is_found_by_each_way_it_was_asked_and_by_nobody_before(
    database: Database,
) -> None:
    ask(database, "Can I bring my dog?")
    ask(database, "are dogs allowed inside", who="web:ben")
    answer_id = drafted(database, "Can I bring my dog?", "are dogs allowed inside")
    assert clusters(database) == []
    assert database.read(lambda session: answer(session, "Can I bring my dog?")) is None
    database.write_now(lambda session: gaps.approve(session, answer_id, at=AT))
    for asked in ("Can I bring my dog?", "are dogs allowed inside?"):
        found = database.read(lambda session, asked=asked: answer(session, asked))
        assert isinstance(found, Policy)
        assert found.text == "Dogs are welcome."
        assert found.source == "Our team › Can I bring my dog?"


def test_a_folder_that_is_imported_again_does_not_take_the_answers_of_staff_away(database: Database) -> None:
    ask(database, "Can I bring my dog?")
    answer_id = drafted(database, "Can I bring my dog?")
    database.write_now(lambda session: gaps.approve(session, answer_id, at=AT))
    database.write_now(lambda session: remove_gone(session, "knowledge", ()))
    assert database.read(lambda session: answer(session, "Can I bring my dog?")) is not None


def test_who_wants_to_be_told_is_told_once_for_their_last_question(database: Database) -> None:
    ask(database, "Can I bring my dog?", who="web:ana")
    ask(database, "are dogs allowed", who="web:ben")
    assert database.write_now(lambda session: questions.want_answer(session, "web:ana", at=AT))
    answer_id = drafted(database, "Can I bring my dog?", "are dogs allowed")

    def told(session) -> list[str]:
        waiting = gaps.to_tell(session, answer_id)
        for question in waiting:
            question.told_at = AT
        return [question.conversation for question in waiting]

    assert database.write_now(told) == ["web:ana"]
    assert database.write_now(told) == []


def test_who_asked_nothing_within_a_day_waits_for_nothing(database: Database) -> None:
    ask(database, "Can I bring my dog?")
    later = AT + timedelta(hours=25)
    assert not database.write_now(lambda session: questions.want_answer(session, "web:ana", at=later))
    assert not database.write_now(lambda session: questions.want_answer(session, "web:nobody", at=AT))


def test_a_draft_that_is_thrown_away_leaves_its_questions_open(database: Database) -> None:
    ask(database, "Can I bring my dog?")
    answer_id = drafted(database, "Can I bring my dog?")
    database.write_now(lambda session: gaps.discard(session, answer_id))
    assert clusters(database) == [["Can I bring my dog?"]]


def test_what_is_approved_cannot_be_approved_or_changed_again(database: Database) -> None:
    ask(database, "Can I bring my dog?")
    answer_id = drafted(database, "Can I bring my dog?")
    database.write_now(lambda session: gaps.approve(session, answer_id, at=AT))
    for again in (
        lambda session: gaps.approve(session, answer_id, at=AT),
        lambda session: gaps.rewrite(session, answer_id, question="Dogs?", text="No."),
        lambda session: gaps.discard(session, answer_id),
    ):
        with pytest.raises(NotAnAnswer, match="approved already"):
            database.write_now(again)


def test_two_people_do_not_answer_the_same_question(database: Database) -> None:
    ask(database, "Can I bring my dog?")
    questions = database.read(lambda session: ids(session, "Can I bring my dog?"))
    drafted(database, "Can I bring my dog?")
    with pytest.raises(NotAnAnswer, match="meanwhile"):
        database.write_now(
            lambda session: gaps.draft(session, questions, question="Dogs?", text="Yes.", author="Ole", at=AT)
        )


@pytest.mark.parametrize(("question", "text"), [("", "Yes."), ("Dogs?", "  "), ("Dogs?", "a" * 3000)])
def test_an_answer_needs_a_question_and_a_text_of_readable_length(
    database: Database, question: str, text: str
) -> None:
    ask(database, "Can I bring my dog?")
    with pytest.raises(NotAnAnswer):
        drafted(database, "Can I bring my dog?", question=question, text=text)
    assert clusters(database) == [["Can I bring my dog?"]]


def test_what_needs_no_answer_is_put_away(database: Database) -> None:
    ask(database, "Can I bring my dog?")
    database.write_now(lambda session: gaps.dismiss(session, ids(session, "Can I bring my dog?")))
    assert clusters(database) == []
    assert database.read(lambda session: session.query(AskedQuestion).count()) == 1
