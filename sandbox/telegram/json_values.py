"""Fields of JSON that a bot sent, read as strictly as the Bot API server does and refused in its words."""

import re
from typing import Any, cast

from sandbox.telegram.errors import bad_request

JsonObject = dict[str, Any]


def as_object(value: Any) -> JsonObject | None:
    """The value if it is a JSON object."""
    return cast("JsonObject", value) if isinstance(value, dict) else None


def as_array(value: Any) -> list[Any] | None:
    """The value if it is a JSON array."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def string_field(given: JsonObject, name: str, *, default: str | None = None) -> str:
    """A string of a JSON object (a number will do), in the server's words when it is missing or something else."""
    value = given.get(name)
    if value is None:
        if default is None:
            raise bad_request(f'Can\'t find field "{name}"')
        return default
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise bad_request(f'Field "{name}" must be of type String')
    return str(value)


def integer_field(given: JsonObject, name: str) -> int:
    """An integer of a JSON object (digits in a string will do)."""
    value = given.get(name)
    if value is None:
        raise bad_request(f'Can\'t find field "{name}"')
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise bad_request(f'Field "{name}" must be a valid Number')
    return int(value)


def boolean_field(given: JsonObject, name: str) -> bool:
    """A truth value of a JSON object; a missing one is false."""
    value = given.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise bad_request(f'Field "{name}" must be of type Boolean')
    return value
