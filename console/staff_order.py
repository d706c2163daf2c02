"""One order: what is in it, where it is, its money and history, and what staff may do next."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from nicegui import ui

from console import fulfilment
from console.elements import box, link, text
from console.forms import Fields, choice, field, form, number
from console.fulfilment import Desk
from console.notation import notation_of
from console.order_words import PATH, STATUS_WORDS, delivery_label, order_link, status_badge
from console.reads.orders import MoneyRow, MoveRow, OrderFacts, ShipmentRow, facts_of
from console.services import ConsoleServices
from console.staff_returns import amount_in, show_returns
from shop.money import Money
from shop.orders.model import MOVES, PAID_FOR, OrderStatus
from shop.payment_methods import PaymentKind
from shop.shipments import service as shipments

TAKEN_BY_STAFF: Final = {
    PaymentKind.CASH: ("cash", "Cash on delivery"),
    PaymentKind.TRANSFER: ("bank", "Bank transfer"),
}
SHIPPABLE = {OrderStatus.PACKED, OrderStatus.PART_SHIPPED}


class OrderView:
    """One order. After anything was done it shows itself anew."""

    def __init__(self, services: ConsoleServices, reference: str) -> None:
        self._services = services
        self._reference = reference
        self._notation = notation_of(services.profile)

    def build(self, facts: OrderFacts) -> None:
        """Lay it out."""
        link("← All orders", PATH, "back")
        self._frame = box("order")
        self._show(facts)

    def _show(self, facts: OrderFacts) -> None:
        self._frame.clear()
        with self._frame:
            with box("order-head"):
                text(f"Order {facts.reference}", tag="h1")
                status_badge(facts.status)
            self._show_next_steps(facts)
            with box("order-columns"):
                with box("panel"):
                    self._show_lines(facts)
                with box("panel"):
                    self._show_customer(facts)
                with box("panel"):
                    self._show_shipments(facts)
                with box("panel"):
                    show_returns(
                        facts.returns,
                        self._notation,
                        lambda work, done: self._do(facts.id, work, done),
                    )
                with box("panel"):
                    self._show_money(facts)
                with box("panel"):
                    self._show_history(facts.moves)

    # ------------------------------------------------------------------ what may be done

    def _show_next_steps(self, facts: OrderFacts) -> None:
        if facts.status in SHIPPABLE:
            self._offer_shipping(facts)
        for status in fulfilment.next_moves(facts.status):
            if status is not OrderStatus.SHIPPED:
                self._offer_move(facts, status)
        if facts.is_held:
            self._offer_charging(facts)
        if OrderStatus.CANCELLED in MOVES[facts.status]:
            self._offer_cancelling(facts)

    def _offer_move(self, facts: OrderFacts, status: OrderStatus) -> None:
        words = STATUS_WORDS[status][0].lower()

        async def move(_fields: Fields) -> None:
            await self._do(facts.id, lambda desk: fulfilment.move_on(desk, status), f"is {words}")

        with form(f"Mark as {words}", move):
            pass

    def _offer_shipping(self, facts: OrderFacts) -> None:
        async def ship(fields: Fields) -> None:
            parcel = shipments.parcel(
                self._services.profile,
                carrier=fields.get("carrier", ""),
                tracking=fields.get("tracking", ""),
            )
            units = {
                line.id: _count(fields.get(f"units-{place}", str(line.left)))
                for place, line in enumerate(facts.lines)
                if line.left
            }
            units = {line: count for line, count in units.items() if count}
            await self._do(
                facts.id, lambda desk: fulfilment.ship(desk, units, parcel=parcel), "is on its way"
            )

        with form("Mark as shipped", ship):
            if sum(line.left for line in facts.lines) > 1:
                for place, line in enumerate(facts.lines):
                    if line.left:
                        words = f"of {line.left} × {line.name}"
                        number(words, f"units-{place}", value=line.left, most=line.left)
            if facts.address:
                known = self._services.profile.carriers
                if known:
                    options = [(code, carrier.label) for code, carrier in known.items()]
                    choice("Carrier", "carrier", [("", "Carrier…"), *options])
                field("Tracking number or link (optional)", "tracking")

    def _offer_charging(self, facts: OrderFacts) -> None:
        async def charge(_fields: Fields) -> None:
            await self._do(facts.id, fulfilment.charge, "is being charged")

        with form(f"Charge {self._notation.money(facts.due)}", charge):
            text("The bank holds the money. Charge it when you pack.", "facts-note", tag="p")

    def _offer_cancelling(self, facts: OrderFacts) -> None:
        async def cancel(fields: Fields) -> None:
            why = fields.get("why", "").strip()
            await self._do(facts.id, lambda desk: fulfilment.cancel(desk, why), "is cancelled")

        with form("Cancel the order", cancel, primary=False):
            field("Why it is cancelled (the customer reads it)", "why")

    def _offer_taking(self, facts: OrderFacts) -> None:
        provider, what = TAKEN_BY_STAFF[facts.method]

        async def take(fields: Fields) -> None:
            amount = amount_in(fields.get("amount", ""), facts.due.currency)
            reference = fields.get("reference", "").strip()
            await self._do(
                facts.id,
                lambda desk: fulfilment.take_money(desk, amount, provider=provider, reference=reference),
                "has its money noted",
            )

        text(f"{what}: {self._notation.money(facts.due)} are due", "facts-note", tag="p")
        with form("Note the money", take):
            field(f"Amount in {facts.due.currency}", "amount", inputmode="decimal")
            field("What the statement or receipt says", "reference")

    def _offer_refund(self, facts: OrderFacts) -> None:
        async def give_back(fields: Fields) -> None:
            amount = amount_in(fields.get("amount", ""), facts.total.currency)
            why = fields.get("why", "").strip()
            await self._do(facts.id, lambda desk: fulfilment.refund(desk, amount, why), "is refunded in part")

        with form("Refund", give_back, primary=False):
            field(f"Amount in {facts.total.currency}", "amount", inputmode="decimal")
            field("Why it is refunded", "why")

    async def _do(self, order_id: UUID, work: Callable[[Desk], Any], done: str) -> None:
        services, at = self._services, self._services.clock.now()
        try:
            await services.database.run(
                lambda session: work(fulfilment.open_order(session, order_id, notices=services.tell, at=at))
            )
            await services.wake()
            ui.notify(f"Order {self._reference} {done}.", type="positive")
        finally:  # a refusal too means that what the page shows is old
            fresh = await services.database.look(lambda session: facts_of(session, self._reference))
            if fresh is not None:
                self._show(fresh)

    # ------------------------------------------------------------------ what there is

    def _show_lines(self, facts: OrderFacts) -> None:
        text("Goods", "facts-title", tag="h2")
        for line in facts.lines:
            with box("fact-row"):
                with box("fact-words"):
                    text(f"{line.units} × {line.name}", dir="auto")
                    for note in filter(None, (line.sku, line.note)):
                        text(note, "facts-note")
                self._price(line.price)
        with box("fact-row"):
            text(delivery_label(self._services.profile, facts.delivery))
            self._price(facts.delivery_price)
        with box("fact-row total"):
            text("Total")
            self._price(facts.total)
        if facts.credited:
            with box("fact-row"):
                text("Credited")
                self._price(-facts.credited)

    def _price(self, amount: Money) -> None:
        text(self._notation.money(amount), "amount")

    def _show_customer(self, facts: OrderFacts) -> None:
        text("Customer", "facts-title", tag="h2")
        with box("facts", tag="dl"):
            for name, value in (
                ("Name", facts.name),
                ("Phone", facts.phone),
                ("Address", facts.address or "Picks it up"),
                ("Placed", self._notation.moment(facts.placed_at)),
            ):
                with box("fact"):
                    text(name, tag="dt")
                    text(value, tag="dd", dir="auto")
        if facts.parent:
            with box("fact-row"):
                text("Goes in one parcel with order" if facts.goes_along else "Belongs to order")
                order_link(facts.parent)
        for follower in facts.followers:
            with box("fact-row"):
                text("Pack with it: order" if follower.goes_along else "Exchanged as order")
                order_link(follower.reference)
                status_badge(follower.status)
        if facts.map_link:
            link("See the place on a map", facts.map_link, target="_blank", rel="noopener noreferrer")
        if facts.conversation_number is not None:
            link("Open the conversation", f"/staff/conversations/{facts.conversation_number}")

    def _show_shipments(self, facts: OrderFacts) -> None:
        text("Shipments", "facts-title", tag="h2")
        if not facts.shipments:
            text("Nothing was sent yet", "facts-note", tag="p")
        open_ones = [each for each in facts.shipments if each.delivered_at is None]
        for each in facts.shipments:
            with box("fact-row"), box("fact-words"):
                text(f"{each.number}. {each.goods}", dir="auto")
                text(f"Sent {self._notation.moment(each.shipped_at)}", "facts-note")
                if each.parcel:
                    text(each.parcel, "facts-note", dir="auto")
                if each.link:
                    link("Follow the parcel", each.link, target="_blank", rel="noopener noreferrer")
                if each.delivered_at:
                    text(f"Delivered {self._notation.moment(each.delivered_at)}", "facts-note")
            if each in open_ones and len(facts.shipments) + (facts.status in SHIPPABLE) > 1:
                self._offer_arrival(facts, each)

    def _offer_arrival(self, facts: OrderFacts, shipment: ShipmentRow) -> None:
        async def arrived(_fields: Fields) -> None:
            number_ = shipment.number
            await self._do(
                facts.id, lambda desk: fulfilment.deliver(desk, number_), f"part {number_} is delivered"
            )

        with form(f"Shipment {shipment.number} has arrived", arrived, primary=False):
            pass

    def _show_money(self, facts: OrderFacts) -> None:
        text("Payments and refunds", "facts-title", tag="h2")
        if not facts.money:
            text("No money has moved", "facts-note", tag="p")
        for each in facts.money:
            self._show_money_row(each)
        if facts.due and facts.method in TAKEN_BY_STAFF:
            self._offer_taking(facts)
        if facts.money and facts.status in PAID_FOR and self._services.paper_link is not None:
            href = self._services.paper_link(facts.id, "invoice", self._notation.language)
            link("Invoice (PDF)", href, target="_blank", rel="noopener noreferrer")
        if facts.refundable and facts.status is not OrderStatus.CANCELLED:
            self._offer_refund(facts)

    def _show_money_row(self, each: MoneyRow) -> None:
        with box("fact-row"):
            with box("fact-words"):
                text(f"{each.what}, {self._notation.moment(each.at)}")
                text(each.note, "facts-note failed" if each.failed else "facts-note")
            self._price(each.amount)

    def _show_history(self, moves: tuple[MoveRow, ...]) -> None:
        text("History", "facts-title", tag="h2")
        if not moves:
            text("Nothing has happened since it was placed", "facts-note", tag="p")
        for move in moves:
            with box("fact-row"), box("fact-words"):
                what = STATUS_WORDS[move.after][0] if move.after else move.why
                text(f"{what}, {self._notation.moment(move.at)}")
                why = f": {move.why}" if move.after and move.why else ""
                text(f"by {move.by}{why}", "facts-note")


def _count(words: str) -> int:
    """What stands in a field for a count; anything else than a number is none."""
    return int(words) if words.isascii() and words.isdigit() else 0
