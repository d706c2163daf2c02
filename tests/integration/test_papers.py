"""Invoices and receipts: numbered without a gap, the same bytes every time, and readable by whoever has the link."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import ROOT, read_settings
from bot.dialogue import replies
from bot.papers import NoSuchPaper, Papers
from payments import settlement
from shop.customers.model import Customer
from shop.money import Money
from shop.orders import service as orders
from shop.papers import service as invoices
from shop.papers.drawing import draw
from shop.papers.model import Invoice
from storage.engine import Database
from tests.trade import NOW, customer, place, stock

LANGUAGES = ["en", "es"]


@pytest.fixture(scope="module")
def papers() -> Papers:
    said = replies.read(ROOT / "flows" / "replies", languages=LANGUAGES)
    return Papers(read_settings(ROOT / "config.yml").shop, said, b"secret", "https://shop.example/")


def paid(session: Session, name: str = "Zoë Ångström Παπαδοπούλου") -> UUID:
    """Somebody's paid order of two mugs."""
    order = place(session, customer(session, name), {stock(session, f"mug of {name}"): 2})
    reference = f"pi_{order.reference}"
    settlement.settle(session, order.id, provider="stripe", reference=reference, amount=order.total, at=NOW)
    return order.id


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_an_invoice_tells_who_sold_what_for_how_much(database: Database, papers: Papers) -> None:
    order_id = database.write_now(paid)
    drawn = draw(database.write_now(lambda s: papers.write(s, order_id, "invoice", "en", at=NOW)))
    text = text_of(drawn)
    for words in ("Invoice", "2026-0001", "Kettle & Quay", "Zoë Ångström Παπαδοπούλου", "€28.90", "€12.00"):
        assert words in text
    assert "Paid on November 21, 2026: €28.90" in text
    again = draw(database.write_now(lambda s: papers.write(s, order_id, "invoice", "en", at=NOW)))
    assert drawn == again, "the same order is the same file"


def test_a_receipt_is_written_in_the_customers_language(database: Database, papers: Papers) -> None:
    order_id = database.write_now(paid)
    text = text_of(draw(database.write_now(lambda s: papers.write(s, order_id, "receipt", "es", at=NOW))))
    assert "Recibo" in text
    assert "28,90\xa0€" in text or "28,90 €" in text
    assert "Pagado el 21 de noviembre de 2026" in text
    assert "Número de factura" not in text


def test_numbers_have_no_gap_though_many_pay_at_once_and_some_fail(database: Database) -> None:
    def work(session: Session, number: int) -> None:
        paid(session, f"Customer {number}")
        if number % 3 == 0:
            raise ZeroDivisionError

    def one(number: int) -> bool:
        try:
            database.write_now(lambda session: work(session, number))
        except ZeroDivisionError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        done = sum(pool.map(one, range(12)))
    numbers = database.read(lambda s: s.scalars(select(Invoice.number).order_by(Invoice.number)).all())
    assert list(numbers) == list(range(1, done + 1))


def test_an_order_has_one_number_and_each_year_begins_anew(database: Database) -> None:
    def work(session: Session) -> None:
        first, second = paid(session, "Ana"), paid(session, "Ben")
        assert invoices.issue(session, first, at=NOW).name == "2026-0001"
        assert invoices.issue(session, second, at=NOW).name == "2026-0002"
        unpaid = place(session, customer(session, "Cem"), {stock(session, "plate"): 1})
        assert invoices.issue(session, unpaid.id, at=NOW.replace(year=2027)).name == "2027-0001"

    database.write_now(work)


def test_nobody_opens_a_paper_without_its_link(database: Database, papers: Papers) -> None:
    order_id = database.write_now(paid)
    name = papers.link(order_id, "invoice", "en").removeprefix("https://shop.example/papers/")
    assert papers.read(name) == (order_id, "invoice", "en")
    for forged in (name.replace("invoice", "receipt"), f"{name[:-6]}AA.pdf", "", "a.b.c.d.pdf", "é.ü"):
        with pytest.raises(NoSuchPaper):
            papers.read(forged)


def test_an_order_that_is_not_paid_has_no_invoice(database: Database, papers: Papers) -> None:
    def work(session: Session) -> None:
        order = place(session, customer(session), {stock(session): 1})
        with pytest.raises(NoSuchPaper):
            papers.write(session, order.id, "invoice", "en", at=NOW)
        assert session.scalars(select(Invoice)).all() == []
        assert session.get_one(Customer, order.customer_id).name == "Ana Ruiz"
        assert orders.get(session, order.id).owed == Money(1690, "EUR")

    database.write_now(work)
