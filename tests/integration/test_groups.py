"""The shop in a Telegram group: what anybody may read is answered there, the rest goes on in private."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.stage import Stage
from bot import conversations
from bot.delivery import outbox
from bot.delivery.model import Conversation, OutboxRow, OutboxState
from bot.dialogue.state import State
from bot.messages import PriceLine, Say, SendInvoice
from console import staff_reply
from console.reads import conversations as staff_list
from sandbox.telegram.group_state import Group
from sandbox.telegram.people import ShownMessage, TelegramUser
from sandbox.telegram.state import Bot
from shop.cart.model import CartLine
from shop.customers.model import ChannelAccount
from storage.engine import Database

pytestmark = pytest.mark.anyio

AT = "@KettleAndQuayBot "
GO_ON = "Go on in private"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Friends:
    """A group with Ana, who made it, Bo and the shop's bot; and what the bot says in it or to one of them."""

    def __init__(self, stage: Stage, *, is_forum: bool = False, kind: str = "supergroup") -> None:
        self.stage = stage
        self.world = stage.sandbox.telegram
        self.bot: Bot = self.world.bot(stage.bot_name)
        self.ana = self.world.add_user("Ana", phone="+32470000001")
        self.bo = self.world.add_user("Bo", phone="+32470000002")
        members, bots = [self.ana, self.bo], [self.bot]
        if kind == "group":
            self.group = self.world.add_group("Friends", members, bots=bots, type="group")
        else:
            self.group = self.world.add_group("Friends", members, bots=bots, is_forum=is_forum)

    async def hears(
        self, user: TelegramUser, words: str, *, reply_to: int | None = None, topic: int | None = None
    ) -> str:
        """What the bot posts in the group when this is said there."""
        said = user.say(self.group, words, reply_to=reply_to, topic=topic)
        return await self.posted_after(said.id)

    async def posted_after(self, number: int) -> str:
        await self.stage.settle()
        return "\n".join(everything(m) for m in self.posts() if m.id > number)

    def posts(self) -> list[ShownMessage]:
        """Everything the bot has posted in the group."""
        return [m for m in self.ana.chat(self.group) if m.author_id == self.bot.id and not m.notice]

    async def taps(self, user: TelegramUser, label: str, *, message_id: int | None = None) -> str:
        """The link that the tap's answer opens; nothing when it opens none."""
        pressed = user.tap(self.group, label, message_id=message_id)
        await self.stage.settle()
        assert pressed.url is None
        assert pressed.answer is not None
        return str(pressed.answer["url"])

    def link(self, user: TelegramUser) -> str:
        """Where the newest button leads that answers this person."""
        return next(
            button.value
            for message in reversed(self.posts())
            if message.reply_to in {m.id for m in self.mine(user)}
            for row in message.buttons
            for button in row
            if button.text == GO_ON
        )

    def mine(self, user: TelegramUser) -> list[ShownMessage]:
        return [m for m in user.chat(self.group) if m.mine]

    async def follows(self, user: TelegramUser, link: str) -> str:
        """What the bot says in private when they open that link and press Start."""
        before = max((m.id for m in user.chat(self.bot)), default=0)
        user.open(link)
        await self.stage.settle()
        return self.private(user, after=before)

    async def says(self, user: TelegramUser, words: str) -> str:
        """What the bot says in private to that."""
        said = user.say(self.bot, words)
        await self.stage.settle()
        return self.private(user, after=said.id)

    def private(self, user: TelegramUser, *, after: int = 0) -> str:
        return "\n".join(everything(m) for m in user.chat(self.bot) if not m.mine and m.id > after)

    def cart(self, user: TelegramUser) -> list[int]:
        """How many of each thing are in this person's cart."""
        statement = (
            select(CartLine.units)
            .join(ChannelAccount, ChannelAccount.customer_id == CartLine.customer_id)
            .where(ChannelAccount.account == str(user.id))
        )
        return list(self.stage.database.read(lambda session: session.scalars(statement).all()))

    def state(self, user: TelegramUser, group: Group | None = None) -> State:
        """What is kept of their talk in the group."""
        key = conversations.in_group("telegram", (group or self.group).id, user.id)
        kept = self.stage.database.read(lambda session: session.get_one(Conversation, key).state)
        return State.model_validate(kept)


