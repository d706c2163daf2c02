"""One call of a Graph endpoint: what may be given, what is answered, and who may be written to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.messenger.errors import error, invalid
from sandbox.messenger.shapes import Names, Shape, Text, check, read
from sandbox.messenger.state import Json, Person

if TYPE_CHECKING:
    from sandbox.messenger.world import MessengerWorld

# What any call may carry besides its own parameters: https://developers.facebook.com/docs/graph-api/overview,
# and for paging https://developers.facebook.com/docs/graph-api/results (nothing here fills a second page).
COMMON: Final[Mapping[str, Shape]] = {
    "access_token": Text(),
    "appsecret_proof": Text(),
    "fields": Names(),
    "platform": Text(choices=("MESSENGER",)),
    "limit": Text(or_number=True, pattern=r"\d+"),
    "after": Text(),
    "before": Text(),
    "summary": Text(choices=("true", "false")),
}


@dataclass(frozen=True)
class Upload:
    """A file in a multipart request."""

    name: str
    content: bytes
    mime_type: str


@dataclass(frozen=True)
class Call:
    """An endpoint being called with parameters that have the documented form, and no others."""

    world: "MessengerWorld"
    params: Json
    upload: Upload | None = None
    person: Person | None = None  # whose node it is, of endpoints of a person

    def recipient(self) -> Person:
        """The person whose conversation this is about. Raises 100/2018001 and 551/1545041."""
        given: Json = self.params["recipient"]
        ways = [name for name, value in given.items() if value is not None]
        if len(ways) != 1:
            raise invalid("Param recipient must name one person in one way")
        person = self.world.store.find(Person, str(given.get("id", "")))
        if person is None or not person.met:
            raise error("no_person")
        if person.blocked:
            raise error("unavailable")
        return person

    def fields(self) -> list[str]:
        """The `fields` parameter; empty when it is missing."""
        return self.params.get("fields", [])


Handler = Callable[[Call], Awaitable[Json]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What may be asked of it, what it answers, and the permission that the token must have."""

    name: str
    params: Mapping[str, Shape]
    required: tuple[str, ...]
    answer: Shape
    permission: str
    uploads: bool
    handler: Handler

    async def serve(self, call: Call) -> Json:
        """Check, do, check. Raises GraphError; an answer of a wrong form is a bug of this emulator."""
        if self.permission not in call.world.permissions:
            if self.permission == "pages_messaging":
                raise error("messaging")
            raise error("permission", permission=self.permission)
        answer = await self.handler(call)
        check(self.answer, answer, f"answer of {self.name}")
        return answer


PERSON: Final = "<person>"  # the node itself, without an edge
PAGE: Final = "<page>"
ENDPOINTS: Final[dict[tuple[str, str], Endpoint]] = {}  # by HTTP method and edge


def endpoint(
    method: str,
    edge: str,
    *,
    params: Mapping[str, Shape],
    answer: Shape,
    required: tuple[str, ...] = (),
    permission: str = "pages_messaging",
    uploads: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a function as what answers this."""

    def register(handler: Handler) -> Handler:
        ENDPOINTS[method, edge] = Endpoint(
            name=edge,
            params={**COMMON, **params},
            required=required,
            answer=answer,
            permission=permission,
            uploads=uploads,
            handler=handler,
        )
        return handler

    return register


def read_parameters(wanted: Endpoint, given: Mapping[str, Any], upload: Upload | None) -> Json:
    """The parameters, decoded and checked. Raises GraphError 100, 105 and 194."""
    if strangers := [name for name in given if name not in wanted.params]:
        raise invalid(f'Invalid keys "{", ".join(strangers)}" were found in the request.')
    if upload is not None and not wanted.uploads:
        raise invalid('Invalid keys "filedata" were found in the request.')
    for name in wanted.required:
        if given.get(name) is None:
            raise invalid(f"The parameter {name} is required")
    return {
        name: read(wanted.params[name], value, name) for name, value in given.items() if value is not None
    }
