"""kill -9 at the boundaries of everything the outbox holds: the call has not reached the far end; it has, and the
shop does not know; the shop has noted it. After a restart each comes to the same end.

The table names every provider call and every kind of message on every channel that sends it over a network; a test
says when one is missing. (What the web chat shows is in our own database, so there is nothing outside to lose.)
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.stage import Template
from bot import conversations
from bot.actions.reconciling import LANE, TIMER
from bot.deals import cards
from bot.delivery import timers
from bot.delivery.model import OutboxKind, OutboxRow, OutboxState
from bot.messages import Message
from console import fulfilment
from payments.model import Authorisation, Reconciliation
from payments.stripe_gateway import StripeGateway
from sandbox.telegram.payments import OrderDetails
from shop.deals import groups, offers
from shop.orders.model import OrderStatus
from storage.clock import SystemClock
from tests.conftest import ENGINES
from tests.integration.killed_shop import ShopProcess, bought_once, killable
from tests.open_shop import Visitor
from tests.page_visitor import everything
from tests.scenarios.payments.buying import (
    MUG,
    change,
    charges,
    check_out,
    fill_cart,
    order,
    session_of,
    until,
)

pytestmark = pytest.mark.anyio


class Boundary(StrEnum):
    BEFORE = "before_it_is_done"
    DONE = "done_and_not_noted"
    NOTED = "noted"


@dataclass
class Cut:
    """One kill of one row of the outbox."""

    shop: ShopProcess
    what: str
    wire: str
    boundary: Boundary
    times_max: int  # the platform has no key by which to know a repeat: then what was done is done again

    @asynccontextmanager
    async def during(self) -> AsyncGenerator[None]:
        """The block makes the shop do it; at the boundary it is killed, and then started again."""
        before = self._rows(OutboxState.SENT)
        if self.boundary is not Boundary.NOTED:
            self.shop.gate.hold(self.wire, served=self.boundary is Boundary.DONE)
        yield
        if self.boundary is Boundary.NOTED:
            await until(lambda: self._rows(OutboxState.SENT) - before)
            self.shop.kill()
        else:
            await asyncio.wait_for(self.shop.gate.reached.wait(), 20)
            self.shop.kill()
            assert self._rows(OutboxState.SENDING), f"no {self.what} was under way"
            assert self._rows(OutboxState.SENT) == before, f"{self.what} was noted too early"
        await self.shop.start()

    def _rows(self, state: OutboxState) -> set[int]:
        found = select(OutboxRow).where(OutboxRow.state == state)
        rows: list[OutboxRow] = self.shop.read(lambda session: session.scalars(found).all())
        return {row.id for row in rows if name_of(row) == self.what}

    def heard(self, said: Counter[str]) -> None:
        """Nothing of it was lost, and no more than one of it came more often than the platform makes unavoidable."""
        assert said, f"{self.what} was lost"
        assert sum(times - 1 for times in said.values()) <= self.times_max - 1, said


def name_of(row: OutboxRow) -> str:
    return row.payload["call" if row.kind is OutboxKind.CALL else "kind"]


# ---------------------------------------------------------------------- messages


async def says_on_telegram(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    await fill_cart(shop, ana)
    async with cut.during():
        ana.user.say(shop.bot, "show my cart")
    await until(lambda: any("€24.00" in message.text for message in ana.shown()))
    await shop.settled()
    cut.heard(Counter(message.text for message in ana.shown() if "€24.00" in message.text))


async def says_on_messenger(cut: Cut) -> None:
    shop, mo = cut.shop, cut.shop.page_visitor("Mo")
    await fill_cart(shop, mo)
    async with cut.during():
        mo.person.say("show my cart")
    await until(lambda: any("€24.00" in message.text for message in mo.person.screen()))
    await shop.settled()
    cut.heard(Counter(message.text for message in mo.person.screen() if "€24.00" in message.text))


async def hands_over_papers_on_telegram(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    await order(shop, ana)
    assert (await ana.pays()).paid
    await ana.hears("Your payment of")
    async with cut.during():
        ana.user.say(shop.bot, "can I get an invoice?")
    await until(lambda: any("And the receipt" in message.text for message in ana.shown()))
    await shop.settled()
    files = [message for message in ana.shown() if message.document is not None]
    contents = {ana.user.document_bytes(message) for message in files}
    assert len(contents) == 2, "a paper that comes again is the same"
    assert all(content.startswith(b"%PDF-") for content in contents)
    cut.heard(Counter(message.text for message in files))


async def hands_over_papers_on_messenger(cut: Cut) -> None:
    shop, mo = cut.shop, cut.shop.page_visitor("Mo")
    await order(shop, mo)
    assert await mo.pays()
    await mo.hears("Thank you")
    async with cut.during():
        mo.person.say("can I get an invoice?")
    await until(lambda: any("And the receipt" in message.text for message in mo.person.screen()))
    await shop.settled()
    files = [message for message in mo.person.screen() if message.file is not None]
    assert len({mo.person.file_bytes(message) for message in files}) == 2
    cut.heard(Counter(message.file.name for message in files if message.file))


async def shows_cards_on_telegram(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    await ana.says("hello")
    async with cut.during():
        ana.user.say(shop.bot, "show me lamps")
    await shop.settled()
    cards = Counter(message.text for message in ana.shown() if message.photo is not None)
    assert len(cards) >= 2, "some of the cards were lost"
    cut.heard(cards)


async def shows_cards_on_messenger(cut: Cut) -> None:
    shop, mo = cut.shop, cut.shop.page_visitor("Mo")
    await mo.says("hello")
    async with cut.during():
        mo.person.say("show me lamps")
    await shop.settled()
    cut.heard(Counter(everything(message) for message in mo.person.screen() if message.cards))


async def posts_a_card_in_a_group_chat(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    chat = shop.sandbox.telegram.add_group("Friends", [ana.user], bots=[shop.bot])
    await shop.settled()
    lane = conversations.in_group("telegram", chat.id)
    async with cut.during():
        await change(shop, lambda session: show_a_group_that_forms(session, lane))
    await until(lambda: any(message.photo for message in ana.user.chat(chat)))
    await shop.settled()
    cut.heard(Counter(message.text for message in ana.user.chat(chat) if message.photo))


def show_a_group_that_forms(session: Session, chat: str) -> None:
    now = SystemClock().now()
    deal = offers.every(session)[0]
    group = groups.begin(session, deal, at=now)
    group.closes_at = now + timedelta(hours=deal.window_hours)
    cards.show(session, group, chat, language="en", at=now)


async def sends_an_invoice(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    await fill_cart(shop, ana)
    await check_out(ana)
    async with cut.during():
        ana.user.tap(shop.bot, "Pay")
    await until(lambda: any("invoice" in message.content for message in ana.shown()))
    await shop.settled()
    cut.heard(Counter(m.content["invoice"]["title"] for m in ana.shown() if "invoice" in m.content))
    assert (await ana.pays()).paid
    await ana.hears("Your payment of")
    bought_once(shop)


async def answers_a_tap(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    await fill_cart(shop, ana)
    await ana.says("show my cart")
    async with cut.during():
        ana.user.tap(shop.bot, "Checkout")
    await shop.settled()
    asked = [message.text for message in ana.shown() if "How would you like to get it" in message.text]
    assert 1 <= len(asked) <= 1 + shop.kills, "the kill may have met the question, too"


async def answers_the_shipping_query(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    for words in ("2 black mugs", "checkout", "Ana Ruiz", "standard"):
        await ana.says(words)
    await ana.taps("Fill in Telegram’s form")
    at_home = OrderDetails(
        name="Ana Ruiz",
        phone_number="3291234567",
        country_code="BE",
        state="",
        city="Ghent",
        street_line1="Main Street 5",
        post_code="9000",
    )

    def pay() -> Awaitable[Any]:
        return ana.user.pay(shop.bot, "visa", details=at_home, shipping_option="express")

    async with cut.during():
        paying = asyncio.ensure_future(pay())
    outcome = await paying
    while outcome.status == "timed_out":  # the restart took longer than Telegram waits
        assert charges(shop) == []
        outcome = await pay()
    assert outcome.paid, outcome.reason
    await ana.hears("Your payment of")
    bought_once(shop)


async def answers_the_invoice_check(cut: Cut) -> None:
    shop, ana = cut.shop, cut.shop.telegrammer("Ana")
    await order(shop, ana)
    async with cut.during():
        paying = asyncio.create_task(ana.pays())
    outcome = await paying
    while outcome.status == "timed_out":
        assert charges(shop) == []
        outcome = await ana.pays()
    assert outcome.paid, outcome.reason
    await ana.hears("Your payment of")
    bought_once(shop)


async def shows_that_it_writes(cut: Cut) -> None:
    """The sign itself may be lost, and the page's link must not be."""
    shop, mo = cut.shop, cut.shop.page_visitor("Mo")
    await fill_cart(shop, mo)
    await check_out(mo)
    async with cut.during():
        mo.person.tap("Pay")
    await until(lambda: any("Pay safely" in message.text for message in mo.person.screen()))
    assert await mo.pays()
    await mo.hears("Thank you")
    bought_once(shop)