def everything(message: ShownMessage) -> str:
    """Words, then [Buttons]."""
    labels = " ".join(f"[{button.text}]" for row in message.buttons for button in row)
    return f"{message.text} {labels}".strip()


@pytest.fixture
async def friends(stage: Stage) -> Friends:
    made = Friends(stage)
    await stage.settle()
    return made


async def test_brought_into_a_group_it_says_once_how_to_call_it(friends: Friends) -> None:
    (hello,) = friends.posts()
    assert "write @KettleAndQuayBot before your question, or reply" in hello.text
    ((button,),) = hello.buttons
    assert (button.kind, button.value) == ("url", "https://t.me/KettleAndQuayBot")
    friends.ana.promote(friends.group, friends.bot)  # is no coming
    friends.ana.start_in_group(
        friends.bot, friends.group, "x"
    )  # as their app does after bringing it in by a link
    await friends.stage.settle()
    assert len(friends.posts()) == 1
    await friends.stage.advance(timedelta(hours=1))
    assert "Hello everyone" in await friends.hears(friends.bo, "/start@KettleAndQuayBot")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("do you have a black mug?", "mug"),
        ("is the black stoneware mug dishwasher safe?", "ishwasher"),
        ("when are you open?", "open"),
        ("hello", "What are you looking for?"),
        ("what can you do?", "Here I find things"),
    ],
)
async def test_what_anybody_may_read_is_answered_there(friends: Friends, question: str, answer: str) -> None:
    said = friends.ana.say(friends.group, AT + question)
    heard = await friends.posted_after(said.id)
    assert answer in heard
    assert GO_ON not in heard
    answers = [m for m in friends.posts() if m.id > said.id]
    assert 1 <= len(answers) <= 3
    assert {m.reply_to for m in answers} == {said.id}
    assert friends.private(friends.ana) == ""


async def test_it_is_silent_until_it_is_spoken_to(friends: Friends) -> None:
    friends.ana.promote(friends.group, friends.bot)  # now it hears everything
    assert await friends.hears(friends.ana, "where is my order? and a black mug") == ""
    assert await friends.hears(friends.bo, "@ana look at this") == ""
    (hello,) = friends.posts()
    assert "mug" in await friends.hears(friends.bo, "a black mug", reply_to=hello.id)


@pytest.mark.parametrize(
    "wish",
    [
        "add the black mug to my cart",
        "what is in my cart?",
        "checkout",
        "where is my order?",
        "cancel my order",
        "where is my refund?",
        "my address is Main Street 5, 9000 Ghent",
        "my phone number is +32 9 123 45 67",
        "delete my data",
        "I want to talk to a person",
        "/cart",
    ],
)
async def test_what_is_personal_or_about_money_goes_on_in_private(friends: Friends, wish: str) -> None:
    words = wish if wish.startswith("/") else AT + wish
    said = friends.ana.say(friends.group, words)
    heard = await friends.posted_after(said.id)
    assert heard == f"That is best between the two of us. Shall we go on in private? [{GO_ON}]"
    assert friends.state(friends.ana).slots == {}
    assert friends.cart(friends.ana) == []
    answer = await friends.follows(friends.ana, friends.link(friends.ana))
    assert answer == await friends.says(friends.bo, wish.lstrip("/"))  # exactly as if she had said it there


