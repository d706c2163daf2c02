"""Lists, newest first, a page at a time (https://docs.stripe.com/api/pagination)."""

import base64
from collections.abc import Callable, Iterable
from typing import TypeVar

from sandbox.stripe import rendering
from sandbox.stripe.errors import JSON, invalid
from sandbox.stripe.model import Entity
from sandbox.stripe.parameters import Parameters

EntityT = TypeVar("EntityT", bound=Entity)

LIMIT_DEFAULT = 10
LIMIT_MAX = 100


def page(
    rows: Iterable[EntityT],
    parameters: Parameters,
    render: Callable[[EntityT], JSON],
    *,
    url: str,
    kind: str,
) -> JSON:
    """The page that `limit`, `starting_after`, `ending_before` and `created` ask for."""
    limit = _limit(parameters)
    newest_first = [row for row in rows if _created_within(row, parameters.get("created"))][::-1]
    if "ending_before" in parameters:
        before = newest_first[: _position(newest_first, parameters, "ending_before", kind)]
        chosen, has_more = before[-limit:], len(before) > limit
    else:
        start = 0
        if "starting_after" in parameters:
            start = _position(newest_first, parameters, "starting_after", kind) + 1
        chosen, has_more = newest_first[start : start + limit], len(newest_first) > start + limit
    return rendering.listed([render(row) for row in chosen], url=url, has_more=has_more)


def found_page(
    rows: Iterable[EntityT], parameters: Parameters, render: Callable[[EntityT], JSON], *, url: str
) -> JSON:
    """The page of a search that `limit` and `page` ask for (https://docs.stripe.com/api/pagination/search)."""
    limit = _limit(parameters)
    newest_first = list(rows)[::-1]
    start = _start(parameters.get("page"))
    chosen, has_more = newest_first[start : start + limit], len(newest_first) > start + limit
    return {
        "object": "search_result",
        "data": [render(row) for row in chosen],
        "has_more": has_more,
        "next_page": _token(start + limit) if has_more else None,
        "url": url,
    }


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from {start}".encode()).decode()


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        start = int(number)
    except ValueError:  # what is no base64, no text or no number
        word, start = "", 0
    if word != "from":
        raise invalid(f"Invalid page: {token}", param="page")
    return start


def _limit(parameters: Parameters) -> int:
    limit: int = parameters.get("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MAX:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {LIMIT_MAX}"
        raise invalid(f"This value must be {bound}.", param="limit", code="parameter_invalid_integer")
    if "starting_after" in parameters and "ending_before" in parameters:
        raise invalid("You may only specify one of these parameters: ending_before, starting_after.")
    return limit


def _position(rows: list[EntityT], parameters: Parameters, param: str, kind: str) -> int:
    wanted: str = parameters[param]
    for position, row in enumerate(rows):
        if row.id == wanted:
            return position
    raise invalid(f"No such {kind}: '{wanted}'", param=param, code="resource_missing")


def _created_within(row: Entity, created: int | Parameters | None) -> bool:
    if created is None:
        return True
    if isinstance(created, int):
        return row.created == created
    return (
        row.created > created.get("gt", -1)
        and row.created >= created.get("gte", 0)
        and row.created < created.get("lt", row.created + 1)
        and row.created <= created.get("lte", row.created)
    )
