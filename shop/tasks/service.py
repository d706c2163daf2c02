"""Opening, reading and closing tasks."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.errors import Refused
from shop.tasks.model import Task, TaskKind
from storage.ids import new_id
from storage.inserts import insert_new
from storage.types import JsonObject


class TaskClosed(Refused):
    """Somebody has closed this task already."""


def open_task(
    session: Session,
    kind: TaskKind,
    *,
    cause: str,
    at: datetime,
    facts: JsonObject,
    order_id: UUID | None = None,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
) -> Task:
    """The task of this cause: a new one; or the one that is there, with today's facts, open again if it was closed."""
    row = {
        "id": new_id(),
        "kind": kind,
        "cause": cause,
        "order_id": order_id,
        "payment_id": payment_id,
        "refund_id": refund_id,
        "facts": facts,
        "opened_at": at,
    }
    insert_new(session, Task, row)
    task = session.scalars(
        select(Task).where(Task.cause == cause).with_for_update().execution_options(populate_existing=True)
    ).one()
    if task.closed_at is not None:
        task.opened_at, task.closed_at, task.closed_by, task.resolution = at, None, None, None
    task.facts = facts
    return task


def close(session: Session, task_id: UUID, *, by: str, resolution: str, at: datetime) -> None:
    """It is done. Raises TaskClosed when it was before."""
    task = session.get_one(Task, task_id, with_for_update=True, populate_existing=True)
    if task.closed_at is not None:
        raise TaskClosed
    task.closed_at, task.closed_by, task.resolution = at, by, resolution


def close_cause(session: Session, cause: str, *, by: str, resolution: str, at: datetime) -> None:
    """What opened it is over; nothing when no task of this cause is open."""
    task = session.scalars(
        select(Task).where(Task.cause == cause, Task.closed_at.is_(None)).with_for_update()
    ).one_or_none()
    if task is not None:
        task.closed_at, task.closed_by, task.resolution = at, by, resolution


def open_tasks(session: Session, kinds: Collection[TaskKind]) -> list[Task]:
    """What of these kinds waits for staff, the oldest first."""
    waiting = select(Task).where(Task.closed_at.is_(None), Task.kind.in_(kinds))
    return list(session.scalars(waiting.order_by(Task.opened_at, Task.id)))


def count_open(session: Session, kinds: Collection[TaskKind]) -> int:
    """How many tasks of these kinds wait for staff."""
    waiting = select(func.count()).select_from(Task).where(Task.closed_at.is_(None), Task.kind.in_(kinds))
    return session.scalar(waiting) or 0
