"""The records that the emulated Telegram consists of. They know no rules; they can be stored as JSON."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

Json = dict[str, Any]


class Record(BaseModel):
    """Something that outlives a restart, named within its kind by `key`."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        raise NotImplementedError


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
    allowed_updates: list[str] | None = None  # None: all but those that must be asked for
    webhook: Webhook | None = None
    next_update_id: int = 1
    commands: dict[str, list[Json]] = Field(default_factory=dict[str, list[Json]])
    texts: dict[str, str] = Field(default_factory=dict)  # name and descriptions by "what:language"
    menu_buttons: dict[str, Json] = Field(default_factory=dict[str, Json])

    @property
    def key(self) -> str:
        return str(self.id)


class Chat(Record):
    """A bot's private chat with a person; for the bot its id is the person's."""

    kind = "chat"
    bot_id: int
    id: int
    type: Literal["private"] = "private"
    started: bool = False  # the person wrote first, so the bot may write too
    blocked: bool = False
    last_message_id: int = 0

    @property
    def key(self) -> str:
        return f"{self.bot_id}:{self.id}"


class Message(Record):
    """One message of a chat. `content` is in Bot API form, but files are {"file": number, …}."""

    kind = "message"
    bot_id: int
    chat_id: int
    id: int
    from_id: int
    sent_at: int  # Unix seconds
    content: Json
    edited_at: int | None = None
    reply_to: int | None = None
    reply_markup: Json | None = None
    media_group: str | None = None
    protected: bool = False

    @property
    def key(self) -> str:
        return f"{self.bot_id}:{self.chat_id}:{self.id}"


class StoredFile(Record):
    """A file that somebody sent; its bytes are kept beside it."""

    kind = "file"
    number: int
    type: Literal["photo", "voice", "sticker", "document"]
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


class Counter(Record):
    """The last number given out for something."""

    kind = "counter"
    name: str
    last: int = 0

    @property
    def key(self) -> str:
        return self.name


def total(prices: Sequence[Json]) -> int:
    """The sum of labelled prices, in minor units."""
    return sum(price["amount"] for price in prices)


KINDS: dict[str, type[Record]] = {
    record.kind: record for record in (User, Bot, Chat, Message, StoredFile, Update, Tap, Invoice, Counter)
}
