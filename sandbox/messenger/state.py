"""The records that the emulated Messenger consists of. They know no rules; they can be stored as JSON."""

from typing import Any, Final, Literal

from pydantic import Field

from sandbox.records import Record

Json = dict[str, Any]

Holder = Literal["app", "inbox"]


class Person(Record):
    """Somebody on Messenger, as this Page knows them: the id is Page-scoped."""

    kind = "person"
    psid: str
    first_name: str
    last_name: str = ""
    locale: str = "en_US"
    timezone: int = 0
    phone: str | None = None
    email: str | None = None
    picture: str | None = None
    met: bool = False  # has done something in the conversation: the Page may know them
    blocked: bool = False
    active_at: int = 0  # Unix milliseconds of what last opened the window
    holder: Holder | None = None  # who controls the conversation; nobody: it is idle
    referral: Json | None = None  # how they came, until their first tap tells it
    messages: int = 0  # so far

    @property
    def key(self) -> str:
        return self.psid


class Message(Record):
    """One message of a conversation; `content` is in the wire's form, `number` is its place."""

    kind = "message"
    psid: str
    number: int
    mid: str
    mine: bool  # the person's
    sent_at: int  # Unix milliseconds
    content: Json
    app_id: str | None = None
    reply_to: str | None = None
    reaction: str | None = None

    @property
    def key(self) -> str:
        return self.mid


class StoredFile(Record):
    """Something that was uploaded, fetched or sent; its bytes are kept beside it."""

    kind = "file"
    number: int
    type: Literal["image", "audio", "video", "file"]
    name: str
    mime_type: str
    size: int
    reusable: bool
    saved_at: int  # Unix milliseconds
    spent: bool = False  # sent; only a reusable one may be sent again

    @property
    def key(self) -> str:
        return str(self.number)


class Event(Record):
    """What happened, as the app will be told."""

    kind = "event"
    number: int
    psid: str
    field: str
    channel: Literal["messaging", "standby"]
    body: Json
    created_at: int  # Unix milliseconds
    state: Literal["waiting", "told", "lost"] = "waiting"

    @property
    def key(self) -> str:
        return str(self.number)


class Template(Record):
    """A utility template of the Page."""

    kind = "template"
    id: str
    name: str
    language: str
    components: list[Json]
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    category: str = "UTILITY"
    status: Literal["PENDING", "APPROVED", "REJECTED"] = "PENDING"
    rejected_reason: str | None = None
    created_at: int = 0

    @property
    def key(self) -> str:
        return f"{self.name}:{self.language}"


class Receipt(Record):
    """An order number that a receipt has used up."""

    kind = "receipt"
    order_number: str
    mid: str

    @property
    def key(self) -> str:
        return self.order_number


class Page(Record):
    """The Page's settings as the app left them."""

    kind = "page"
    id: str
    profile: Json = Field(default_factory=dict[str, Any])
    subscribed_fields: list[str] | None = None  # None: not subscribed

    @property
    def key(self) -> str:
        return self.id


KINDS: Final[tuple[type[Record], ...]] = (Person, Message, StoredFile, Event, Template, Receipt, Page)
