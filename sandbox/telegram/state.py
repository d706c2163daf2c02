"""The records that the emulated Telegram consists of. They know no rules; they can be stored as JSON."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from sandbox.records import Record

Json = dict[str, Any]

# The fields of https://core.telegram.org/bots/api#message that make a service message.
SERVICE_FIELDS = frozenset(
    {
        *("new_chat_members", "left_chat_member", "new_chat_title", "group_chat_created"),
        *("migrate_to_chat_id", "migrate_from_chat_id", "pinned_message"),
        *("successful_payment", "refunded_payment"),
        *("forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"),
        *("general_forum_topic_hidden", "general_forum_topic_unhidden"),
    }
)


class User(Record):
    """A person with a Telegram account."""

    kind = "user"
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    phone: str | None = None
    deactivated: bool = False
    stars: int = 0  # the Telegram Stars they own

    @property
    def key(self) -> str:
        return str(self.id)


class Webhook(BaseModel):
    """Where updates go instead of waiting for getUpdates."""

    url: str
    secret_token: str = ""
    max_connections: int = 40
    has_certificate: bool = False
    last_error_at: int | None = None
    last_error: str | None = None


class Bot(Record):
    """A bot, its settings and what it was given by "BotFather"."""

    kind = "bot"
    id: int
    token: str
    username: str
    first_name: str
    provider_tokens: list[str] = Field(default_factory=list)
    privacy: bool = True  # BotFather's /setprivacy: in groups it hears only what is meant for it
    inline: bool = False  # /setinline
    inline_feedback: bool = False  # /setinlinefeedback: it is told which result was chosen
    stars: int = 0  # earned and not given back
    allowed_updates: list[str] | None = None  # None: all but those that must be asked for
    webhook: Webhook | None = None
    next_update_id: int = 1
    commands: dict[str, list[Json]] = Field(default_factory=dict[str, list[Json]])
    texts: dict[str, str] = Field(default_factory=dict)  # name and descriptions by "what:language"
    menu_buttons: dict[str, Json] = Field(default_factory=dict[str, Json])

    @property
    def key(self) -> str:
        return str(self.id)


ChatType = Literal["private", "group", "supergroup", "channel"]


class Chat(Record):
    """A bot's private chat with a person; for the bot its id is the person's. Groups are in group_state.py."""

    kind = "chat"
    bot_id: int
    id: int
    type: ChatType = "private"
    started: bool = False  # the person wrote first, so the bot may write too
    blocked: bool = False
    last_message_id: int = 0
    pinned: list[int] = Field(default_factory=list[int])  # message ids, the one pinned last at the end

    @property
    def key(self) -> str:
        return f"{self.bot_id}:{self.id}"


class Message(Record):
    """One message of a chat. `content` is in Bot API form, but files are {"file": number, …}.

    `bot_id` is the bot whose private chat it is in, and 0 in a chat that bots share.
    """

    kind = "message"
    bot_id: int
    chat_id: int
    id: int
    from_id: int  # a person or a bot
    sender_chat: int | None = None  # who it is shown to be from: the channel, or the group for its anonymous
    sent_at: int  # Unix seconds
    content: Json
    edited_at: int | None = None
    reply_to: int | None = None
    reply_markup: Json | None = None
    media_group: str | None = None
    protected: bool = False
    thread: int | None = None  # the forum topic it is in; None is General
    via_bot: int | None = None  # the inline bot that made it
    inline_id: str | None = None  # by which that bot may edit it
    origin: Json | None = None  # forwarded: a MessageOrigin, its people and chats by number
    automatic_forward: bool = False  # a channel's post in its discussion group
    signature: str = ""

    @property
    def key(self) -> str:
        return f"{self.bot_id}:{self.chat_id}:{self.id}"

    @property
    def is_service(self) -> bool:
        """Whether Telegram wrote it: somebody joined, a topic was closed, a payment arrived."""
        return not SERVICE_FIELDS.isdisjoint(self.content)


class StoredFile(Record):
    """A file that somebody sent; its bytes are kept beside it."""

    kind = "file"
    number: int
    type: Literal["photo", "video", "audio", "voice", "sticker", "document"]
    name: str
    mime_type: str
    size: int
    width: int = 0
    height: int = 0

    @property
    def key(self) -> str:
        return str(self.number)


class Update(Record):
    """What happened, as it will be told to a bot; `lane` keeps those of one chat in order."""

    kind = "update"
    bot_id: int
    id: int
    type: str
    payload: Json
    lane: int
    created_at: int
    delivered: bool = False

    @property
    def key(self) -> str:
        return f"{self.bot_id}:{self.id}"

    def as_json(self) -> Json:
        return {"update_id": self.id, self.type: self.payload}


class Tap(Record):
    """An inline button pressed; the person's button spins until the bot answers."""

    kind = "tap"
    id: str
    bot_id: int
    user_id: int
    chat_id: int
    message_id: int
    data: str
    asked_at: float  # Unix seconds
    inline_id: str | None = None
    answer: Json | None = None  # text, show_alert, url

    @property
    def key(self) -> str:
        return self.id


class Invoice(Record):
    """A bill: in a message, or behind a link when `slug` names it."""

    kind = "invoice"
    slug: str
    bot_id: int
    details: Json  # the parameters of sendInvoice
    message: str | None = None  # the key of the message that shows it
    paid_by: list[int] = Field(default_factory=list)

    @property
    def key(self) -> str:
        return self.slug

    @property
    def total(self) -> int:
        """The sum of the prices, in minor units."""
        return total(self.details["prices"])


class InlineQuery(Record):
    """Something typed after an inline bot's name, and what the bot offered for it."""

    kind = "inline_query"
    id: str
    bot_id: int
    user_id: int
    query: str
    offset: str
    asked_at: float  # Unix seconds
    answer: Json | None = None  # results, next_offset, button, cache_time, is_personal, at

    @property
    def key(self) -> str:
        return self.id


class StarPayment(Record):
    """Stars that a person paid to a bot."""

    kind = "star_payment"
    charge: str  # telegram_payment_charge_id
    bot_id: int
    user_id: int
    amount: int
    payload: str
    paid_at: int
    refunded_at: int | None = None

    @property
    def key(self) -> str:
        return self.charge


def total(prices: Sequence[Json]) -> int:
    """The sum of labelled prices, in minor units."""
    return sum(price["amount"] for price in prices)
