"""Groups of deals in Telegram's group chats: one card a group, changed in its place."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.stage import Stage
from bot.deals import links, staffing
from bot.deals.model import DealCard
from bot.delivery.model import OutboxRow, OutboxState
from sandbox.people.telegram import TelegramPerson
from sandbox.telegram.people import ShownMessage
from tests.group_deals import (
    crowd,
    followed,
    offered,
    seated,
    tapped,
    the_group,
    to_the_summary,
    token,
)

pytestmark = pytest.mark.anyio

GATHERED = timedelta(seconds=6)


class Friends:
    """People who buy together, and a chat of theirs with the bot in it."""

    def __init__(self, stage: Stage, count: int = 3, *, basic: bool = False) -> None:
        self.stage = stage
        self.people = [
            person for person in crowd(stage, count, ("telegram",)) if isinstance(person, TelegramPerson)
        ]
        self.chat = stage.group("friends", self.people, bot=True, basic=basic)

    @property
    def first(self) -> TelegramPerson:
        return self.people[0]

    async def bring(self, group: str) -> None:
        """Somebody brings the group's card into the chat by its link, then the chat is read."""
        self.first.user.open(
            f"https://t.me/{self.stage.bot_name}?startgroup=deal_{group}", group=self.chat.group
        )
        await self.stage.settle()

    def cards(self) -> list[ShownMessage]:
        """The messages of the bot that show a group, the oldest first."""
        shown = self.first.user.chat(self.chat.group)
        return [
            message for message in shown if "together\n" in message.text and message.button("Details") is None
        ]

    def card(self) -> ShownMessage:
        """The only one."""
        (card,) = self.cards()
        return card

    async def hears(self, words: str) -> str:
        """What the bot posts after somebody writes that there."""
        await self.chat.look()
        self.chat.say(self.first, f"@shop {words}")
        await self.stage.settle()
        return "\n".join(str(seen) for seen in await self.chat.look() if not seen.mine)

    def edits(self) -> int:
        """How many posts have left the outbox."""
        statement = select(OutboxRow).where(OutboxRow.state == OutboxState.SENT)
        rows = self.stage.database.read(lambda session: list(session.scalars(statement)))
        return sum(row.payload.get("kind") == "post" for row in rows)


@pytest.fixture
async def friends(stage: Stage) -> Friends:
    """Ana leads a group of three; nothing of it was shown yet."""
    await offered(stage)
    made = Friends(stage)
    await seated(stage, made.first)
    return made


def kept(stage: Stage) -> list[DealCard]:
    return stage.database.read(lambda session: list(session.scalars(select(DealCard))))


def dead(stage: Stage) -> list[Any]:
    statement = select(OutboxRow.payload).where(OutboxRow.state == OutboxState.DEAD)
    return stage.database.read(lambda session: list(session.scalars(statement)))


# ---------------------------------------------------------------------- shown


async def test_a_link_brings_the_card_into_a_group(stage: Stage, friends: Friends) -> None:
    await friends.bring(token(stage))
    card = friends.card()
    assert card.photo
    assert "1 of 3 are in. 2 seats are left, until Sun 22 Nov, 13:0" in card.text
    assert "€12.00 alone · €9.00 together" in card.text
    ((join,),) = card.buttons
    assert (join.text, join.value) == (
        "Join for €9.00",
        f"https://t.me/{stage.bot_name}?start=deal_{token(stage)}",
    )


async def test_who_is_asked_for_deals_there_shows_the_group_of_who_asked(
    stage: Stage, friends: Friends
) -> None:
    posted = await friends.hears("any group deals?")
    assert "Start a group" in posted
    assert "1 of 3 are in" in friends.card().text


async def test_asked_for_again_it_is_pointed_at(stage: Stage, friends: Friends) -> None:
    await friends.hears("how is my group doing?")
    card = friends.card()
    await friends.hears("how is my group doing?")
    assert friends.card().id == card.id
    pointing = friends.first.user.chat(friends.chat.group)[-1]
    assert (pointing.text, pointing.reply_to) == ("Here is the group, as it is now.", card.id)


