"""Notices that something is running low: opened by a sale, once, and over when there is enough of it again.

A notice that staff took off their list stays known until then, so that it does not come back with the next sale.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalogue.model import Variant
from shop.tasks import service as tasks
from shop.tasks.model import Task, TaskKind

RESTOCKED: Final = "stock"
"""Who closes a notice when it is over."""


def sold(session: Session, variants: Iterable[Variant], *, limit: int, at: datetime) -> None:
    """Units of these were just promised to an order: note those of which `limit` or fewer are left. 0: note none.

    The variants are locked by the caller.
    """
    for variant in variants:
        if not _is_low(variant, limit):
            continue
        cause = _cause(variant)
        known = session.scalars(select(Task).where(Task.cause == cause)).one_or_none()
        if known is None or known.closed_by == RESTOCKED:
            facts = {"variant": str(variant.id), "limit": limit}
            tasks.open_task(session, TaskKind.LOW_STOCK, cause=cause, at=at, facts=facts)


def restocked(session: Session, variants: Iterable[Variant], *, at: datetime) -> None:
    """There may be more of these again: close the notices of those of which there is enough."""
    by_cause = {_cause(variant): variant for variant in variants}
    noted = select(Task).where(Task.cause.in_(by_cause), Task.closed_by.is_distinct_from(RESTOCKED))
    for task in session.scalars(noted.with_for_update()):
        if not _is_low(by_cause[task.cause], task.facts["limit"]):
            task.closed_at, task.closed_by, task.resolution = at, RESTOCKED, "there is enough of it again"


def _is_low(variant: Variant, limit: int) -> bool:
    free = variant.free_units()
    return bool(limit) and variant.published and free is not None and free <= limit


def _cause(variant: Variant) -> str:
    return f"low_stock:{variant.id}"
