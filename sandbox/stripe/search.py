"""Stripe's search query language, over customers: https://docs.stripe.com/search#search-query-language.

email:"ann@example.com" AND -metadata["vip"]:"yes"      name~"ann" OR created>1893456000
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.stripe.errors import invalid
from sandbox.stripe.model import Customer

_CLAUSE: Final = re.compile(
    r"""\s*(?P<not>-)?
    (?P<field>metadata\[(?P<quote>["'])(?P<key>.+?)(?P=quote)\]|\w+)
    \s*(?P<operator>>=|<=|[:~<>])\s*
    (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>-?\w+))""",
    re.VERBOSE,
)
_GLUE: Final = re.compile(r"\s+(?:(and|or)\s+)?", re.IGNORECASE)
_TEXTS: Final = frozenset({"email", "name", "phone"})
_NUMBERS: Final = frozenset({"created"})
_ORDERS: Final[dict[str, Callable[[int, int], bool]]] = {
    ":": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SHORTEST_SUBSTRING: Final = 3


@dataclass(frozen=True)
class Clause:
    """One condition, such as -email:"ann@example.com"."""

    negated: bool
    field: str
    key: str | None  # of metadata
    operator: str
    value: str | None  # None asks for what is not set

    def holds(self, customer: Customer) -> bool:
        return self._matches(customer) is not self.negated

    def _matches(self, customer: Customer) -> bool:
        if self.field in _NUMBERS:
            return _ORDERS[self.operator](customer.created, int(self.value or 0))
        found: str | None = customer.metadata.get(self.key) if self.key else getattr(customer, self.field)
        if self.value is None or found is None:
            return self.value is None and found is None
        wanted, has = self.value.casefold(), found.casefold()
        return wanted in has if self.operator == "~" else wanted == has


def matcher(query: str) -> Callable[[Customer], bool]:
    """Whether a customer fits. Raises Stripe's refusal of a query that cannot be read."""
    clauses, glue = _read(query)
    together = any if glue == "or" else all
    return lambda customer: together(clause.holds(customer) for clause in clauses)


def _read(query: str) -> tuple[list[Clause], str]:
    clauses: list[Clause] = []
    glues: set[str] = set()
    position = 0
    while True:
        match = _CLAUSE.match(query, position)
        if match is None:
            raise _unreadable(query)
        clauses.append(_clause(match))
        position = match.end()
        if not query[position:].strip():
            break
        between = _GLUE.match(query, position)
        if between is None:
            raise _unreadable(query)
        glues.add((between.group(1) or "and").lower())
        position = between.end()
    if len(glues) > 1:
        raise invalid("A query can have AND or OR, and not both.", param="query")
    return clauses, glues.pop() if glues else "and"


def _clause(match: re.Match[str]) -> Clause:
    key: str | None = match["key"]
    field: str = "metadata" if key else match["field"]
    text = match["double"] if match["double"] is not None else match["single"]
    bare: str | None = match["bare"]
    if field in _NUMBERS:
        _check_number(match["operator"], bare if text is None else text)
        return Clause(bool(match["not"]), field, None, match["operator"], bare if text is None else text)
    if not key and field not in _TEXTS:
        raise invalid(
            f"Field `{field}` is an unsupported search field for resource `customers`.", param="query"
        )
    if match["operator"] not in (":", "~") or (key and match["operator"] == "~"):
        raise invalid(
            f"The operator `{match['operator']}` does not go with the field `{field}`.", param="query"
        )
    value = _text(match["operator"], text, bare)
    return Clause(bool(match["not"]), field, key, match["operator"], value)


def _check_number(order: str, value: str | None) -> None:
    if order not in _ORDERS or value is None or not value.lstrip("-").isdigit():
        raise invalid("`created` is compared with a number by : > < >= or <=.", param="query")


def _text(order: str, text: str | None, bare: str | None) -> str | None:
    if text is None:
        if (bare or "").lower() != "null" or order == "~":
            raise invalid("Text in a query stands in quotation marks.", param="query")
        return None
    value = re.sub(r"\\(.)", r"\1", text)
    if order == "~" and len(value) < SHORTEST_SUBSTRING:
        raise invalid(
            f"A substring to search for has at least {SHORTEST_SUBSTRING} characters.", param="query"
        )
    return value


def _unreadable(query: str) -> Exception:
    return invalid(f"We were unable to parse your search query: {query}", param="query")
