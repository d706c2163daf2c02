"""The form of JSON that goes over the wire, and the Graph API's words for what does not have it."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from sandbox.messenger.errors import GraphError, error, invalid

_ID = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class Text:
    """A string. `choices` are compared without regard to case, as Graph does with its enumerations."""

    longest: int | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    or_number: bool = False


@dataclass(frozen=True)
class Id:
    """Digits in a string."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A URL. `secure`: https, except to this machine itself, where the sandbox has no certificates."""

    secure: bool = False


@dataclass(frozen=True, kw_only=True)
class Number:
    """A JSON number; `whole` ones have no fraction."""

    whole: bool = False
    least: float | None = None


@dataclass(frozen=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, kw_only=True)
class Array:
    """A list of things of one form."""

    of: "Shape"
    most: int | None = None
    least: int = 0


@dataclass(frozen=True)
class Names:
    """A parameter that is a list of words: a JSON array, or one string with commas."""


@dataclass(frozen=True, kw_only=True)
class Object:
    """Named fields; any other name is refused."""

    fields: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """An object whose form depends on the text in one of its fields; `alias` is what refusals call it."""

    by: str
    forms: Mapping[str, Object]
    alias: str | None = None


Shape = Text | Id | Link | Number | Flag | Array | Names | Object | Tagged


def read(shape: Shape, value: Any, path: str) -> Any:
    """Check a parameter as it came over the wire, where objects and lists may be JSON in a string.

    Returns it as JSON. Raises GraphError 100, 105 or 194.
    """
    if isinstance(value, str) and isinstance(shape, Array | Object | Tagged):
        try:
            value = json.loads(value)
        except ValueError:
            raise invalid(f"Param {path} must be {_NAMES[type(shape)]}, and was no JSON") from None
    if isinstance(shape, Names):
        return _read_names(value, path)
    check(shape, value, path)
    return value


def check(shape: Shape, value: Any, path: str) -> None:
    """Nothing, or GraphError 100, 105 or 194 naming the first thing that is wrong."""
    match shape:
        case Text():
            _check_text(shape, value, path)
        case Id():
            _check_id(value, path)
        case Link():
            _check_link(shape, value, path)
        case Number():
            _check_number(shape, value, path)
        case Flag():
            _check_flag(shape, value, path)
        case Array():
            _check_array(shape, value, path)
        case Names():
            _check_array(Array(of=Text(), least=1), value, path)
        case Object():
            _check_object(shape, value, path)
        case Tagged():
            _check_tagged(shape, value, path)


def inside(path: str, name: str | int) -> str:
    """The path of a field or element, as Graph writes it."""
    return f"{path}[{name}]" if path else str(name)


def is_link(value: str, *, secure: bool = False) -> bool:
    """Whether this is a URL Messenger would take."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.scheme not in {"http", "https"} or re.search(r"[\s<>\"]", value):
        return False
    if is_this_machine(host):
        return True
    return "." in host and (parts.scheme == "https" or not secure)


def is_this_machine(host: str) -> bool:
    """Whether the host is a loopback address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_text(shape: Text, value: Any, path: str) -> None:
    if shape.or_number and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _wrong_type(shape, path)
    if shape.choices and value.lower() not in {choice.lower() for choice in shape.choices}:
        raise invalid(f'Param {path} must be one of {{{", ".join(shape.choices)}}} - got "{value}".')
    if shape.pattern and not re.fullmatch(shape.pattern, value):
        raise invalid(f"Param {path} has a wrong format")
    if shape.longest is not None and len(value) > shape.longest:
        raise invalid(f"Length of param {path} must be less than or equal to {shape.longest}")


def _check_id(value: Any, path: str) -> None:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise invalid(f'Param {path} must be a valid ID string (e.g., "123")')


def _check_link(shape: Link, value: Any, path: str) -> None:
    if not isinstance(value, str) or not is_link(value, secure=shape.secure):
        raise invalid(f"{path} should represent a valid URL")


def _check_number(shape: Number, value: Any, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int if shape.whole else int | float):
        raise _wrong_type(shape, path)
    if shape.least is not None and value < shape.least:
        raise invalid(f"Param {path} must be greater than or equal to {shape.least:g}")


def _check_flag(shape: Flag, value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise _wrong_type(shape, path)


def _check_array(shape: Array, value: Any, path: str) -> None:
    if not isinstance(value, list):
        raise _wrong_type(shape, path)
    elements = cast("list[Any]", value)
    if shape.least and not elements:
        raise invalid(f"param {path} must be non-empty.")
    if len(elements) < shape.least:
        raise error("too_few", path=path)
    if shape.most is not None and len(elements) > shape.most:
        raise error("too_many", path=path)
    for number, element in enumerate(elements):
        check(shape.of, element, inside(path, number))


def _check_object(shape: Object, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise _wrong_type(shape, path)
    given = cast("dict[str, Any]", value)
    if strangers := [name for name in given if name not in shape.fields]:
        raise invalid(f'Invalid keys "{", ".join(strangers)}" were found in param "{path}".')
    for name in shape.required:
        if given.get(name) is None:
            raise invalid(f"The parameter {inside(path, name)} is required")
    for name, field in given.items():
        if field is not None:
            check(shape.fields[name], field, inside(path, name))


def _check_tagged(shape: Tagged, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise _wrong_type(shape, path)
    given = cast("dict[str, Any]", value)
    where = inside(path, shape.by)
    if given.get(shape.by) is None:
        raise invalid(f"The parameter {where} is required")
    form = shape.forms.get(str(given[shape.by]))
    if form is None:
        raise invalid(f'Param {where} must be one of {{{", ".join(shape.forms)}}} - got "{given[shape.by]}".')
    _check_object(form, given, shape.alias or path)


def _read_names(value: Any, path: str) -> list[str]:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = [name.strip() for name in value.split(",") if name.strip()]
    return read(Array(of=Text(), least=1), value, path)


_NAMES: dict[type, str] = {
    Text: "a string",
    Number: "a number",
    Flag: "a boolean",
    Array: "an array",
    Object: "an object",
    Tagged: "an object",
}


def _wrong_type(shape: Shape, path: str) -> GraphError:
    return invalid(f"Param {path} must be {_NAMES[type(shape)]}")
