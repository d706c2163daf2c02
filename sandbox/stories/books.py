"""Money and stock: what Stripe took and gave back is what our books say and what is owed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bot.delivery.model import IS_WAITING, InboxEvent, OutboxKind, OutboxRow, is_open
from payments.ledger.audit import audit
from payments.model import Payment, PaymentTransfer, Refund, RefundStatus
from sandbox.stories.stage import Worlds
from sandbox.stripe import model as stripe
from sandbox.telegram.state import Update
from shop.catalogue.model import Product, Variant
from shop.orders.model import HOLDS_STOCK, PAID_FOR, STARTS, Order, OrderLine, OrderMove, OrderStatus
from storage.sums import total

_REFUND_NOTICES: Final = frozenset({"refund.created", "refund.updated", "refund.failed"})
_ENDINGS: Final = {
    stripe.RefundStatus.SUCCEEDED: "arrived",
    stripe.RefundStatus.FAILED: "came back",
    stripe.RefundStatus.CANCELED: "was called off",
}
OrderRow = Row[UUID, str, OrderStatus, int, int, int, bool]
PaymentRow = Row[UUID, UUID | None, str, int, str]
TAKEN_BY_STAFF: Final = frozenset({"cash", "bank"})  # Stripe knows nothing of these payments
RefundRow = Row[UUID, UUID, int, RefundStatus, UUID | None]
TransferRow = Row[UUID, UUID, int]


@dataclass
class _Account:
    """Our books of one order, or of money that came for none."""

    payments: list[PaymentRow] = field(default_factory=list[PaymentRow])
    refunds: list[RefundRow] = field(default_factory=list[RefundRow])
    moved_minor: int = 0  # from other orders, less what went to others

    @property
    def kept_minor(self) -> int:
        """Taken, and neither given back nor promised back."""
        given = sum(refund.amount_minor for refund in self.refunds)
        return sum(payment.amount_minor for payment in self.payments) + self.moved_minor - given


class Books:
    """Compares orders, payments, refunds and stock with each other and with Stripe's account.

    It reads them only when one of their counts or sums has changed, or while something was on its way.
    """

    def __init__(self, worlds: Worlds) -> None:
        self._stripe = worlds.stripe
        self._telegram = worlds.telegram
        self._last: tuple[Any, ...] | None = None
        self._excused = False  # a charge was unknown to us, and could be by then

    def check(self, session: Session) -> list[str]:
        now = self._fingerprint(session)
        if now == self._last:
            return []
        waits, self._excused = _something_waits(session), False
        breaches = [*_stock(session), *_histories(session), *self._money(session, waits=waits)]
        self._last = None if breaches or waits or self._excused else now
        return breaches

    def _fingerprint(self, session: Session) -> tuple[Any, ...]:
        account = self._stripe.account
        refunds = Counter(refund.status for refund in account.refunds)
        return (
            *session.connection().execute(_FINGERPRINT).one(),
            len(account.charges),
            len(account.balance),
            sum(line.amount for line in account.balance),
            *sorted(refunds.items()),
            *sorted(Counter(dispute.status for dispute in account.disputes).items()),
        )

    # ── money ───────────────────────────────────────────────────────────────────────────────────────

    def _money(self, session: Session, *, waits: bool) -> Iterator[str]:
        orders = {row.id: row for row in session.connection().execute(_ORDERS)}
        payments = session.connection().execute(_PAYMENTS).all()
        refunds = session.connection().execute(_REFUNDS).all()
        transfers = session.connection().execute(_TRANSFERS).all()
        yield from _owed(orders, payments, refunds, transfers)
        yield from self._charges(orders, payments, waits=waits)
        yield from self._refunds(refunds, waits=waits)
        yield from self._ledger()
        yield from map(str, audit(session))

    def _charges(
        self, orders: dict[UUID, OrderRow], payments: Iterable[PaymentRow], *, waits: bool
    ) -> Iterator[str]:
        """Every charge is in our books, and nothing else is."""
        booked = {payment.reference: payment for payment in payments}
        real: dict[str, stripe.Charge] = {}
        for charge in self._stripe.account.charges:
            if charge.status != "succeeded" or not charge.captured:  # what a bank only holds is nobody's yet
                continue
            names = {charge.id, charge.payment_intent}
            real |= dict.fromkeys(names, charge)
            entry = next((booked[name] for name in names if name in booked), None)
            if entry is None:
                if waits or self._is_on_its_way(charge, orders):
                    self._excused = True
                else:
                    yield f"the charge {charge.id} of {_money(charge.amount, charge.currency)} has no payment in our books"
            elif entry.amount_minor != charge.amount_captured:
                yield (
                    f"the payment {entry.reference} says {entry.amount_minor}, "
                    f"but {charge.amount_captured} was charged"
                )
        by_hand = {payment.reference for payment in payments if payment.provider in TAKEN_BY_STAFF}
        for reference in booked.keys() - real.keys() - by_hand:
            yield f"the payment {reference} is in our books, but nobody was charged"

    def _is_on_its_way(self, charge: stripe.Charge, orders: dict[UUID, OrderRow]) -> bool:
        """Whether we could not know of it yet: its notice is not here, and its order still waits."""
        account = self._stripe.account
        session = next(
            (each for each in account.sessions if each.payment_intent == charge.payment_intent), None
        )
        if session is None:
            return any(
                not update.delivered and charge.id in str(update.payload) for update in self._updates()
            )
        notices = {
            event.id
            for event in account.events
            if event.type == "checkout.session.completed" and event.data["object"]["id"] == session.id
        }
        if any(delivery.open and delivery.event in notices for delivery in account.deliveries):
            return True
        order = orders.get(UUID(session.client_reference_id or ""))
        waiting = order is not None and order.status is OrderStatus.AWAITING_PAYMENT
        return waiting and notices.isdisjoint(self._stripe.webhooks.taken)

    def _updates(self) -> Iterator[Update]:
        return (each for each in self._telegram.store.all(Update) if "successful_payment" in each.payload)

    def _refunds(self, refunds: Iterable[RefundRow], *, waits: bool) -> Iterator[str]:
        """Each refund of ours is one of Stripe's, and the other way round."""
        ours = {str(refund.id): refund for refund in refunds}
        given: defaultdict[str, list[stripe.Refund]] = defaultdict(list)
        for refund in self._stripe.account.refunds:
            given[refund.metadata.get("refund", "")].append(refund)
        for name, each in given.items():
            if not name and all(self._is_release(refund) for refund in each):
                continue
            if name not in ours:
                yield f"Stripe refunded {each[0].amount} ({each[0].id}), of which our books know nothing"
                continue
            there = [refund for refund in each if not refund.came_back]
            if len(there) > 1 or {refund.amount for refund in each} != {ours[name].amount_minor}:
                amounts = ", ".join(str(refund.amount) for refund in each)
                yield f"the refund {name} of {ours[name].amount_minor} went back as {amounts}"
        for name, refund in ours.items():
            there = given.get(name)
            settled = refund.status is RefundStatus.SETTLED
            if settled and not there:
                yield f"the refund {name} is settled in our books, but Stripe gave nothing back"
            elif refund.status is RefundStatus.PENDING and not there and not waits:
                yield f"the refund {name} is promised, and nothing is under way to send it"
            elif there:
                yield from self._fate(refund, there[-1], waits=waits)

    def _fate(self, ours: RefundRow, there: stripe.Refund, *, waits: bool) -> Iterator[str]:
        """Whether the money arrived is known to us, unless we cannot know it yet."""
        if ours.status is RefundStatus.OTHERWISE:
            differs = not there.came_back
        elif there.came_back:
            differs = ours.status is not RefundStatus.FAILED
        else:
            differs = ours.status is RefundStatus.FAILED and there.status is stripe.RefundStatus.SUCCEEDED
        if not differs:
            return
        if waits or self._is_untold(there):
            self._excused = True
            return
        yield f"the refund {ours.id} is {ours.status} in our books, but at Stripe it {_ENDINGS[there.status]}"

    def _is_release(self, refund: stripe.Refund) -> bool:
        """Whether it is how Stripe shows that what a bank held was let go, or the part of it that was not captured."""
        charge = self._stripe.account.charges[refund.charge]
        return refund.amount == charge.amount - charge.amount_captured

    def _is_untold(self, refund: stripe.Refund) -> bool:
        """Whether no notice of where it stands has come to us."""
        notices = {
            event.id
            for event in self._stripe.account.events
            if event.type in _REFUND_NOTICES
            and (event.data["object"]["id"], event.data["object"]["status"]) == (refund.id, refund.status)
        }
        return notices.isdisjoint(self._stripe.webhooks.taken)

    def _ledger(self) -> Iterator[str]:
        """Stripe's own: its balance is what was captured, less what was given back and what banks have taken."""
        account = self._stripe.account
        balance = sum(line.amount for line in account.balance)
        charged = sum(charge.amount for charge in account.charges if charge.captured)
        back = sum(
            each.amount
            for each in account.refunds
            if not each.came_back and account.charges[each.charge].captured
        )
        disputed = sum(each.amount for each in account.disputes if each.blocks_refunds)
        if balance != charged - back - disputed:
            yield (
                f"Stripe's balance is {balance}, but {charged} came in, {back} went back"
                f" and {disputed} is in dispute or lost by it"
            )


