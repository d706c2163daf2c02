"""A page of a longer list, and what waits for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.orm import Session

from bot.delivery.model import InboxEvent, InboxState, OutboxRow, OutboxState
from shop.customers.model import Customer
from shop.tasks import service as tasks
from shop.tasks.model import ABOUT_MONEY, TaskKind

ROWS_A_PAGE: Final = 25

T_co = TypeVar("T_co", covariant=True)
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Listed(Generic[T_co]):
    """One page of a longer list: `page` counts from 1, `total` is how many there are on all pages."""

    rows: Sequence[T_co]
    page: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS_A_PAGE))


@dataclass(frozen=True, slots=True)
class Attention:
    """How many people, problems, tasks about money and goods running low wait for staff."""

    people: int
    problems: int
    money: int
    low_stock: int


def attention(session: Session) -> Attention:
    people = select(func.count()).select_from(Customer).where(Customer.wants_person)
    parked = select(func.count()).select_from(InboxEvent).where(InboxEvent.state == InboxState.PARKED)
    dead = select(func.count()).select_from(OutboxRow).where(OutboxRow.state == OutboxState.DEAD)
    return Attention(
        people=session.scalar(people) or 0,
        problems=(session.scalar(parked) or 0) + (session.scalar(dead) or 0),
        money=tasks.count_open(session, ABOUT_MONEY),
        low_stock=tasks.count_open(session, {TaskKind.LOW_STOCK}),
    )


def count_and_cut(
    session: Session, statement: Select[*Columns], page: int
) -> tuple[int, int, Select[*Columns]]:
    """How many rows there are, the page that is shown (the last one at most), and the statement for its rows."""
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    shown = min(max(1, page), max(1, -(-total // ROWS_A_PAGE)))
    return total, shown, statement.limit(ROWS_A_PAGE).offset((shown - 1) * ROWS_A_PAGE)


def contains(column: Any, words: str) -> ColumnElement[bool]:
    """Whether a column has each of these words in it, in any order and case; % and _ stand for themselves."""
    return and_(true(), *(column.icontains(word, autoescape=True) for word in words.split()))
