"""Conditions of flow steps, such as `slots.quantity < 1 or outcome = "full"`. No code is ever run."""

import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lark import Lark, Token
from lark.exceptions import LarkError

GRAMMAR = Lark(Path(__file__).with_name("conditions.lark").read_text("utf-8"), parser="lalr")

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": operator.eq,
    "unequal": operator.ne,
    "less": operator.lt,
    "at_most": operator.le,
    "greater": operator.gt,
    "at_least": operator.ge,
    "contains": operator.contains,
}


class BadCondition(ValueError):  # noqa: N818 - what it is
    """The text is not a condition."""


class Condition:
    """A parsed condition, ready to be asked about any facts."""

    def __init__(self, text: str) -> None:
        """Raises BadCondition."""
        self.text = text
        grammar: Any = GRAMMAR  # lark's trees carry no useful types
        try:
            self._tree: Any = grammar.parse(text)
        except LarkError as error:
            raise BadCondition(f"{text!r} is no condition: {str(error).splitlines()[0]}") from error

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Whether it is so. A name that has no value is null, and null is never more or less than anything."""
        return bool(_value(self._tree, names))

    def names(self) -> set[str]:
        """The dotted names it speaks of."""
        return {_dotted(node) for node in self._nodes("name")}

    def compared_with(self, name: str) -> set[str]:
        """The quoted words that `name` is compared with, as in outcome = "full"."""
        found: set[str] = set()
        for comparison in ("equal", "unequal"):
            for node in self._nodes(comparison):
                left, right = node.children
                if left.data == "name" and _dotted(left) == name and right.data == "string":
                    found.add(str(right.children[0])[1:-1])
        return found

    def _nodes(self, kind: str) -> list[Any]:
        return list(self._tree.find_data(kind)) if hasattr(self._tree, "find_data") else []


def _dotted(node: Any) -> str:
    return ".".join(str(part) for part in node.children)


def _value(node: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(node, Token):
        return str(node)
    kind, parts = str(node.data), node.children
    if kind in COMPARISONS:
        left, right = (_value(part, names) for part in parts)
        if (left is None or right is None) and kind not in {"equal", "unequal"}:
            return False
        return COMPARISONS[kind](left, right)
    return LEAVES[kind](parts, names)


def _look_up(parts: list[Any], names: Mapping[str, Any]) -> Any:
    found: Any = names
    for part in parts:
        found = _part(found, str(part))
    return found


def _part(whole: Any, name: str) -> Any:
    return whole.get(name) if hasattr(whole, "get") else getattr(whole, name, None)


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


LEAVES: dict[str, Callable[[list[Any], Mapping[str, Any]], Any]] = {
    "either": lambda parts, names: _value(parts[0], names) or _value(parts[1], names),
    "both": lambda parts, names: _value(parts[0], names) and _value(parts[1], names),
    "negation": lambda parts, names: not _value(parts[0], names),
    "true": lambda _parts, _names: True,
    "false": lambda _parts, _names: False,
    "null": lambda _parts, _names: None,
    "name": _look_up,
    "number": lambda parts, _names: _number(str(parts[0])),
    "string": lambda parts, _names: str(parts[0])[1:-1],
}
