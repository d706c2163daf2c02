"""One call of a Bot API method: its parameters, read and typed by the description, and its uploads."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sandbox.telegram.access import Access, find_chat
from sandbox.telegram.errors import bad_request
from sandbox.telegram.schema import WrongType, checked, parameters, parse_type
from sandbox.telegram.state import Bot, Chat, Json, Message

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

# What the Bot API server says when a JSON-encoded parameter is no JSON (Client.cpp, get_…).
_SPOKEN_NAMES: Final = {"reply_markup": "reply keyboard markup"}
# Required parameters whose absence the methods word themselves.
_WORDED_BY_METHODS: Final = {
    *(
        "chat_id",
        "text",
        "photo",
        "document",
        "video",
        "audio",
        "message_id",
        "callback_query_id",
        "action",
        "file_id",
        "user_id",
        "ok",
        "commands",
    ),
    *("shipping_query_id", "pre_checkout_query_id", "url"),
}


@dataclass(frozen=True)
class Upload:
    """A file in a multipart request."""

    name: str
    content: bytes
    mime_type: str


@dataclass
class Call:
    """A method being called by a bot, with the values that fit the description and nothing else."""

    world: "TelegramWorld"
    bot: Bot
    method: str
    given: dict[str, Any]
    uploads: Mapping[str, Upload] = field(default_factory=dict[str, Upload])

    def has(self, name: str) -> bool:
        return self.given.get(name) is not None

    def text(self, name: str) -> str:
        """A string parameter; a missing one is empty."""
        return str(self.given.get(name, ""))

    def required(self, name: str) -> str:
        """A string parameter that must not be empty."""
        value = self.text(name)
        if not value:
            raise bad_request(f'Parameter "{name}" is required')
        return value

    def integer(
        self, name: str, default: int = 0, *, least: int | None = None, most: int | None = None
    ) -> int:
        """An integer, moved into its bounds as the server does."""
        value = int(self.given.get(name, default))
        value = value if least is None else max(least, value)
        return value if most is None else min(most, value)

    def flag(self, name: str) -> bool:
        return bool(self.given.get(name, False))

    def chat(self, access: Access = Access.WRITE, *, name: str = "chat_id") -> Chat:
        """The chat that a parameter names. Raises 400 and 403 where the bot may not go."""
        return find_chat(self.world, self.bot, self.text(name), access)

    def user_id(self) -> int:
        """The person or bot in question."""
        number = self.integer("user_id")
        if number <= 0:
            raise bad_request("invalid user_id specified")
        return number

    def message(self, chat: Chat, role: str) -> Message:
        """The message named by message_id; `role` is what the refusal calls it."""
        found = self.world.message(chat, self.integer("message_id"))
        if found is None:
            raise bad_request(f"{role} not found")
        return found


Handler = Callable[[Call], Awaitable[Any]]
HANDLERS: Final[dict[str, Handler]] = {}


def method(*names: str) -> Callable[[Handler], Handler]:
    """Register a function as these Bot API methods."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


def read_parameters(name: str, given: Mapping[str, Any], uploads: Mapping[str, Upload]) -> Json:
    """The parameters the method knows, typed; others are ignored, as Telegram does. Raises 400.

    Telegram takes ill-typed numbers for 0 and truth values for false; this emulator refuses them, since a
    bot that sends them has a mistake that only shows later.
    """
    known = parameters(name)
    read = {field: _read(field, value, known[field][0]) for field, value in given.items() if field in known}
    read = {field: value for field, value in read.items() if value is not None}
    for field_name, (_, required) in known.items():
        missing = field_name not in read and field_name not in uploads
        if required and missing and field_name not in _WORDED_BY_METHODS:
            raise bad_request(f'Parameter "{field_name}" is required')
    return read


def _read(name: str, value: Any, type_text: str) -> Any:
    wanted = parse_type(type_text)
    if value is None or (value == "" and "String" not in wanted.names):
        return None
    try:
        return checked(value, wanted)
    except WrongType as wrong:
        if str(wrong) == "not JSON":
            spoken = _SPOKEN_NAMES.get(name, name.replace("_", " "))
            raise bad_request(f"Can't parse {spoken} JSON object") from None
        if str(wrong) == "no object":
            raise bad_request(f"Object expected as {name.replace('_', ' ')}") from None
        raise bad_request(f'Field "{name}" {wrong}') from None