def _owed(
    orders: dict[UUID, OrderRow],
    payments: Iterable[PaymentRow],
    refunds: Iterable[RefundRow],
    transfers: Iterable[TransferRow],
) -> Iterator[str]:
    """What was kept of each order's money is what the order costs, or what an exchange paid towards it, or nothing."""
    accounts: defaultdict[UUID | None, _Account] = defaultdict(_Account)
    for payment in payments:
        accounts[payment.order_id].payments.append(payment)
    for refund in refunds:
        accounts[refund.order_id].refunds.append(refund)
    for moved in transfers:
        accounts[moved.from_order_id].moved_minor -= moved.amount_minor
        accounts[moved.to_order_id].moved_minor += moved.amount_minor
    for order in orders.values():
        account = accounts[order.id]
        is_due = order.status in PAID_FOR and (order.was_paid or account.payments)
        waits = order.status is OrderStatus.AWAITING_PAYMENT
        is_due = is_due or (
            order.status is OrderStatus.WAITING and bool(account.payments)
        )  # else a bank holds it
        due = order.total_minor - order.credited_minor if is_due else order.exchanged_minor if waits else 0
        yield from _difference(f"the order {order.reference} ({order.status})", due, account)
    yield from _difference("money that came for no order", 0, accounts[None])


def _difference(what: str, due_minor: int, account: _Account) -> Iterator[str]:
    if account.kept_minor != due_minor:
        yield f"of {what} {account.kept_minor} was kept, and {due_minor} is owed"


