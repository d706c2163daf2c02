"""People who tap Join and Pay at once, twice and out of order, and whose payments are told so, too.

They sit in the web chat. What they tap goes through its channel into the inbox, and from there as any event does. The
chat's own HTTP requests are left out, and the understanding of words is not needed: nobody writes any.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final
from uuid import uuid4

from sqlalchemy.orm import Session

from app.stage import Stage
from bot import transcript
from bot.channels.web import ChatInput
from bot.delivery.model import Conversation
from bot.dialogue.state import State
from bot.events import Inbound
from bot.messages import MESSAGE, Say
from shop.customers.model import ChannelAccount, Customer

AT_ONCE: Final = 16  # taps that wait for their answer: twice as many as there are turns at once
REPEATED_SHARE: Final = 0.2  # of the taps come once more, after later ones
HASTY_SHARE: Final = 0.1  # of the people tap Pay twice, and the second tap comes first
PAID_AT_ONCE: Final = 10  # so that each lot is done long before a stage takes itself for stuck
PAGE_DONE: Final = "checkout.session.completed"


@dataclass
class Rush:
    """So many people who tap within so many seconds of the shop's time, each in the next of the groups."""

    stage: Stage
    groups: list[str]  # tokens
    people: int
    seconds: float
    random: Random
    join_ms: list[float] = field(default_factory=list[float])  # from the tap to its answer in the chat
    pay_ms: list[float] = field(default_factory=list[float])
    repeats: int = 0
    tapped: list[int] = field(default_factory=list[int])  # the number of its group, by tap on Pay
    _kept: list[Inbound] = field(default_factory=list[Inbound])

    async def come(self) -> None:
        """Everybody is known already, so that two taps are enough to take a seat."""
        await self.stage.database.run(self._know_them)

    def _know_them(self, session: Session) -> None:
        now = self.stage.clock.now()
        state = State(slots={"delivery": "pickup"}).model_dump(mode="json")
        for number in range(self.people):
            customer = Customer(name=f"Ana Ruiz {number}", phone="+3291234567", created_at=now)
            session.add(customer)
            session.flush()
            chat = _chat(number)
            session.add(ChannelAccount(channel="web", account=chat, customer_id=customer.id))
            key = self.stage.parley.web.conversation(chat)
            session.add(
                Conversation(key=key, customer_id=customer.id, state=state, started_at=now, updated_at=now)
            )

    # ---------------------------------------------------------------------- tapping

    async def tap(self) -> float:
        """All of them, AT_ONCE at a time, in an order of the seed's; the real seconds it took."""
        order = list(range(self.people))
        self.random.shuffle(order)
        waiting, began = iter(order), time.perf_counter()

        async def hand() -> None:
            for number in waiting:
                self.stage.clock.advance(self.seconds / self.people)
                await self._take_seat(number)

        await asyncio.gather(*(hand() for _ in range(AT_ONCE)))
        return time.perf_counter() - began

    async def _take_seat(self, number: int) -> None:
        chat, place = _chat(number), number % len(self.groups)
        join = self.stage.parley.tokens.sign(
            f"join_group?group={self.groups[place]}", conversation=self.stage.parley.web.conversation(chat)
        )
        self.join_ms.append(await self._answered(chat, [self._event(chat, join)]))
        pay = await self.stage.database.look(lambda session: _pay_button(session, self.stage, chat))
        if pay is None:  # the group is full, or all is sold
            return
        taps = [self._event(chat, pay)]
        if self.random.random() < HASTY_SHARE:
            taps.insert(0, self._event(chat, pay, later=timedelta(milliseconds=200)))
            self.repeats += 1
        self.tapped.append(place)
        self.pay_ms.append(await self._answered(chat, taps))

    def _event(self, chat: str, token: str, *, later: timedelta = timedelta()) -> Inbound:
        said = ChatInput(id=uuid4().hex, token=token)
        return self.stage.parley.web.read(chat, said, at=self.stage.clock.now() + later)

    async def _answered(self, chat: str, events: list[Inbound]) -> float:
        """Milliseconds until the chat shows an answer; then some older tap may come again."""
        web, began = self.stage.parley.web, time.perf_counter()
        bell = web.look(chat)
        try:
            await self.stage.parley.delivery.receive(events)
            await bell.wait()
        finally:
            web.look_away(chat, bell)
        took = 1000 * (time.perf_counter() - began)
        self._kept += events
        if self.random.random() < REPEATED_SHARE:
            await self.stage.parley.delivery.receive([self.random.choice(self._kept)])
            self.repeats += 1
        return took

    # ---------------------------------------------------------------------- paying

    async def pay(self) -> float:
        """Everybody who was given a payment page pays; the notices come twice and in no order. The real seconds."""
        stripe, began = self.stage.sandbox.stripe, time.perf_counter()
        open_pages = [page.id for page in stripe.account.sessions if page.status == "open"]
        for first in range(0, len(open_pages), PAID_AT_ONCE):
            pages = open_pages[first : first + PAID_AT_ONCE]
            stripe.webhooks.hold()
            stripe.webhooks.next(PAGE_DONE, ["twice"] * len(pages))
            for page in pages:
                await stripe.pay(page)
            stripe.webhooks.release(shuffle=self.random)
            await self.stage.still()  # no time passes: hundreds of seats are held until the same moment
        return time.perf_counter() - began


def _chat(number: int) -> str:
    return f"flash-visitor-{number:06d}"


def _pay_button(session: Session, stage: Stage, chat: str) -> str | None:
    """What the button under the summary means, if there is one."""
    for said in transcript.since(session, stage.parley.web.conversation(chat)):
        message = MESSAGE.validate_python(said.content) if said.author is transcript.Author.BOT else None
        if isinstance(message, Say):
            for button in (button for row in message.buttons for button in row):
                if button.token and button.token.startswith("?confirm=yes"):
                    return button.token
    return None