async def test_a_wish_of_one_is_nothing_for_another(friends: Friends) -> None:
    await friends.hears(friends.ana, AT + "2 black mugs to Main Street 5, 9000 Ghent please")
    await friends.hears(friends.bo, AT + "add the French press")
    bos = await friends.follows(friends.bo, friends.link(friends.ana))  # he presses her button
    assert "Welcome to" in bos
    assert friends.cart(friends.bo) == []
    anas = await friends.follows(friends.ana, friends.link(friends.ana))
    assert friends.cart(friends.ana) == [2], anas
    assert friends.cart(friends.bo) == []
    again = await friends.follows(friends.ana, friends.link(friends.ana))
    assert friends.cart(friends.ana) == [2], again


async def test_a_button_under_a_card_works_for_whoever_taps_it(friends: Friends) -> None:
    await friends.hears(friends.ana, AT + "a black mug under 15 euros")
    before = len(friends.posts())
    bos = await friends.taps(friends.bo, "Add to cart")
    anas = await friends.taps(friends.ana, "Add to cart")
    assert len(friends.posts()) == before  # others are not bothered by it
    assert friends.cart(friends.bo) == friends.cart(friends.ana) == []
    assert "in your cart" in await friends.follows(friends.bo, bos)
    assert (friends.cart(friends.bo), friends.cart(friends.ana)) == ([1], [])
    assert "in your cart" in await friends.follows(friends.ana, anas)
    assert (friends.cart(friends.bo), friends.cart(friends.ana)) == ([1], [1])


async def test_a_closer_look_is_for_everybody(friends: Friends) -> None:
    said = friends.ana.say(friends.group, AT + "a black mug under 15 euros")
    await friends.stage.settle()
    card = next(m for m in reversed(friends.posts()) if m.button("Details"))
    assert await friends.taps(friends.bo, "Details", message_id=card.id) == ""
    last = friends.posts()[-1]
    assert last.id > said.id
    assert last.reply_to == card.id
    assert "Black stoneware mug" in last.text


async def test_what_was_shown_in_the_group_is_what_she_speaks_of_in_private(friends: Friends) -> None:
    await friends.hears(friends.ana, AT + "teapots")
    shown = friends.state(friends.ana).shown
    await friends.hears(friends.bo, AT + "black mugs")
    await friends.hears(friends.ana, AT + "I'll take the second one")
    heard = await friends.follows(friends.ana, friends.link(friends.ana))
    assert shown[1].title in heard


async def test_a_forged_link_is_only_a_hello(friends: Friends) -> None:
    await friends.hears(friends.ana, AT + "2 black mugs")
    carried = friends.link(friends.ana).partition("start=")[2]
    assert len(carried) <= 64
    number, _, signature = carried.partition("_")
    for forged in (
        f"{int(number) + 1}_{signature}",
        f"{number}_AAAAAAAA",
        number,
        "deal_7",
        "٣_AAAAAAAA"[2:],
    ):
        assert "in your cart" not in await friends.follows(
            friends.ana, f"https://t.me/KettleAndQuayBot?start={forged}"
        )
    assert friends.cart(friends.ana) == []


async def test_a_forged_button_does_nothing_in_the_group(friends: Friends) -> None:
    said = friends.ana.say(friends.group, AT + "hello")
    await friends.stage.settle()
    world = friends.world
    post = world.message(friends.group, friends.posts()[-1].id)
    assert post is not None
    post.reply_markup = {"inline_keyboard": [[{"text": "Free", "callback_data": "empty_cart.0.AAAAAAAA"}]]}
    world.save(post)
    link = await friends.taps(friends.bo, "Free")
    assert "Welcome to" in await friends.follows(friends.bo, link)
    assert [m.id for m in friends.posts() if m.id > said.id] == [post.id]


async def test_put_out_of_a_group_it_says_nothing_there_any_more(friends: Friends) -> None:
    await friends.hears(friends.ana, AT + "a black mug under 15 euros")
    before = len(friends.posts())
    friends.ana.remove(friends.group, friends.bot)
    await friends.stage.settle()
    assert await friends.taps(friends.bo, "Details") == ""
    link = await friends.taps(friends.bo, "Add to cart")
    assert "in your cart" in await friends.follows(friends.bo, link)
    assert len(friends.posts()) == before
    assert dead(friends.stage) == []
    friends.ana.add(friends.group, friends.bot)
    await friends.stage.settle()
    assert len(friends.posts()) == before + 1
    assert "Hello everyone" in friends.posts()[-1].text


