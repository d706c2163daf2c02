"""What may be asked of people over HTTP: the JSON bodies. An unknown field is an error."""

from pydantic import BaseModel, ConfigDict

from sandbox.telegram.faults import Fault
from sandbox.telegram.state import ChatType, Json


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewBot(Body):
    token: str
    username: str
    name: str | None = None
    provider_tokens: tuple[str, ...] = ()
    privacy: bool = True
    inline: bool = False
    inline_feedback: bool = False


class NewUser(Body):
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    phone: str | None = None


class NewGroup(Body):
    title: str
    members: tuple[int, ...]  # people's ids, the owner first
    bots: tuple[str, ...] = ()  # usernames
    type: ChatType = "supergroup"
    username: str | None = None
    is_forum: bool = False


class PlannedFaults(Body):
    method: str
    faults: list[Fault | None]


class Redelivery(Body):
    bot: str
    update_id: int


class Stars(Body):
    amount: int


class Open(Body):
    link: str
    group: int | None = None  # where a ?startgroup= link leads


class Nothing(Body):
    pass


class Start(Body):
    payload: str = ""


class Say(Body):
    text: str
    reply_to: int | None = None
    topic: int | None = None


class Press(Body):
    label: str
    message_id: int | None = None


class Pay(Body):
    card: str = "visa"
    invoice: int | str | None = None
    shipping_option: str | None = None
    tip: int = 0
    details: Json | None = None


class Photo(Body):
    base64: str
    caption: str = ""
    topic: int | None = None


class Contact(Body):
    phone: str | None = None
    own: bool = True


class Location(Body):
    latitude: float
    longitude: float


class Sticker(Body):
    emoji: str = "👍"


class Edit(Body):
    message_id: int
    text: str


class OneMessage(Body):
    message_id: int


class Ask(Body):
    """Words typed after an inline bot's name; waits up to `wait` seconds of real time for its answer."""

    bot: str
    query: str = ""
    offset: str = ""
    wait: float = 0


class Choose(Body):
    query: str  # the number of the inline query
    result: str  # a result's id or title
    topic: int | None = None


class Someone(Body):
    """A person by id, or a bot by username."""

    user: int | None = None
    bot: str | None = None


class Rights(Someone):
    rights: tuple[str, ...] = ()  # all of them when none is named
    anonymous: bool = False


class Title(Body):
    title: str


class Invite(Body):
    by_request: bool = False
    member_limit: int = 0


class TopicName(Body):
    name: str


class OneTopic(Body):
    topic: int