async def test_a_group_that_was_wished_for_there_is_shown_there_once_it_is_open(stage: Stage) -> None:
    await offered(stage)
    friends = Friends(stage)
    await friends.hears("any group deals?")
    friends.chat.tap(friends.first, "Start a group")
    await stage.settle()
    assert friends.chat.follow() == [friends.first.name]
    await stage.settle()
    await tapped(stage, friends.first, "Meadow")  # it is asked in private, a turn after the wish came along
    await to_the_summary(stage, friends.first)
    await tapped(stage, friends.first, "Pay")
    assert friends.cards() == []
    assert (await friends.first.pay("visa")).paid
    await stage.settle()
    await stage.advance(GATHERED)
    card = friends.card()
    assert "1 of 4 are in" in card.text
    assert f"start=deal_{token(stage)}" in card.buttons[0][0].value


async def test_a_spanish_phone_brings_a_spanish_card(stage: Stage) -> None:
    await offered(stage)
    friends = Friends(stage, 1)
    await seated(stage, friends.first)
    eva = stage.person("Eva", "telegram", language="es")
    assert isinstance(eva, TelegramPerson)
    friends.chat.join(eva)
    eva.user.open(f"https://t.me/{stage.bot_name}?startgroup=deal_{token(stage)}", group=friends.chat.group)
    await stage.settle()
    card = next(m for m in friends.first.user.chat(friends.chat.group) if m.photo)
    assert "Ya sois 1 de 3. Quedan 2 plazas" in card.text


async def test_an_unknown_link_is_only_a_hello(stage: Stage, friends: Friends) -> None:
    await friends.bring("nosuchgroup")
    assert (friends.cards(), kept(stage)) == ([], [])


# ---------------------------------------------------------------------- changed in its place


async def test_a_seat_that_is_held_shows_as_somebody_paying(stage: Stage, friends: Friends) -> None:
    await friends.bring(token(stage))
    _, bo, _ = friends.people
    await followed(stage, bo, links.start_payload(stage.database.read(the_group)))
    await tapped(stage, bo, "Join")
    await to_the_summary(stage, bo)
    await tapped(stage, bo, "Pay")
    await stage.advance(GATHERED)
    assert "1 of 3 are in, 1 paying now. 2 seats are left" in friends.card().text


async def test_many_changes_within_five_seconds_are_one_edit(stage: Stage) -> None:
    await offered(stage, size=5)
    friends = Friends(stage, 4)
    await seated(stage, friends.first)
    await friends.bring(token(stage))
    await stage.advance(GATHERED)
    before, card = friends.edits(), friends.card()
    began = stage.clock.now()
    for person in friends.people[1:]:
        await seated(stage, person, token(stage))
    await stage.advance(GATHERED)
    took = stage.clock.now() - began
    assert "4 of 5 are in. One seat is left" in friends.card().text
    assert friends.card().id == card.id
    assert 1 <= friends.edits() - before <= took / timedelta(seconds=5)


async def test_a_full_group_has_no_join_button_and_says_who_completed_it(stage: Stage) -> None:
    await offered(stage, completes_from=1)
    friends = Friends(stage, 1)
    await seated(stage, friends.first)
    await friends.bring(token(stage))
    group = stage.database.read(the_group)
    await stage.database.run(lambda session: staffing.fill(session, group.id, by="mia", at=stage.clock.now()))
    await stage.parley.delivery.wake()
    await stage.settle()
    await stage.advance(GATHERED)
    card = friends.card()
    assert "All 3 are in: the shop completed this group." in card.text
    ((start,),) = card.buttons
    assert start.text == "Start a group"
    assert "start=offer_" in start.value
    said = await followed(stage, friends.first, start.value.partition("start=")[2])
    assert "Start a group" in said


async def test_a_group_whose_time_is_over_says_so(stage: Stage, friends: Friends) -> None:
    await friends.bring(token(stage))
    await stage.advance(timedelta(hours=25))
    assert "This group did not fill. Everybody gets all of their money back." in friends.card().text