async def sends_a_receipt(cut: Cut) -> None:
    shop, mo = cut.shop, cut.shop.page_visitor("Mo")
    await order(shop, mo)
    async with cut.during():
        assert await mo.pays()
    await until(lambda: any(message.receipt for message in mo.person.screen()))
    await shop.settled()
    cut.heard(Counter(m.receipt.order_number for m in mo.person.screen() if m.receipt))
    bought_once(shop)


# ---------------------------------------------------------------------- calls


async def press(bo: Visitor, label: str) -> None:
    """Press it in the web chat, and do not wait for an answer."""
    button = next(button for button in reversed(bo.buttons) if button.label.startswith(label))
    async with httpx.AsyncClient() as client:
        pressed = {"id": uuid4().hex, "token": button.token, "label": button.label}
        (await client.post(bo.address, json=pressed)).raise_for_status()


async def opens_a_payment_page(cut: Cut) -> None:
    shop, bo = cut.shop, cut.shop.web_visitor()
    await fill_cart(shop, bo)
    await check_out(bo)
    async with cut.during():
        await press(bo, "Pay")
    await bo.hears("Pay safely")
    assert (await shop.sandbox.stripe.pay(session_of(bo))).paid
    await bo.hears("Thank you")
    await shop.settled()
    bought_once(shop)


