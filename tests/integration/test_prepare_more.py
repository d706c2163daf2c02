"""A turn that needs something slow: it is undone, nothing is locked meanwhile, and it is taken again, once."""

import asyncio
import threading
from typing import Any

import pytest

from bot.delivery.model import InboxEvent, InboxState
from bot.delivery.turn import PrepareMore, Turn
from bot.events import Said
from bot.messages import Message, Say
from storage.engine import Database
from tests.integration.test_delivery import Echo, Phone, delivering, rows, said, settled

pytestmark = pytest.mark.anyio


class Asking(Echo):
    """Wants more for every "ask": writes something first, so that it shows whether that is undone."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.waiting = threading.Event()
        self.works = 0

    def handle(self, turn: Turn) -> None:
        if not (isinstance(turn.event, Said) and turn.event.text == "ask"):
            super().handle(turn)
            return
        turn.conversation.state = {"count": turn.conversation.state.get("count", 0) + 1}
        turn.send(Say(text=f"told {turn.more or 'nothing'}, try {turn.conversation.state['count']}"))
        if turn.more is None:
            raise PrepareMore(self._work)

    def _work(self) -> Any:
        self.works += 1
        self.waiting.set()
        assert self.free.wait(20)
        return "much"


async def test_it_is_taken_again_with_what_it_asked_for_and_all_before_is_undone(database: Database) -> None:
    handler, phone = Asking(), Phone()
    handler.free.set()
    async with delivering(database, handler, phone) as delivery:
        await delivery.receive([said("ask"), said("hi", number=2)])
        await settled(delivery)
    assert phone.got["ann"] == ["told much, try 1", "hi 2"]
    assert handler.works == 1
    assert {row.state for row in rows(database, InboxEvent)} == {InboxState.DONE}
    assert {row.attempts for row in rows(database, InboxEvent)} == {0}, "asking is no failure"


async def test_others_are_answered_while_it_waits(database: Database) -> None:
    rang = asyncio.Event()

    class Ringing(Phone):
        async def send(self, chat: str, message: Message) -> str | None:
            reference = await super().send(chat, message)
            rang.set()
            return reference

    handler, phone = Asking(), Ringing()
    async with delivering(database, handler, phone) as delivery:
        await delivery.receive([said("ask")])
        assert await asyncio.to_thread(handler.waiting.wait, 20)
        await delivery.receive([said("hi", chat="bob")])
        async with asyncio.timeout(20):
            await rang.wait()
        assert phone.got["ann"] == []
        handler.free.set()
        await settled(delivery)
    assert phone.got["bob"] == ["hi 1"]
    assert phone.got["ann"] == ["told much, try 1"]


async def test_work_that_fails_is_a_failure_of_the_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Asking):
        def _work(self) -> Any:
            self.works += 1
            if self.works == 1:
                raise ZeroDivisionError("a planted fault")
            return "enough"

    monkeypatch.setattr("bot.delivery.inbox.RETRY_PAUSES_SECONDS", (0.0, 0.0, 0.0, 0.0))
    handler, phone = Failing(), Phone()
    async with delivering(database, handler, phone) as delivery:
        await delivery.receive([said("ask")])
        await settled(delivery)
    assert phone.got["ann"] == ["told enough, try 1"]
    assert [row.attempts for row in rows(database, InboxEvent)] == [1]
