"""The Bot API's own description (bot_api.json): which parameters a method takes, which fields an object has."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from sandbox.telegram.json_values import as_array, as_object

_DESCRIPTION: Final[dict[str, Any]] = json.loads(
    Path(__file__).with_name("bot_api.json").read_text(encoding="utf-8")
)
VERSION: Final[str] = _DESCRIPTION["version"]
Fields = dict[str, tuple[str, bool]]

_METHODS: Final[dict[str, Fields]] = _DESCRIPTION["methods"]
_TYPES: Final[dict[str, Fields]] = _DESCRIPTION["types"]
_UNIONS: Final[dict[str, list[str]]] = _DESCRIPTION["unions"]
_METHOD_BY_SMALL_NAME: Final = {name.lower(): name for name in _METHODS}
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class WrongType(ValueError):  # noqa: N818 - it names what a value has
    """A value is not of the type that the description asks for."""


@dataclass(frozen=True)
class Type:
    """A type of the description: an array of another, or one of several names."""

    names: tuple[str, ...] = ()
    item: "Type | None" = None

    @property
    def is_structured(self) -> bool:
        """Whether a form carries it as JSON text."""
        return self.item is not None or not set(self.names) <= {
            "Integer",
            "String",
            "Boolean",
            "True",
            "Float",
            "InputFile",
        }


def method_name(given: str) -> str | None:
    """The method of that name, whatever its capitals; None when the Bot API has none."""
    return _METHOD_BY_SMALL_NAME.get(given.lower())


def fields_of(name: str) -> Fields:
    """Field → (type, required) of an object."""
    return _TYPES[name]


def parameters(method: str) -> Fields:
    """Name → (type, required) of a method's parameters."""
    return _METHODS[method]


@cache
def parse_type(text: str) -> Type:
    """Read "Array of X", "X or Y", "A, B and C"."""
    if text.startswith("Array of "):
        return Type(item=parse_type(text.removeprefix("Array of ")))
    return Type(tuple(re.split(r", | or | and ", text)))


def from_text(value: str, wanted: Type) -> Any:
    """A form's text as the value the description asks for. Raises WrongType."""
    if "String" in wanted.names:
        return value
    if wanted.is_structured:
        try:
            return json.loads(value)
        except ValueError:
            raise WrongType("not JSON") from None
    if {"Boolean", "True"} & set(wanted.names):
        if value.strip().lower() not in _TRUTH:
            raise WrongType("must be of type Boolean")
        return _TRUTH[value.strip().lower()]
    return _number(value, wanted)


def checked(value: Any, wanted: Type) -> Any:
    """The value itself when it fits (numbers may come as text, as Telegram allows). Raises WrongType."""
    if wanted.item is not None:
        return _checked_array(value, wanted.item)
    if wanted.is_structured and (fields := as_object(value)) is not None:
        return fields  # objects are read field by field where they are used
    if wanted.is_structured and "String" not in wanted.names and not isinstance(value, str):
        raise WrongType("no object")
    if isinstance(value, bool):
        return _expect("Boolean", value, wanted, {"Boolean", "True"})
    if isinstance(value, int | float):
        return (
            str(value)
            if "String" in wanted.names and "Integer" not in wanted.names
            else _number(value, wanted)
        )
    if isinstance(value, str):
        return from_text(value, wanted)
    raise WrongType(f"must be of type {_spoken(wanted)}")


def problems(name: str, value: Any, where: str = "") -> list[str]:
    """What is wrong with an object of that type, strictly: missing, unknown and ill-typed fields."""
    place = where or name
    given = as_object(value)
    if given is None:
        return [f"{place}: expected {name}, got {type(value).__name__}"]
    fields = _TYPES[name]
    required = [field for field, (_, needed) in fields.items() if needed]
    found = [f"{place}: misses {field}" for field in required if field not in given]
    for field, content in given.items():
        if field not in fields:
            found.append(f"{place}: has no field {field}")
        else:
            found += _value_problems(parse_type(fields[field][0]), content, f"{place}.{field}")
    return found


def _value_problems(wanted: Type, value: Any, place: str) -> list[str]:
    if wanted.item is not None:
        if (items := as_array(value)) is None:
            return [f"{place}: expected an array"]
        found = [_value_problems(wanted.item, item, f"{place}[{i}]") for i, item in enumerate(items)]
        return [problem for problems_of_item in found for problem in problems_of_item]
    attempts = [_name_problems(name, value, place) for name in _members(wanted)]
    return min(attempts, key=len)


def _members(wanted: Type) -> list[str]:
    return [member for name in wanted.names for member in _UNIONS.get(name, [name])]


def _name_problems(name: str, value: Any, place: str) -> list[str]:
    simple = {
        "String": str,
        "Integer": int,
        "Boolean": bool,
        "True": bool,
        "Float": (int, float),
        "InputFile": str,
    }
    if name not in simple:
        return problems(name, value, place)
    fits = isinstance(value, simple[name]) and isinstance(value, bool) == (name in {"Boolean", "True"})
    return [] if fits else [f"{place}: {value!r} is no {name}"]


def _checked_array(value: Any, item: Type) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise WrongType("not JSON") from None
    items = as_array(value)
    if items is None:
        raise WrongType(f"must be of type Array of {_spoken(item)}")
    # Objects in arrays are read, and refused, where they are used.
    return items if item.is_structured and item.item is None else [checked(one, item) for one in items]


def _number(value: float | str, wanted: Type) -> Any:
    if "Integer" in wanted.names and re.fullmatch(r"-?\d+(\.0+)?", str(value).strip()):
        return int(float(value)) if "." in str(value) else int(value)
    if "Float" in wanted.names:
        try:
            return float(value)
        except ValueError:
            raise WrongType("must be of type Float") from None
    raise WrongType(f"must be of type {_spoken(wanted)}")


def _expect(given: str, value: Any, wanted: Type, names: set[str]) -> Any:
    if names & set(wanted.names):
        return value
    if "String" in wanted.names:
        return str(value).lower()
    raise WrongType(f"must be of type {_spoken(wanted)}, not {given}")


def _spoken(wanted: Type) -> str:
    return f"Array of {_spoken(wanted.item)}" if wanted.item else " or ".join(wanted.names)