async def test_the_same_group_has_a_card_in_every_chat(stage: Stage, friends: Friends) -> None:
    await friends.bring(token(stage))
    others = stage.group("others", friends.people[:2], bot=True, basic=False)
    friends.first.user.open(
        f"https://t.me/{stage.bot_name}?startgroup=deal_{token(stage)}", group=others.group
    )
    await stage.settle()
    await seated(stage, friends.people[1], token(stage))
    await stage.advance(GATHERED)
    for chat in (friends.chat, others):
        (card,) = [m for m in friends.first.user.chat(chat.group) if "together\n" in m.text]
        assert "2 of 3 are in" in card.text


# ---------------------------------------------------------------------- trouble


async def test_a_card_that_was_deleted_is_made_again(stage: Stage, friends: Friends) -> None:
    await friends.bring(token(stage))
    friends.first.user.delete(friends.chat.group, friends.card().id)
    assert friends.cards() == []
    await seated(stage, friends.people[1], token(stage))
    await stage.advance(GATHERED)
    again = friends.card()
    assert "2 of 3 are in" in again.text
    assert [card.message for card in kept(stage)] == [str(again.id)]
    await seated(stage, friends.people[2], token(stage))
    await stage.advance(GATHERED)
    assert "All 3 are in" in friends.card().text
    assert friends.card().id == again.id


async def test_the_bot_is_removed_from_the_group_chat(stage: Stage, friends: Friends) -> None:
    await friends.bring(token(stage))
    friends.chat.remove_bot(friends.first)
    await stage.settle()
    assert kept(stage) == []
    await seated(stage, friends.people[1], token(stage))
    last = await seated(stage, friends.people[2], token(stage))
    assert "is full" in last
    await stage.advance(GATHERED)
    assert "1 of 3 are in" in friends.card().text
    assert dead(stage) == []


async def test_a_chat_where_it_may_not_write_is_given_up(stage: Stage, friends: Friends) -> None:
    friends.first.user.restrict(friends.chat.group, friends.chat.bot)
    await friends.bring(token(stage))
    await seated(stage, friends.people[1], token(stage))
    await stage.advance(GATHERED)
    assert kept(stage) == []


async def test_a_group_that_becomes_a_supergroup_keeps_its_card(stage: Stage) -> None:
    await offered(stage)
    friends = Friends(stage, 2, basic=True)
    await seated(stage, friends.first)
    await friends.bring(token(stage))
    friends.chat.upgrade(friends.first)
    await stage.settle()
    assert "1 of 3 are in" in friends.card().text
    assert [card.chat for card in kept(stage)] == [friends.chat.conversation]
    await seated(stage, friends.people[1], token(stage))
    await stage.advance(GATHERED)
    assert "2 of 3 are in" in friends.card().text
    assert dead(stage) == []


async def test_after_a_crash_the_card_is_the_same_one(stage: Stage, friends: Friends) -> None:
    await friends.bring(token(stage))
    card = friends.card()
    await stage.crash()
    await stage.settle()
    await seated(stage, friends.people[1], token(stage))
    await stage.crash()
    await stage.advance(GATHERED)
    assert (friends.card().id, "2 of 3" in friends.card().text) == (card.id, True)


async def test_where_no_pictures_are_allowed_there_is_a_card_of_words(stage: Stage, friends: Friends) -> None:
    friends.first.user.restrict(friends.chat.group, friends.chat.bot, "can_send_messages")
    await friends.bring(token(stage))
    assert friends.card().photo is None
    await seated(stage, friends.people[1], token(stage))
    await stage.advance(GATHERED)
    assert "2 of 3 are in" in friends.card().text


async def test_where_the_deal_is_over_nobody_is_led_into_another_group(
    stage: Stage, friends: Friends
) -> None:
    await friends.bring(token(stage))
    group = stage.database.read(the_group)
    await stage.database.run(
        lambda session: staffing.cancel(session, group.deal_id, by="mia", why="", at=stage.clock.now())
    )
    await stage.settle()
    await stage.advance(GATHERED)
    assert friends.card().buttons == ()
    said = await followed(stage, friends.first, f"offer_{'A' * 22}")
    assert "not on any more" in said
