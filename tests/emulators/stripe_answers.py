"""Holds what the emulator answers against what Stripe's own library says its API answers.

The library's resource classes declare every field of every object; `faults` compares a JSON answer with them, all
the way down: nothing unknown, nothing left out that is never left out, every value of its type, every enumerated
value one of those at this API version (`Literal[…] | str` is read as the Literal). The harness in stripe_sandbox.py
puts every answer and every webhook of every test through it.
"""

import inspect
import json
import re
import types
import typing
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Final, Literal, Union, cast, get_args, get_origin

import stripe
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import StripeObject, UntypedStripeObject

_LEAVES: Final[dict[Any, tuple[type, ...]]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    bool: (bool,),
    Decimal: (str,),  # travels as text
}


def faults(answer: Any) -> list[str]:
    """What is wrong with an answer of the API: an object, a list, a search result or an error."""
    if not isinstance(answer, dict):
        return [f"the answer is no object: {answer!r}"]
    shown = cast(dict[str, Any], answer)
    if set(shown) == {"error"}:
        return _error_faults(shown["error"])
    return _any_object(shown, "")


def kinds_within(answer: Any) -> set[str]:
    """The kinds of the objects in it, at whatever depth."""
    if isinstance(answer, list):
        return {kind for item in cast(list[Any], answer) for kind in kinds_within(item)}
    if not isinstance(answer, dict):
        return set()
    shown = cast(dict[str, Any], answer)
    below = {kind for value in shown.values() for kind in kinds_within(value)}
    return below | {str(shown["object"])} if isinstance(shown.get("object"), str) else below


def _any_object(shown: dict[str, Any], path: str) -> list[str]:
    kind = shown.get("object")
    if kind in ("list", "search_result"):
        return _list_faults(shown, path)
    if kind not in OBJECT_CLASSES:
        return [f"{path or 'the answer'} is of a kind that the library does not know: {kind!r}"]
    if shown.get("deleted") is True:
        extra = set(shown) - {"id", "object", "deleted"}
        return [f"{path or kind} is deleted and yet has {sorted(extra)}"] if extra else []
    module, name = OBJECT_CLASSES[kind]
    return _fields(getattr(import_module(module), name), shown, path or kind)


def _list_faults(shown: dict[str, Any], path: str, item: Any = None) -> list[str]:
    required = {"object", "data", "has_more", "url"}
    optional = {"next_page", "total_count"} if shown.get("object") == "search_result" else set[str]()
    found = [f"{path} lacks {name}" for name in sorted(required - set(shown))]
    found += [f"{path} has the unknown field {name}" for name in sorted(set(shown) - required - optional)]
    for index, each in enumerate(cast(list[Any], shown.get("data", []))):
        where = f"{path}.data[{index}]"
        found += _any_object(each, where) if item is None else _value(item, each, where)
    return found


def _error_faults(error: dict[str, Any]) -> list[str]:
    known = set(_declared(stripe.ErrorObject))
    found = [f"error has the unknown field {name}" for name in sorted(set(error) - known)]
    found += [f"error lacks {name}" for name in ("message", "type") if not error.get(name)]
    for name in ("payment_intent", "payment_method"):
        if isinstance(error.get(name), dict):
            found += _any_object(error[name], f"error.{name}")
    return found


@cache
def _declared(cls: type) -> dict[str, Any]:
    """The fields of a class and their types, names of other classes looked up."""
    names: dict[str, Any] = {}
    for base in reversed(cls.__mro__):  # what a class inherits is declared in the words of another module
        if base.__module__.startswith("stripe."):
            names |= _names(base.__module__)
    hints = typing.get_type_hints(cls, globalns=names, localns=names)
    own = {
        name
        for base in cls.__mro__[:-1]
        if base is not StripeObject
        for name in vars(base).get("__annotations__", {})
    }
    return {name: hints[name] for name in own if not name.isupper() and not name.startswith("_")}


@cache
def _names(module_name: str) -> dict[str, Any]:
    """What a module's annotations may mean."""
    module = import_module(module_name)
    return {**vars(module), **_imported_for_types(inspect.getsource(module))}


def _imported_for_types(source: str) -> dict[str, Any]:
    """What a module imports below TYPE_CHECKING, where only a type checker goes."""
    block = re.sub(r" *#.*", "", source.partition("if TYPE_CHECKING:")[2])
    imports = re.findall(r"^    from (stripe[\w.]*) import (?:\(([^)]*)\)|(.*))$", block, flags=re.MULTILINE)
    found: dict[str, Any] = {}
    for module, several, one in imports:
        for name, _, alias in (
            part.strip().partition(" as ") for part in (several or one).split(",") if part.strip()
        ):
            found[alias or name] = getattr(import_module(module), name)
    return found