async def opens_a_payment_page_with_a_discount(cut: Cut) -> None:
    """Two requests in one call: the discount's coupon has its own key."""
    shop, bo = cut.shop, cut.shop.web_visitor()
    await fill_cart(shop, bo)
    await check_out(bo)
    await bo.says("use code WELCOME10")
    async with cut.during():
        await press(bo, "Pay")
    await bo.hears("Pay safely")
    assert len(list(shop.sandbox.stripe.account.coupons)) == 1
    assert (await shop.sandbox.stripe.pay(session_of(bo))).paid
    await bo.hears("Thank you")
    await shop.settled()
    bought_once(shop, total_minor=3150)


async def closes_a_payment_page(cut: Cut) -> None:
    shop, bo = cut.shop, cut.shop.web_visitor()
    await order(shop, bo)
    page = session_of(bo)
    await bo.says("cancel my order")
    async with cut.during():
        await press(bo, "Yes, cancel it")
    await shop.settled()
    assert [session.status for session in shop.sandbox.stripe.account.sessions] == ["expired"]
    assert not (await shop.sandbox.stripe.pay(page)).paid
    assert charges(shop) == []
    assert [placed.status for placed in shop.orders()] == [OrderStatus.CANCELLED]
    assert shop.stock(MUG) == (11, 0)
    assert shop.parked() == []


