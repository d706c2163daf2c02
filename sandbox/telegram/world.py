"""The emulated Telegram: who exists, what was written, what bots are yet to be told.

A world belongs to one event loop. Bots reach it through the HTTP methods (app.py), people through
people.py; both only call what is here.
"""

import mimetypes
from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from sandbox.pictures import MIME_TYPES, picture_format, picture_size
from sandbox.records import Record, Store
from sandbox.signals import Signal
from sandbox.telegram import topics
from sandbox.telegram.audience import announce
from sandbox.telegram.errors import ApiError
from sandbox.telegram.faults import Faults
from sandbox.telegram.group_state import Group
from sandbox.telegram.groups import Groups
from sandbox.telegram.kinds import KINDS
from sandbox.telegram.limits import Limits, Pace
from sandbox.telegram.payments import CardPayments, Checkouts, TestCards
from sandbox.telegram.people import TelegramUser
from sandbox.telegram.render import FILE_TYPES
from sandbox.telegram.state import (
    Bot,
    Chat,
    ChatType,
    Json,
    Message,
    StoredFile,
    User,
)
from sandbox.telegram.updates import UpdateQueue
from sandbox.telegram.webhooks import Webhooks
from storage.clock import Clock, SystemClock

_FIRST_USER_ID = 700_000_001  # far from message ids, so that a mix-up shows