# ── stock and histories ─────────────────────────────────────────────────────────────────────────────


def _stock(session: Session) -> Iterator[str]:
    promised = dict(iter(session.connection().execute(_PROMISED)))
    for variant in session.connection().execute(_VARIANTS):
        there = f"the stock of {variant.handle}: {variant.on_hand} on hand, {variant.allocated} promised"
        limited = variant.tracked and not variant.oversell
        if variant.allocated < 0 or (limited and not 0 <= variant.allocated <= variant.on_hand):
            yield there
        if variant.allocated != promised.get(variant.id, 0):
            yield f"{there}, but orders hold {promised.get(variant.id, 0)}"


def _histories(session: Session) -> Iterator[str]:
    """An order's moves lead from one to the next and end where it is."""
    at: dict[UUID, OrderStatus] = {}
    for move in session.connection().execute(_MOVES):
        before = at.get(move.order_id)
        if move.before is not before if before is not None else move.before not in STARTS:
            yield f"the order {move.reference} moved from {move.before} to {move.after} while it was {before}"
        at[move.order_id] = move.after
    for order in session.connection().execute(_ORDERS):
        led_to = at.get(order.id)
        if order.status is not led_to if led_to is not None else order.status not in STARTS:
            yield f"the order {order.reference} is {order.status}, which no move of it led to"


def _something_waits(session: Session) -> bool:
    """Whether an event or a call is still to be worked on."""
    return any(session.connection().scalar(statement) is not None for statement in (_WAITING, _CALLING))


def _money(minor: int, currency: str) -> str:
    return f"{minor / 100:.2f} {currency.upper()}"


def _total(column: Any) -> Any:
    return select(total(column)).scalar_subquery()


def _count(column: Any, *conditions: Any) -> Any:
    return select(func.count(column)).where(*conditions).scalar_subquery()


_FINGERPRINT: Final[Any] = select(
    select(func.max(OrderMove.id)).scalar_subquery(),
    _count(Order.id),
    _count(Payment.id),
    _total(Payment.amount_minor),
    _count(Refund.id),
    _count(Refund.reference),
    _total(Refund.amount_minor),
    _count(Refund.id, Refund.status == RefundStatus.PENDING),
    _count(Refund.id, Refund.status == RefundStatus.FAILED),
    _total(Variant.on_hand),
    _total(Variant.allocated),
    _total(Order.credited_minor),
    _total(PaymentTransfer.amount_minor),
    _total(OrderLine.called_off),
    _total(OrderLine.shipped),
)
_ORDERS: Final = select(
    Order.id,
    Order.reference,
    Order.status,
    Order.total_minor,
    Order.credited_minor,
    Order.exchanged_minor,
    select(OrderMove.id)
    .where(OrderMove.order_id == Order.id, OrderMove.after == OrderStatus.PAID)
    .correlate(Order)
    .exists()
    .label("was_paid"),
)
_PAYMENTS: Final = select(
    Payment.id, Payment.order_id, Payment.reference, Payment.amount_minor, Payment.provider
)
_REFUNDS: Final = select(Refund.id, Refund.payment_id, Refund.amount_minor, Refund.status, Refund.order_id)
_TRANSFERS: Final = select(
    PaymentTransfer.from_order_id, PaymentTransfer.to_order_id, PaymentTransfer.amount_minor
)
_MOVES: Final = (
    select(OrderMove.order_id, OrderMove.before, OrderMove.after, Order.reference)
    .join(Order, Order.id == OrderMove.order_id)
    .order_by(OrderMove.id)
)
_VARIANTS: Final = select(
    Variant.id, Variant.on_hand, Variant.allocated, Variant.tracked, Variant.oversell, Product.handle
).join(Product)
_PROMISED: Final = (
    select(OrderLine.variant_id, total(OrderLine.units - OrderLine.called_off - OrderLine.shipped))
    .join(Order, Order.id == OrderLine.order_id)
    .where(Order.status.in_(HOLDS_STOCK), OrderLine.variant_id.is_not(None))
    .group_by(OrderLine.variant_id)
)
_WAITING: Final = select(InboxEvent.id).where(IS_WAITING).limit(1)
_CALLING: Final = select(OutboxRow.id).where(is_open(), OutboxRow.kind == OutboxKind.CALL).limit(1)