def _fields(cls: type, shown: dict[str, Any], path: str) -> list[str]:
    declared = _declared(cls)
    found = [f"{path} has the unknown field {name}" for name in sorted(set(shown) - set(declared))]
    for name, hint in declared.items():
        if name in shown:
            found += _value(hint, shown[name], f"{path}.{name}")
        elif not _may_be_missing(hint):
            found.append(f"{path} lacks {name}")
    return found


def _may_be_missing(hint: Any) -> bool:
    return hint is Any or type(None) in get_args(hint)


def _value(hint: Any, value: Any, path: str) -> list[str]:
    origin = get_origin(hint) or hint
    if hint in _LEAVES:
        right = isinstance(value, _LEAVES[hint]) and (hint is bool or not isinstance(value, bool))
        return [] if right else [f"{path} is no {hint.__name__}: {value!r}"]
    return _FORMS.get(origin, _object)(hint, value, path)


def _anything(_hint: Any, _value: Any, _path: str) -> list[str]:
    return []


def _literal(hint: Any, value: Any, path: str) -> list[str]:
    return [] if value in get_args(hint) else [f"{path} is {value!r}, which is none of {get_args(hint)}"]


def _one_of(hint: Any, value: Any, path: str) -> list[str]:
    choices = get_args(hint)
    if value is None:
        return [] if type(None) in choices else [f"{path} may not be null"]
    kept = [choice for choice in choices if choice is not type(None)]
    if any(get_origin(choice) is Literal for choice in kept):  # `Literal[…] | str`: these at this version
        kept = [choice for choice in kept if choice is not str]
    found = [_value(choice, value, path) for choice in kept]
    return min(found, key=len)


def _items(hint: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{path} is no list: {value!r}"]
    (item,) = get_args(hint)
    each = enumerate(cast(list[Any], value))
    return [fault for index, one in each for fault in _value(item, one, f"{path}[{index}]")]


def _map(hint: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is no object: {value!r}"]
    held = get_args(hint)[-1] if get_args(hint) else Any
    entries = cast(dict[str, Any], value).items()
    return [fault for key, one in entries for fault in _value(held, one, f"{path}[{key}]")]


def _page(hint: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is no list: {value!r}"]
    return _list_faults(cast(dict[str, Any], value), path, get_args(hint)[0])


def _object(cls: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is no {cls.__name__}: {value!r}"]
    shown = cast(dict[str, Any], value)
    wanted = vars(cls).get("OBJECT_NAME")
    if wanted is not None and shown.get("object") != wanted:
        return [f"{path} is a {shown.get('object')!r} where a {wanted!r} belongs"]
    if cls is StripeObject:
        return []
    return _any_object(shown, path) if wanted is not None else _fields(cls, shown, path)


_FORMS: Final[dict[Any, Any]] = {
    Any: _anything,
    Union: _one_of,
    types.UnionType: _one_of,
    Literal: _literal,
    list: _items,
    dict: _map,
    UntypedStripeObject: _map,
    stripe.ListObject: _page,
}


def event_faults(event: dict[str, Any]) -> list[str]:
    """An event, and the object it is about, which the library declares as a plain dict."""
    return faults(event) + _any_object(event["data"]["object"], f"{event.get('type')}.data.object")


class Witness:
    """Stands before the application and keeps every JSON answer of /v1, to be judged when somebody asks for it.

    Nothing is judged while it serves: what went wrong there would only break the connection that it came over.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._heard: list[tuple[str, dict[str, Any]]] = []  # not judged yet: whose answer, and what
        self._found: list[str] = []
        self._seen: set[str] = set()
        self.asked: set[tuple[str, str]] = set()  # methods and paths from /v1 on

    @property
    def found(self) -> list[str]:
        """All that was wrong so far."""
        self._judge()
        return self._found

    @property
    def seen(self) -> set[str]:
        """The kinds of objects that went by."""
        self._judge()
        return self._seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/v1/" not in scope["path"]:
            await self._app(scope, receive, send)
            return
        self.asked.add((scope["method"], scope["path"][scope["path"].index("/v1/") :]))
        body = bytearray()
        headers: dict[bytes, bytes] = {}

        async def overhear(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers.update(message["headers"])
            body.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, overhear)
        if headers.get(b"content-type", b"").startswith(b"application/json"):
            self._heard.append((f"{scope['method']} {scope['path']}", json.loads(body)))

    def hear_event(self, event: dict[str, Any]) -> None:
        """What a webhook carried."""
        self._heard.append((f"webhook {event['type']}", event))

    def _judge(self) -> None:
        while self._heard:
            asked, answer = self._heard.pop(0)
            about_events = [fault for event in kept_events(answer) for fault in event_faults(event)]
            self._found += [f"{asked}: {fault}" for fault in [*faults(answer), *about_events]]
            self._seen |= kinds_within(answer)


def kept_events(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The events in an answer: itself, or those on the page."""
    each = answer.get("data", []) if answer.get("object") == "list" else [answer]
    return [one for one in each if one.get("object") == "event"]