class TelegramWorld:
    """All of Telegram's state and the machinery that moves it.

    `store` is a SQLite file that keeps everything across restarts; without it the world is in memory.
    `webhook_transport` carries webhook deliveries (an ASGI transport in tests); the default is the network.
    `payments` charges the cards of people who pay an invoice.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        store: Path | None = None,
        webhook_transport: httpx.AsyncBaseTransport | None = None,
        payments: CardPayments | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.limits = limits or Limits()
        self.payments: CardPayments = payments or TestCards()
        self.store = Store(KINDS, store)
        self.faults = Faults()
        self.changes = Signal()  # something that a person could see, or a bot be told, has changed
        self.checkouts = Checkouts()
        self.actions: dict[str, str] = {}  # chat key → the last chat action, such as "typing"
        self.paces: defaultdict[int, Pace] = defaultdict(Pace)
        self.refusals: deque[tuple[str, str, str]] = deque(maxlen=1000)  # bot, method, description
        self.webhook_transport = webhook_transport
        self.webhooks = Webhooks(self)
        self.updates = UpdateQueue(self)
        self.groups = Groups(self)
        self._messages: defaultdict[str, dict[int, Message]] = defaultdict(dict)
        for message in self.store.all(Message):
            self._messages[f"{message.bot_id}:{message.chat_id}"][message.id] = message

    async def open(self) -> None:
        """Go on with what a stored world had begun: webhook deliveries. Memory worlds need no call."""
        for bot in self.store.all(Bot):
            self.webhooks.wake(bot)

    async def close(self) -> None:
        """Stop deliveries and waiting calls, close the store."""
        self.updates.abort_all()
        await self.webhooks.close()
        self.store.close()

    # ── who exists ──────────────────────────────────────────────────────────────────────────────────

    def add_bot(
        self,
        token: str,
        username: str,
        *,
        name: str | None = None,
        provider_tokens: tuple[str, ...] = (),
        privacy: bool = True,
        inline: bool = False,
        inline_feedback: bool = False,
    ) -> Bot:
        """A bot as BotFather would make it; a bot that the store knows keeps everything but these settings.

        `provider_tokens` are the payment providers connected to it, besides those it already has. With `privacy`
        it hears in groups only what is meant for it; with `inline` people may ask it in any chat, and with
        `inline_feedback` it is told what they chose.
        """
        bot_id = token.partition(":")[0]
        if not bot_id.isdigit() or ":" not in token:
            raise ValueError(
                f"{token!r} is no bot token such as 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
            )
        known = self.store.find(Bot, bot_id)
        bot = known or Bot(id=int(bot_id), token=token, username=username, first_name=name or username)
        bot.token, bot.username = token, username
        bot.privacy, bot.inline, bot.inline_feedback = privacy, inline, inline_feedback
        bot.provider_tokens += [new for new in provider_tokens if new not in bot.provider_tokens]
        self.save(bot)
        return bot

    def add_user(
        self,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        phone: str | None = None,
    ) -> TelegramUser:
        """A new person; nobody knows them yet."""
        user = User(
            id=_FIRST_USER_ID + self.number("user"),
            first_name=first_name,
            last_name=last_name,
            username=username,
            language_code=language_code,
            phone=phone,
        )
        self.save(user)
        return TelegramUser(self, user)

    def user(self, user_id: int) -> TelegramUser:
        """A person that was added before. Raises KeyError."""
        found = self.store.find(User, str(user_id))
        if found is None:
            raise KeyError(f"no user {user_id} in this world")
        return TelegramUser(self, found)

    def add_group(
        self,
        title: str,
        members: Sequence[TelegramUser],
        *,
        bots: Sequence[Bot] = (),
        type: ChatType = "supergroup",  # noqa: A002 - the Bot API's word
        username: str | None = None,
        is_forum: bool = False,
    ) -> Group:
        """A chat of these people, made by the first of them, who then adds the bots (to a channel as administrators).

        The bots are told that they were added, nothing of before. A forum is a supergroup with topics.
        """
        if not members:
            raise ValueError("a group is made by its first member")
        if is_forum and type != "supergroup":
            raise ValueError("only supergroups have topics")
        creator, *others = members
        group = self.groups.make(title, type, creator.id, [user.id for user in others], username=username)
        if is_forum:
            topics.make_forum(self, group, creator=creator.id)
        for bot in bots:
            creator.add(group, bot)
        return group

    def group(self, group_id: int) -> Group:
        """A shared chat. Raises KeyError."""
        found = self.store.find(Group, f"0:{group_id}")
        if found is None:
            raise KeyError(f"no group {group_id} in this world")
        return found

    def all_groups(self) -> list[Group]:
        return list(self.store.all(Group))

    def users(self) -> list[TelegramUser]:
        return [TelegramUser(self, user) for user in self.store.all(User)]

    def bot(self, name: str) -> Bot:
        """A bot by username or token. Raises KeyError."""
        for bot in self.store.all(Bot):
            if name.removeprefix("@") == bot.username or name == bot.token:
                return bot
        raise KeyError(f"no bot {name!r} in this world")

    def bots(self) -> list[Bot]:
        return list(self.store.all(Bot))

    def find_bot(self, bot_id: int) -> Bot | None:
        return self.store.find(Bot, str(bot_id))

    def bots_in(self, group: Group) -> list[Bot]:
        """The bots that are in a group now."""
        found = (self.find_bot(member.user_id) for member in group.inside())
        return [bot for bot in found if bot is not None]

    def chat(self, bot: Bot, chat_id: int) -> Chat | None:
        """The chat that this id means to this bot: a person's, or a group it may or may not be in."""
        if chat_id < 0:
            return self.store.find(Group, f"0:{chat_id}")
        return self.store.find(Chat, f"{bot.id}:{chat_id}")

    def private_chat(self, bot: Bot, user_id: int) -> Chat:
        """The chat of a bot and a person, new when they never met."""
        return self.chat(bot, user_id) or Chat(bot_id=bot.id, id=user_id)

    def account_name(self, account_id: int) -> str:
        """The first name of a person or a bot. Raises KeyError."""
        bot = self.find_bot(account_id)
        return self.user(account_id).record.first_name if bot is None else bot.first_name

    def chat_of(self, message: Message) -> Chat:
        """The chat a message is in."""
        kind = Chat if message.bot_id else Group
        chat = self.store.find(kind, f"{message.bot_id}:{message.chat_id}")
        assert chat is not None, f"message {message.key} in a chat that is not there"
        return chat

    # ── what happens ────────────────────────────────────────────────────────────────────────────────

    def post(self, chat: Chat, sender_id: int, content: Json, **details: Any) -> Message:
        """A new message in a chat; its id follows the chat's last."""
        chat.last_message_id += 1
        message = Message(
            bot_id=chat.bot_id,
            chat_id=chat.id,
            id=chat.last_message_id,
            from_id=sender_id,
            sent_at=self.unix_time(),
            content=content,
            **details,
        )
        self._messages[chat.key][message.id] = message
        if self.find_bot(sender_id) is not None:
            self.actions.pop(chat.key, None)
        self.store.save(chat)
        self.save(message)
        return message

    def post_service(self, chat: Chat, by: int, content: Json, **details: Any) -> Message:
        """A message that Telegram writes about somebody's doing, told to the bots of the chat."""
        if isinstance(chat, Group):
            details["sender_chat"] = self.groups.sender_chat(chat, by)
        message = self.post(chat, by, content, **details)
        announce(self, message)
        return message

    def pin(self, chat: Chat, message: Message, *, by: int) -> None:
        """Pin a message above those pinned before."""
        chat.pinned = [number for number in chat.pinned if number != message.id] + [message.id]
        self.save(chat)
        self.post_service(chat, by, {"pinned_message": message.id}, thread=message.thread)

    def origin(self, message: Message) -> Json:
        """Where a forwarded message says it is from: https://core.telegram.org/bots/api#messageorigin."""
        if message.origin is not None:
            return message.origin
        if message.sender_chat is None:
            return {"type": "user", "sender_user": message.from_id, "date": message.sent_at}
        signed = {"author_signature": message.signature} if message.signature else {}
        if self.group(message.sender_chat).type == "channel":
            place = {"chat": message.sender_chat, "message_id": message.id}
            return {"type": "channel", "date": message.sent_at} | place | signed
        return {"type": "chat", "sender_chat": message.sender_chat, "date": message.sent_at} | signed

    def messages(self, chat: Chat) -> list[Message]:
        """What is in the chat now, the oldest first."""
        return list(self._messages[chat.key].values())

    def message(self, chat: Chat, message_id: int) -> Message | None:
        return self._messages[chat.key].get(message_id)

    def inline_message(self, bot: Bot, inline_id: str) -> Message | None:
        """The message that people sent by way of this bot."""
        found = (m for m in self.store.all(Message) if m.inline_id == inline_id and m.via_bot == bot.id)
        return next(found, None)

    def forget_message(self, message: Message) -> None:
        """Delete it for everybody; its id is not used again."""
        self._messages[f"{message.bot_id}:{message.chat_id}"].pop(message.id, None)
        chat = self.chat_of(message)
        if message.id in chat.pinned:
            chat.pinned.remove(message.id)
            self.store.save(chat)
        self.store.remove(message)
        self.changes.notify()

    def keep_file(self, content: bytes, kind: str, *, name: str = "", mime_type: str = "") -> StoredFile:
        """Take a file in; pictures are measured, and what a document holds is told by its name."""
        width, height = picture_size(content) or (0, 0)
        picture = picture_format(content)
        if kind == "document":
            mime_type = mimetypes.guess_type(name)[0] or mime_type
        file = StoredFile.model_validate(
            {
                "number": self.number("file"),
                "type": kind,
                "name": name or f"file.{picture or FILE_TYPES[kind].extension}",
                "mime_type": mime_type or (MIME_TYPES[picture] if picture else FILE_TYPES[kind].mime_type),
                "size": len(content),
                "width": width,
                "height": height,
            }
        )
        self.store.save_bytes(file.number, content)
        self.store.save(file)
        return file

    def redeliver(self, bot: Bot, update_id: int) -> None:
        """Tell the bot an update again, as Telegram does when it did not notice the first success."""
        self.updates.redeliver(bot, update_id)

    def note_refusal(self, bot: Bot | None, method: str, error: ApiError) -> None:
        """Remember what was refused; tests and the demo ask for it when something does not arrive."""
        self.refusals.append((bot.username if bot else "", method, error.description))

    def save(self, record: Record) -> None:
        """Keep a record and wake whoever waits for a change."""
        self.store.save(record)
        self.changes.notify()

    def number(self, name: str) -> int:
        """The next number of a series: 1, 2, 3 …"""
        return self.store.number(name)

    def now(self) -> float:
        """Seconds since 1970 by the world's clock."""
        return self.clock.now().timestamp()

    def unix_time(self) -> int:
        return int(self.now())
