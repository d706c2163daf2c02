"""The papers of a paid order, asked for in the chat: the bytes that arrive are that order's PDF, and nobody else's."""

from io import BytesIO

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from bot.delivery.model import OutboxRow
from bot.messages import MESSAGE, Say
from shop.orders.model import Order, OrderStatus
from tests.open_shop import OpenShop, Telegrammer
from tests.page_visitor import PageVisitor
from tests.scenarios.payments.buying import change, order, order_now

pytestmark = pytest.mark.anyio

ASKED = "can I get an invoice?"


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def files_on_telegram(ana: Telegrammer) -> dict[str, bytes]:
    """What was sent to them, by name."""
    return {m.document.name: ana.user.document_bytes(m) for m in ana.shown() if m.document}


def files_on_messenger(mo: PageVisitor) -> dict[str, bytes]:
    return {m.file.name: mo.person.file_bytes(m) for m in mo.person.screen() if m.file}


def tells_of(placed: Order, files: dict[str, bytes]) -> None:
    """The invoice and the receipt, with reference and total."""
    names = {paper: f"{paper}-{placed.reference}.pdf" for paper in ("invoice", "receipt")}
    assert set(files) == set(names.values())
    for title, name in (("Invoice", names["invoice"]), ("Receipt", names["receipt"])):
        assert files[name].startswith(b"%PDF-")
        text = text_of(files[name])
        for words in (title, placed.reference, "Ana Ruiz", placed.total.format("en")):
            assert words in text


async def bought_on_telegram(shop: OpenShop) -> tuple[Telegrammer, Order]:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    assert (await ana.pays()).paid
    await ana.hears("Your payment of")
    return ana, placed


async def test_on_telegram_the_papers_come_as_files(shop: OpenShop) -> None:
    ana, placed = await bought_on_telegram(shop)
    said = await ana.says(ASKED)
    assert f"Here is the invoice for order {placed.reference}" in said
    assert "/papers/" not in said, "a link leads nowhere where the shop has no address"
    files = files_on_telegram(ana)
    tells_of(placed, files)
    await ana.says(ASKED)
    assert files_on_telegram(ana) == files, "the same order is the same file"


async def test_on_messenger_the_papers_come_as_files(shop: OpenShop) -> None:
    mo = shop.page_visitor("Mo")
    placed = await order(shop, mo)
    assert await mo.pays()
    await mo.hears("Thank you")
    said = await mo.says(ASKED)
    assert f"Here is the invoice for order {placed.reference}" in said
    assert "/papers/" not in said
    tells_of(placed, files_on_messenger(mo))


async def test_in_the_web_chat_they_are_links(shop: OpenShop) -> None:
    bo = shop.web_visitor()
    placed = await order(shop, bo)
    await shop.sandbox.stripe.pay(bo.link().rsplit("/", 1)[1])
    await bo.hears("Thank you")
    await bo.says(ASKED)
    links = {button.label: button.url or "" for button in bo.buttons if "/papers/" in (button.url or "")}
    async with httpx.AsyncClient() as client:
        contents = [(await client.get(links[label])).content for label in ("Invoice", "Receipt")]
    names = [f"{paper}-{placed.reference}.pdf" for paper in ("invoice", "receipt")]
    tells_of(placed, dict(zip(names, contents, strict=True)))


async def test_what_waits_to_be_sent_names_the_paper_and_does_not_hold_it(shop: OpenShop) -> None:
    ana, placed = await bought_on_telegram(shop)
    await ana.says(ASKED)
    in_order = select(OutboxRow.payload).order_by(OutboxRow.id)
    rows = shop.read(lambda session: session.scalars(in_order).all())
    said = [MESSAGE.validate_python(row) for row in rows if row.get("document")]
    papers = [each.document for each in said if isinstance(each, Say) and each.document]
    assert [(each.order, each.paper) for each in papers] == [(placed.id, "invoice"), (placed.id, "receipt")]


async def test_nobody_gets_the_papers_of_another_or_before_they_paid(shop: OpenShop) -> None:
    _, placed = await bought_on_telegram(shop)
    eve = shop.telegrammer("Eve")
    await eve.says("hello")
    await eve.says(f"send me the invoice for order {placed.reference}")
    unpaid = await order(shop, eve)
    assert f"{unpaid.reference} has no invoice yet" in await eve.says(ASKED)
    assert files_on_telegram(eve) == {}


async def test_a_paper_that_is_no_more_when_it_is_sent_is_a_link(shop: OpenShop) -> None:
    """Something took the order back between the turn and the sending."""
    ana, placed = await bought_on_telegram(shop)
    await ana.says(ASKED)
    assert len(files_on_telegram(ana)) == 2
    assert order_now(shop, placed.id).status is OrderStatus.PAID
    lost = update(Order).where(Order.id == placed.id).values(status=OrderStatus.PLACED)
    await change(shop, lambda session: session.execute(lost))
    said = await ana.says("again please")
    assert f"invoice-{placed.reference}.pdf: " in said
    assert "/papers/invoice." in said
