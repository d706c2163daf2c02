"""What delivery asks at every wake-up is answered from indexes, however much was done before."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bot.delivery import ahead, inbox, outbox, timers
from bot.events import Inbound, Said
from bot.messages import Say
from storage.engine import Database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def everything(session: Session) -> None:
    """Each question once, with something to find."""
    inbound = Inbound(
        source="test", external_id="1", conversation="test:ann", sequence=1, event=Said(text="hi")
    )
    inbox.put(session, [inbound], at=NOW)
    outbox.queue_message(session, "test:ann", Say(text="ho"), dedupe="1", at=NOW)
    timers.set_timer(session, "t", "key", conversation="test:ann", due_at=NOW)
    ahead.look(session, at=NOW, most=8)
    ahead.look(session, at=NOW.replace(year=2000), most=8)  # nothing is due: when will it be?
    inbox.next_event(session, "test:ann", at=NOW)
    outbox.claim(session, at=NOW, epoch=1, most=8)
    outbox.reclaim(session, epoch=2)
    timers.fire_due(session, at=NOW)


@pytest.fixture
def asked(sqlite_url: str) -> list[tuple[str, list[str]]]:
    """Every statement with SQLite's plan for it."""
    database = Database.open(sqlite_url)
    statements = list[tuple[str, Any]]()

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", keep)
    database.write_now(everything)
    event.remove(database.engine, "before_cursor_execute", keep)

    def plans(session: Session) -> list[tuple[str, list[str]]]:
        connection = session.connection()
        return [
            (sql, [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)])
            for sql, parameters in statements
            if re.match("SELECT|UPDATE", sql)
        ]

    found = database.read(plans)
    database.close()
    return found


def test_no_question_reads_a_whole_table(asked: list[tuple[str, list[str]]]) -> None:
    assert len(asked) >= 10
    for sql, plan in asked:
        for step in plan:
            assert not re.fullmatch(r"SCAN \w+", step), f"{step}\n{sql}"


def test_the_check_can_fail(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    plan = database.read(
        lambda session: session.execute(
            text("EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE state = :state"), {"state": "due"}
        ).all()
    )
    database.close()
    assert [row[3] for row in plan] == ["SCAN outbox"], "a parameter hides the index from the planner"
