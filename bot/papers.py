"""Invoices and receipts in words, and the links under which they lie.

A link carries which paper of which order it is and in which language, signed: nobody can guess one.
"""

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_percent
from sqlalchemy.orm import Session

from bot.actions.addresses import address_line
from bot.dialogue.replies import Replies
from bot.dialogue.tokens import pack_id, unpack_id
from bot.messages import PaperKind
from payments import funds, refunds
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import PAID_FOR, Order, OrderLine
from shop.papers import service as invoices
from shop.papers.drawing import Paper, draw
from shop.papers.model import Invoice
from shop.profile import ShopProfile
from storage.engine import Database

KINDS: tuple[PaperKind, ...] = get_args(PaperKind)
SIGNATURE_BYTES = 16
PATH = "/papers"


class NoSuchPaper(LookupError):  # noqa: N818 - what it is
    """The link is none of ours, or the order was not paid."""


@dataclass(frozen=True, slots=True)
class Papers:
    """Makes them and their links."""

    profile: ShopProfile
    replies: Replies
    secret: bytes
    public_url: str

    def link(self, order_id: UUID, kind: PaperKind, language: str) -> str:
        """Where the paper can be opened, by whoever has the link."""
        body = f"{kind}.{pack_id(order_id)}.{language}"
        return f"{self.public_url.rstrip('/')}{PATH}/{body}.{self._signature(body)}.pdf"

    def read(self, name: str) -> tuple[UUID, PaperKind, str]:
        """Which paper a link's last part means. Raises NoSuchPaper."""
        body, _, signature = name.removesuffix(".pdf").rpartition(".")
        parts = body.split(".")
        if len(parts) != 3 or not hmac.compare_digest(self._signature(body).encode(), signature.encode()):
            raise NoSuchPaper(name)
        kind, packed, language = parts
        order_id = unpack_id(packed)
        if order_id is None or kind not in KINDS:
            raise NoSuchPaper(name)
        return order_id, kind, language

    def write(
        self, session: Session, order_id: UUID, kind: PaperKind, language: str, *, at: datetime
    ) -> Paper:
        """What stands on the paper; an order that was paid before there were numbers gets its number now.

        The same as long as nothing more is paid or refunded. Raises NoSuchPaper and NoSuchOrder.
        """
        order = orders.get(session, order_id)
        if order.status not in PAID_FOR or not funds.of_order(session, order_id):
            raise NoSuchPaper(order.reference)
        invoice = invoices.issue(session, order_id, at=at)
        return _Writer(self, session, order, invoice, language).paper(kind)

    async def draw(
        self, database: Database, order_id: UUID, kind: PaperKind, language: str, *, at: datetime
    ) -> bytes:
        """The paper as a PDF: the same bytes for the same paper. Raises as `write`."""
        written = await database.run(lambda session: self.write(session, order_id, kind, language, at=at))
        return await asyncio.to_thread(draw, written)

    def _signature(self, body: str) -> str:
        digest = hmac.digest(self.secret, f"paper\n{body}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Writer:
    """One paper in the making."""

    papers: Papers
    session: Session
    order: Order
    invoice: Invoice
    language: str

    def paper(self, kind: PaperKind) -> Paper:
        order, profile = self.order, self.papers.profile
        facts = [
            (self._say("words_paper_number"), self.invoice.name),
            (self._say("words_paper_date"), self._date(self.invoice.issued_at)),
            (self._say("words_paper_order"), order.reference),
        ]
        contact = [profile.email, profile.phone]
        return Paper(
            title=self._say(f"words_paper_{kind}"),
            seller=[words for words in (profile.name, profile.address, *contact) if words],
            buyer=[words for words in (order.name, address_line(order.address)) if words],
            facts=facts if kind == "invoice" else facts[2:],
            columns=(
                self._say("words_paper_goods"),
                self._say("words_paper_units"),
                self._say("words_paper_price"),
                self._say("words_paper_amount"),
            ),
            rows=[self._row(line) for line in order.lines],
            sums=self._sums(),
            total=(self._say("words_paper_total"), self._money(order.total)),
            notes=self._money_moved(),
            made_at=self.invoice.issued_at,
        )

    def _row(self, line: OrderLine) -> tuple[str, str, str, str]:
        price = Money(line.unit_price_minor, self.order.currency)
        return line.name, str(line.units), self._money(price), self._money(price * line.units)

    def _sums(self) -> list[tuple[str, str]]:
        order = self.order
        delivery = self.papers.profile.in_language(self.language).option(order.delivery)
        sums = [(self._say("words_paper_goods"), self._money(order.items))]
        if order.discount:
            label = " ".join(filter(None, (self._say("words_paper_discount"), order.coupon_code)))
            sums.append((label, self._money(-order.discount)))
        label = delivery.label if delivery else order.delivery
        sums.append((label, self._money(order.delivery_price)))
        for share in order.taxes:
            words = "words_paper_tax_within" if order.tax_included else "words_paper_tax_added"
            rate = format_percent(share.rate_bp / 10_000, format="0.##%", locale=self.language)
            base = self._money(share.base)
            sums.append((self._say(words, rate=rate, base=base), self._money(share.tax)))
        return sums

    def _money_moved(self) -> list[str]:
        """Payments and what went back, each on a line."""
        paid = [
            self._say(
                "words_paper_paid",
                amount=self._money(Money(each.came_minor, self.order.currency)),
                date=self._date(each.at),
            )
            for each in funds.of_order(self.session, self.order.id)
        ]
        back = [
            self._say("words_paper_refunded", amount=self._money(each.amount), date=self._date(each.asked_at))
            for each in refunds.of_order(self.session, self.order.id)
        ]
        return paid + back

    def _say(self, words: str, **facts: Any) -> str:
        return unescape(self.papers.replies.render(words, self.language, facts).text)

    def _money(self, amount: Money) -> str:
        return amount.format(self.language)

    def _date(self, at: datetime) -> str:
        local = at.astimezone(ZoneInfo(self.papers.profile.time_zone))
        return format_date(local, "long", locale=self.language)