async def gives_money_back(cut: Cut) -> None:
    shop, bo = cut.shop, cut.shop.web_visitor()
    await order(shop, bo)
    assert (await shop.sandbox.stripe.pay(session_of(bo))).paid
    await bo.hears("Thank you")
    await bo.says("cancel my order")
    async with cut.during():
        await press(bo, "Yes, cancel it")
    await bo.hears("Your refund of")
    await shop.settled()
    bought_once(shop, refunded=True)
    told = [message for message in bo.messages if "Your refund of" in getattr(message, "text", "")]
    assert len(told) == 1


async def held(shop: ShopProcess) -> Visitor:
    """Somebody whose bank holds what they owe."""
    bo = shop.web_visitor()
    await order(shop, bo)
    assert (await shop.sandbox.stripe.pay(session_of(bo))).paid
    await bo.hears("aside for order")
    return bo


async def takes_what_is_held(cut: Cut) -> None:
    shop, bo = cut.shop, await held(cut.shop)
    (placed,) = shop.orders()
    now = SystemClock().now()

    def charge(session: Session) -> None:
        fulfilment.charge(fulfilment.open_order(session, placed.id, notices=None, at=now))

    async with cut.during():
        await change(shop, charge)
    await bo.hears("Your payment of")
    await shop.settled()
    bought_once(shop)


async def lets_go_of_what_is_held(cut: Cut) -> None:
    shop, bo = cut.shop, await held(cut.shop)
    await bo.says("cancel my order")
    async with cut.during():
        await press(bo, "Yes, cancel it")
    account = shop.sandbox.stripe.account
    await until(lambda: [each.status.value for each in account.intents] == ["canceled"])
    await shop.settled()
    assert [each.amount_captured for each in account.charges] == [0]
    assert [placed.status for placed in shop.orders()] == [OrderStatus.CANCELLED]
    statuses = shop.read(lambda session: session.scalars(select(Authorisation.status)).all())
    assert [each.value for each in statuses] == ["released"]
    assert shop.stock(MUG) == (11, 0)
    assert shop.parked() == []


async def compares_the_books(cut: Cut) -> None:
    shop, bo = cut.shop, cut.shop.web_visitor()
    await order(shop, bo)
    assert (await shop.sandbox.stripe.pay(session_of(bo))).paid
    await bo.hears("Thank you")
    async with cut.during():
        now = SystemClock().now()
        await change(
            shop, lambda session: timers.set_timer(session, TIMER, TIMER, conversation=LANE, due_at=now)
        )
    await until(lambda: shop.read(lambda session: session.scalars(select(Reconciliation)).all()))
    await shop.settled()
    kept = shop.read(lambda session: session.scalars(select(Reconciliation)).all())
    assert [(each.found, each.checked > 0) for each in kept] == [([], True)]
    bought_once(shop)


# ---------------------------------------------------------------------- the table


@dataclass(frozen=True, slots=True)
class Send:
    """One kind of what the outbox holds: the request by which it leaves, and what people do around it."""

    what: str  # a provider call, or the kind of a message
    channel: str
    wire: str
    play: Callable[[Cut], Awaitable[None]]
    has_key: bool = False  # of ours, by which the far end knows a repeat
    holds: bool = False  # in a shop that charges when it packs


