"""What each happening posts. Posting the same cause again changes nothing, so whoever is told twice may post twice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from payments.ledger.model import PROVIDER_ACCOUNTS, Account, Posting, PostingKind
from payments.model import Payment, PaymentTransfer, Refund
from shop.orders.model import Order
from storage.ids import new_id
from storage.inserts import insert_new
from storage.sums import total

Debit = TypeVar("Debit")
Credit = TypeVar("Credit")


@dataclass(frozen=True, slots=True)
class Revenue:
    """What an order is worth, in minor units: goods at full price and delivery, both without tax; tax; what was taken off."""

    sales_minor: int
    delivery_minor: int
    tax_minor: int
    discount_minor: int

    @property
    def total_minor(self) -> int:
        """What the customer pays."""
        return self.sales_minor + self.delivery_minor + self.tax_minor - self.discount_minor


def revenue_of(order: Order) -> Revenue:
    """The parts of an order's total, whether its prices contain the tax or not."""
    within, of_delivery = (order.tax_minor, order.delivery_tax_minor) if order.tax_included else (0, 0)
    return Revenue(
        sales_minor=order.items_minor - (within - of_delivery),
        delivery_minor=order.delivery_minor - of_delivery,
        tax_minor=order.tax_minor,
        discount_minor=order.discount_minor,
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """The postings of one happening."""

    kind: PostingKind
    cause: str
    currency: str
    at: datetime
    order_id: UUID | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    memo: str = ""
    id: UUID = field(default_factory=new_id)

    def post(self, session: Session, *, debit: Account, credit: Account, amount_minor: int) -> bool:
        """Write one posting; False when this cause moved money between these two before."""
        row = {
            "entry": self.id,
            "at": self.at,
            "kind": self.kind,
            "debit": debit,
            "credit": credit,
            "amount_minor": amount_minor,
            "currency": self.currency,
            "order_id": self.order_id,
            "payment_id": self.payment_id,
            "refund_id": self.refund_id,
            "cause": self.cause,
            "memo": self.memo,
        }
        return insert_new(session, Posting, row) is not None


def received(session: Session, payment: Payment, *, at: datetime) -> None:
    """A payment came; whether it can be used is not said yet."""
    entry = _of_payment(payment, PostingKind.RECEIVED, "received", at=at)
    entry.post(
        session, debit=held_at(payment), credit=Account.CUSTOMER_MONEY, amount_minor=payment.amount_minor
    )


def earned(session: Session, order: Order, shares: Sequence[tuple[Payment, int]], *, at: datetime) -> None:
    """So much of each of these payments (minor units), which is what the order costs together, is ours.

    What was credited before anything was paid (cash on delivery) was sold all the same, and returned.
    """
    revenue = revenue_of(order)
    entries = {payment.id: _earning(order, payment, at=at) for payment, _ in shares}
    first, _ = shares[0]
    debits = [
        ((entries[first.id], Account.DISCOUNTS), revenue.discount_minor),
        ((entries[first.id], Account.RETURNS), order.credited_minor),
        *(((entries[payment.id], Account.CUSTOMER_MONEY), share) for payment, share in shares),
    ]
    earnings = [
        (Account.SALES, revenue.sales_minor),
        (Account.DELIVERY, revenue.delivery_minor),
        (Account.TAX, revenue.tax_minor),
    ]
    for (entry, debit), credit, amount in matched(debits, earnings):
        entry.post(session, debit=debit, credit=credit, amount_minor=amount)


def _earning(order: Order, payment: Payment, *, at: datetime) -> Entry:
    """A payment that pays more than one order is posted once for each."""
    what = "earned" if payment.order_id == order.id else f"earned:{order.id}"
    return replace(_of_payment(payment, PostingKind.EARNED, what, at=at), order_id=order.id)


def exchanged(session: Session, transfer: PaymentTransfer, payment: Payment, *, at: datetime) -> None:
    """Goods of one order came back, and what was earned by them is the customer's again, to pay for another order."""
    out, into = (
        Entry(
            PostingKind.EXCHANGED,
            f"transfer:{transfer.id}:{which}",
            payment.currency,
            at,
            order_id=order_id,
            payment_id=payment.id,
        )
        for which, order_id in (("out", transfer.from_order_id), ("in", transfer.to_order_id))
    )
    amount = transfer.amount_minor
    out.post(session, debit=Account.RETURNS, credit=Account.EXCHANGES, amount_minor=amount)
    into.post(session, debit=Account.EXCHANGES, credit=Account.CUSTOMER_MONEY, amount_minor=amount)


def refund_asked(session: Session, refund: Refund, payment: Payment, *, at: datetime) -> None:
    """It is promised back: first what was not earned, the rest out of what was."""
    held = -balance(
        session,
        Account.CUSTOMER_MONEY,
        Posting.payment_id == payment.id,
        Posting.order_id == refund.order_id,
    )
    unearned = min(refund.amount_minor, max(0, held))
    entry = _of_refund(refund, payment, PostingKind.REFUND_ASKED, "asked", at=at)
    shares = [(Account.CUSTOMER_MONEY, unearned), (Account.RETURNS, refund.amount_minor - unearned)]
    for account, amount in shares:
        if amount:
            entry.post(session, debit=account, credit=Account.REFUNDS_DUE, amount_minor=amount)


def refund_settled(session: Session, refund: Refund, payment: Payment, *, at: datetime) -> None:
    """The provider sent it."""
    entry = _of_refund(refund, payment, PostingKind.REFUND_SETTLED, f"settled:{refund.attempt}", at=at)
    entry.post(session, debit=Account.REFUNDS_DUE, credit=held_at(payment), amount_minor=refund.amount_minor)


def refund_came_back(session: Session, refund: Refund, payment: Payment, *, at: datetime) -> None:
    """The customer's bank would not take what was sent: it is with us again, and still owed."""
    entry = _of_refund(refund, payment, PostingKind.REFUND_CAME_BACK, f"came_back:{refund.attempt}", at=at)
    entry.post(session, debit=held_at(payment), credit=Account.REFUNDS_DUE, amount_minor=refund.amount_minor)


def given_otherwise(
    session: Session, refund: Refund, payment: Payment, *, out_of: Account, at: datetime, memo: str
) -> None:
    """Staff gave back out of the till or by a transfer what the provider could not."""
    entry = _of_refund(refund, payment, PostingKind.GIVEN_OTHERWISE, "otherwise", at=at, memo=memo)
    entry.post(session, debit=Account.REFUNDS_DUE, credit=out_of, amount_minor=refund.amount_minor)


def fee(session: Session, payment: Payment, *, reference: str, amount_minor: int, at: datetime) -> bool:
    """The provider kept its share, as its own booking `reference` (txn_…) says; False when that was posted before."""
    entry = Entry(
        PostingKind.FEE,
        f"fee:{reference}",
        payment.currency,
        at,
        order_id=payment.order_id,
        payment_id=payment.id,
        memo=reference,
    )
    return entry.post(session, debit=Account.FEES, credit=held_at(payment), amount_minor=amount_minor)


def dispute_moved(
    session: Session, payment: Payment, *, reference: str, amount_minor: int, at: datetime
) -> None:
    """The bank took a disputed amount (below zero), or gave it back; `reference` is the provider's booking (txn_…)."""
    opened = amount_minor < 0
    kind = PostingKind.DISPUTE_OPENED if opened else PostingKind.DISPUTE_WON
    held = held_at(payment)
    debit, credit = (Account.DISPUTED, held) if opened else (held, Account.DISPUTED)
    entry = Entry(
        kind, f"dispute:{reference}", payment.currency, at, payment.order_id, payment.id, memo=reference
    )
    entry.post(session, debit=debit, credit=credit, amount_minor=abs(amount_minor))


def dispute_lost(session: Session, payment: Payment, *, reference: str, at: datetime) -> None:
    """The bank keeps what it took of this payment."""
    amount = balance(session, Account.DISPUTED, Posting.payment_id == payment.id)
    entry = Entry(
        PostingKind.DISPUTE_LOST,
        f"dispute:{reference}:lost",
        payment.currency,
        at,
        payment.order_id,
        payment.id,
        memo=reference,
    )
    if amount > 0:
        entry.post(session, debit=Account.LOSSES, credit=Account.DISPUTED, amount_minor=amount)


def held_at(payment: Payment) -> Account:
    """Where the money of a payment is."""
    return PROVIDER_ACCOUNTS[payment.provider]


def is_earned(session: Session, order: Order) -> bool:
    """Whether a payment has paid it."""
    statement = select(Posting.id).where(Posting.order_id == order.id, Posting.kind == PostingKind.EARNED)
    return session.scalar(statement.limit(1)) is not None


def balance(session: Session, account: Account, *conditions: ColumnElement[bool]) -> int:
    """Debits less credits of some postings to an account, in minor units."""
    came, went = (
        select(total(Posting.amount_minor)).where(side == account, *conditions).scalar_subquery()
        for side in (Posting.debit, Posting.credit)
    )
    return session.scalars(select(came - went)).one()


def matched(
    to: list[tuple[Debit, int]], from_: list[tuple[Credit, int]]
) -> Iterator[tuple[Debit, Credit, int]]:
    """Both sides cut into postings, in their order. Raises ValueError when they do not weigh the same."""
    if sum(amount for _, amount in to) != sum(amount for _, amount in from_):
        raise ValueError(f"unbalanced: {to} and {from_}")
    left, right = _filled(to), _filled(from_)
    while left and right:
        (debit, owed), (credit, due) = left.pop(), right.pop()
        amount = min(owed, due)
        yield debit, credit, amount
        if owed > amount:
            left.append((debit, owed - amount))
        if due > amount:
            right.append((credit, due - amount))


def _filled(shares: Iterable[tuple[Debit, int]]) -> list[tuple[Debit, int]]:
    """A stack with the first share on top; nothing of nothing."""
    return [share for share in shares if share[1]][::-1]


def _of_payment(payment: Payment, kind: PostingKind, what: str, *, at: datetime) -> Entry:
    return Entry(
        kind,
        f"payment:{payment.id}:{what}",
        payment.currency,
        at,
        order_id=payment.order_id,
        payment_id=payment.id,
        memo=payment.reference,
    )


def _of_refund(
    refund: Refund, payment: Payment, kind: PostingKind, what: str, *, at: datetime, memo: str = ""
) -> Entry:
    return Entry(
        kind,
        f"refund:{refund.id}:{what}",
        refund.currency,
        at,
        order_id=refund.order_id,
        payment_id=payment.id,
        refund_id=refund.id,
        memo=memo or refund.reason,
    )