async def test_a_group_that_becomes_a_supergroup_goes_on_there(stage: Stage) -> None:
    friends = Friends(stage, kind="group")
    await stage.settle()
    assert "mug" in await friends.hears(friends.ana, AT + "a black mug under 15 euros")
    old, friends.group = friends.group, friends.ana.upgrade(friends.group)
    await stage.settle()
    assert friends.posts() == []  # they know it already
    assert "mug" in await friends.hears(friends.bo, AT + "a black mug under 15 euros")
    link = await friends.taps(friends.ana, "Add to cart")
    assert "in your cart" in await friends.follows(friends.ana, link)
    card = next(m for m in reversed(friends.ana.chat(old)) if m.button("Details"))
    friends.bo.tap(old, "Details", message_id=card.id)  # the history is still on their screens
    assert "Black stoneware mug" in await friends.posted_after(0)
    assert dead(stage) == []


async def test_in_a_forum_it_answers_in_the_topic(stage: Stage) -> None:
    friends = Friends(stage, is_forum=True)
    await stage.settle()
    topic = friends.ana.open_topic(friends.group, "Kitchen")
    said = friends.bo.say(friends.group, AT + "a black mug", topic=topic.id)
    await stage.settle()
    answers = [m for m in friends.posts() if m.id > said.id]
    assert answers
    assert {m.topic for m in answers} == {topic.id}


async def test_an_apology_for_a_contact_or_place_is_not_needed(friends: Friends) -> None:
    (hello,) = friends.posts()
    contact = {"contact": {"phone_number": "32470000001", "first_name": "Ana", "user_id": friends.ana.id}}
    friends.ana.tell(friends.group, contact, reply_to=hello.id)
    assert GO_ON in await friends.posted_after(hello.id)
    heard = await friends.follows(friends.ana, friends.link(friends.ana))
    assert "use that number" in heard


async def test_a_picture_for_the_bot_gets_a_brief_answer(friends: Friends) -> None:
    sent = friends.ana.send_photo(friends.group, b"\xff\xd8\xff\xd9", f"{AT}look")
    assert await friends.posted_after(sent.id)


async def test_what_happens_in_groups_is_no_conversation_for_staff(friends: Friends) -> None:
    await friends.hears(friends.ana, AT + "where is my order?")
    await friends.hears(friends.bo, AT + "a black mug")
    await friends.follows(friends.ana, friends.link(friends.ana))
    database = friends.stage.database
    listed = database.read(lambda session: staff_list.newest(session, page=1, search=""))
    assert [row.name for row in listed.rows] == ["Ana"]
    key = conversations.in_group("telegram", friends.group.id, friends.bo.id)
    with pytest.raises(ValueError, match="read by a whole group"):
        await database.run(lambda session: staff_reply.answer(session, key, "Hi Bo", identity="1", at=NOW))


def test_nothing_that_is_for_one_alone_is_ever_queued_to_a_group(database: Database) -> None:
    group = conversations.in_group("telegram", -5, 7)
    line = PriceLine(label="mug", amount_minor=100)
    invoice = SendInvoice(title="x", description="x", payload="x", currency="EUR", lines=(line,))
    for message in (Say(text="on its way", purpose="order_update"), Say(text="hi", purpose="staff"), invoice):
        with pytest.raises(ValueError, match="read by a whole group"):
            database.write_now(
                lambda session, message=message: outbox.queue_message(
                    session, group, message, dedupe="1", at=NOW
                )
            )


def dead(stage: Stage) -> list[str | None]:
    """Why messages could not be delivered."""
    statement = select(OutboxRow.error).where(OutboxRow.state == OutboxState.DEAD)
    return list(stage.database.read(lambda session: session.scalars(statement).all()))