STRIPE, TELEGRAM, MESSENGER = "stripe", "telegram", "messenger"
PAGES: Final = r"^POST /sandbox/stripe/v1/checkout/sessions"
TABLE: Final = (
    Send("say", TELEGRAM, r"/sendMessage .*24\.00", says_on_telegram),
    Send("say", MESSENGER, r"/messages .*24\.00", says_on_messenger),
    Send("say", TELEGRAM, "/sendDocument ", hands_over_papers_on_telegram),
    Send("say", MESSENGER, '/messages .*"file"', hands_over_papers_on_messenger),
    Send("show_cards", TELEGRAM, "/sendPhoto ", shows_cards_on_telegram),
    Send("show_cards", MESSENGER, '/messages .*"generic"', shows_cards_on_messenger),
    Send("post", TELEGRAM, "/sendPhoto ", posts_a_card_in_a_group_chat),
    Send("send_invoice", TELEGRAM, "/sendInvoice ", sends_an_invoice),
    Send("answer_tap", TELEGRAM, "/answerCallbackQuery ", answers_a_tap, has_key=True),
    Send("answer_shipping", TELEGRAM, "/answerShippingQuery ", answers_the_shipping_query, has_key=True),
    Send("answer_invoice_check", TELEGRAM, "/answerPreCheckoutQuery ", answers_the_invoice_check, has_key=True),
    Send("show_typing", MESSENGER, '/messages .*"typing_on"', shows_that_it_writes),
    Send("receipt", MESSENGER, '/messages .*"receipt"', sends_a_receipt, has_key=True),
    Send("create_checkout", STRIPE, PAGES + " ", opens_a_payment_page, has_key=True),
    Send("create_checkout", STRIPE, "/v1/coupons ", opens_a_payment_page_with_a_discount, has_key=True),
    Send("expire_checkout", STRIPE, PAGES + r"/\w+/expire ", closes_a_payment_page, has_key=True),
    Send("capture", STRIPE, r"/payment_intents/\w+/capture ", takes_what_is_held, has_key=True, holds=True),
    Send("release", STRIPE, r"/payment_intents/\w+/cancel ", lets_go_of_what_is_held, has_key=True, holds=True),
    Send("refund", STRIPE, "^POST /sandbox/stripe/v1/refunds ", gives_money_back, has_key=True),
    Send("list_account", STRIPE, "^GET /sandbox/stripe/v1/charges ", compares_the_books, has_key=True),
)  # fmt: skip
NOT_SENT_THERE: Final = {  # what a channel refuses, shows by itself or never asks for
    (TELEGRAM, "receipt"),  # Telegram's own invoices become receipts
    (TELEGRAM, "show_typing"),  # only while a payment page is made, and Telegram has invoices
    (MESSENGER, "post"),  # Messenger has no chats that many read
    (MESSENGER, "send_invoice"),
    (MESSENGER, "answer_tap"),
    (MESSENGER, "answer_shipping"),
    (MESSENGER, "answer_invoice_check"),
}


def kinds_of_messages() -> set[str]:
    union, _ = get_args(Message)
    return {kind.model_fields["kind"].default for kind in get_args(union)}


def test_the_table_names_all_that_the_outbox_can_hold() -> None:
    calls = {(STRIPE, call) for call in StripeGateway.CALLS}
    spoken = {(channel, kind) for channel in (TELEGRAM, MESSENGER) for kind in kinds_of_messages()}
    assert {(row.channel, row.what) for row in TABLE} == calls | (spoken - NOT_SENT_THERE)


def cells() -> Iterator[Any]:
    """In the usual run what is hardest, once for every kind; the whole table takes many minutes."""
    first = {row.what: row for row in reversed(TABLE)}
    for row in TABLE:
        for boundary in Boundary:
            for engine in ENGINES:
                usual = boundary is Boundary.DONE and engine == "sqlite" and row is first[row.what]
                name = f"{row.play.__name__}-{boundary}-{engine}"
                marks = () if usual else (pytest.mark.slow,)
                yield pytest.param(row, boundary, engine, id=name, marks=marks)


@pytest.mark.parametrize(("row", "boundary", "engine"), list(cells()))
async def test_a_shop_that_is_killed_around_a_send_comes_to_the_same_end(  # noqa: PLR0917 - the table and where it is played
    row: Send,
    boundary: Boundary,
    engine: str,
    request: pytest.FixtureRequest,
    shop_template: Template,
    tmp_path: Path,
) -> None:
    times_max = 2 if boundary is Boundary.DONE and not row.has_key else 1
    async with killable(request, shop_template, tmp_path, engine, holds=row.holds) as shop:
        await row.play(Cut(shop, row.what, row.wire, boundary, times_max))
        assert shop.kills == 1
