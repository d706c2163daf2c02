"""The books to read: of an order, posting by posting; of a day, account by account."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.ledger.model import HELD, Account, Posting, PostingKind
from shop.money import Money
from storage.sums import total

WORDS: Final = {
    PostingKind.RECEIVED: "Received",
    PostingKind.EARNED: "Earned",
    PostingKind.DISCOUNT: "Discount given",
    PostingKind.REFUND_ASKED: "Promised back",
    PostingKind.REFUND_SETTLED: "Sent back",
    PostingKind.REFUND_CAME_BACK: "Came back from the bank",
    PostingKind.GIVEN_OTHERWISE: "Given back another way",
    PostingKind.FEE: "Fee",
    PostingKind.DISPUTE_OPENED: "Withdrawn in a dispute",
    PostingKind.DISPUTE_WON: "Returned: dispute won",
    PostingKind.DISPUTE_LOST: "Dispute lost",
    PostingKind.EXCHANGED: "Exchanged",
}
DEBIT_SIDE: Final = frozenset(
    {*HELD, Account.DISPUTED, Account.DISCOUNTS, Account.RETURNS, Account.FEES, Account.LOSSES}
)
"""Accounts that grow by what is debited; the others grow by what is credited."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting in plain words; `held` is what we hold of the order's money after it."""

    at: datetime
    what: str
    to: Account
    from_: Account
    amount: Money
    held: Money
    memo: str


@dataclass(frozen=True, slots=True)
class AccountDay:
    """One account on one day, in one currency. Amounts grow with what the account is for."""

    account: Account
    currency: str
    opening: Money
    came: Money
    went: Money

    @property
    def closing(self) -> Money:
        return self.opening + self.came - self.went


def of_order(session: Session, order_id: UUID) -> list[StatementLine]:
    """Its postings, the oldest first."""
    lines: list[StatementLine] = []
    held = 0
    for each in session.scalars(select(Posting).where(Posting.order_id == order_id).order_by(Posting.id)):
        held += each.amount_minor * ((each.debit in HELD) - (each.credit in HELD))
        currency = each.currency
        lines.append(
            StatementLine(
                each.at,
                WORDS[each.kind],
                each.debit,
                each.credit,
                each.amount,
                Money(held, currency),
                each.memo,
            )
        )
    return lines


def of_day(session: Session, start: datetime, end: datetime) -> list[AccountDay]:
    """Every account that was ever used, from `start` to before `end`."""
    before = _sums(session, Posting.at < start)
    within = _sums(session, Posting.at >= start, Posting.at < end)
    days: list[AccountDay] = []
    for account in Account:
        for currency in sorted({key[2] for key in (*before, *within) if key[0] is account}):
            grows, shrinks = ("debit", "credit") if account in DEBIT_SIDE else ("credit", "debit")
            opening = before.get((account, grows, currency), 0) - before.get((account, shrinks, currency), 0)
            came, went = (within.get((account, side, currency), 0) for side in (grows, shrinks))
            amounts = (Money(minor, currency) for minor in (opening, came, went))
            days.append(AccountDay(account, currency, *amounts))
    return days


def _sums(session: Session, *conditions: Any) -> dict[tuple[Account, str, str], int]:
    """(account, side, currency) → minor units."""
    found: dict[tuple[Account, str, str], int] = {}
    for name, side in (("debit", Posting.debit), ("credit", Posting.credit)):
        grouped = (
            select(side, Posting.currency, total(Posting.amount_minor))
            .where(*conditions)
            .group_by(side, Posting.currency)
        )
        rows: Iterable[Any] = session.execute(grouped)
        for account, currency, minor in rows:
            found[account, name, currency] = minor
    return found
