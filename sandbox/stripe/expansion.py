"""`expand[]`: objects in the place of their ids (https://docs.stripe.com/api/expanding_objects)."""

from collections.abc import Callable
from typing import Any, Final, cast

from sandbox.stripe import rendering
from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON, invalid

DEPTH_MAX: Final = 4


def check(kind: str, paths: list[str]) -> None:
    """Raises if a path leads nowhere from an object of that kind ("list:charge" is a list of charges)."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEPTH_MAX:
            raise invalid(
                f"You cannot expand more than {DEPTH_MAX} levels of a property. Property: {path}",
                param="expand",
            )
        kinds = {kind}
        for step in steps:
            kinds = {behind for each in kinds for behind in _behind(each, step)}
            if not kinds:
                raise invalid(f"This property cannot be expanded ({path}).", param="expand")


def _behind(kind: str, step: str) -> tuple[str, ...]:
    if kind.startswith("list:"):
        return (kind.removeprefix("list:"),) if step == "data" else ()
    edge = _EDGES.get((kind, step))
    return edge[0] if edge else ()


def expand(account: Account, shown: JSON, paths: list[str]) -> JSON:
    """`shown` with what the (checked) paths name laid open."""
    for path in paths:
        _expand(account, shown, path.split("."))
    return shown


def _expand(account: Account, shown: JSON, steps: list[str]) -> None:
    if not steps:
        return
    first, rest = steps[0], steps[1:]
    if shown["object"] == "list":
        for item in cast(list[JSON], shown["data"]):
            _expand(account, item, rest)
        return
    edge = _EDGES.get((shown["object"], first))
    if edge is None:
        return  # a refund where the path meant the charges among the sources
    if not isinstance(shown.get(first), dict):
        shown[first] = edge[1](account, shown)
    if isinstance(shown[first], dict):
        _expand(account, shown[first], rest)


def _intent(account: Account, shown: JSON) -> JSON | None:
    found = account.intents.get(shown["payment_intent"] or "")
    return found and rendering.payment_intent(found)


def _charge(key: str) -> Callable[[Account, JSON], JSON | None]:
    def inflate(account: Account, shown: JSON) -> JSON | None:
        found = account.charges.get(shown[key] or "")
        return found and rendering.charge(account, found)

    return inflate


def _method(account: Account, shown: JSON) -> JSON | None:
    found = account.payment_methods.get(shown["payment_method"] or "")
    return found and rendering.payment_method(found)


def _balance(key: str) -> Callable[[Account, JSON], JSON | None]:
    def inflate(account: Account, shown: JSON) -> JSON | None:
        found = account.balance.get(shown[key] or "")
        return found and rendering.balance_transaction(account, found)

    return inflate


def _source(account: Account, shown: JSON) -> JSON | None:
    charge = account.charges.get(shown["source"])
    if charge is not None:
        return rendering.charge(account, charge)
    return rendering.refund(account.refunds[shown["source"]])


def _refunds(account: Account, shown: JSON) -> JSON:
    found = [refund for refund in account.refunds if refund.charge == shown["id"]]
    newest_first = [rendering.refund(refund) for refund in reversed(found)]
    url = f"/v1/charges/{shown['id']}/refunds"
    return rendering.listed(newest_first[:10], url=url, has_more=len(newest_first) > 10)


def _line_items(account: Account, shown: JSON) -> JSON:
    items = [rendering.line_item(item) for item in account.sessions[shown["id"]].items]
    url = f"/v1/checkout/sessions/{shown['id']}/line_items"
    return rendering.listed(items[:10], url=url, has_more=len(items) > 10)


_Edge = tuple[tuple[str, ...], Callable[[Account, JSON], Any]]

_BALANCE = ("balance_transaction",)

# From an object's kind and a property: the kinds that may be behind it, and how to get there.
_EDGES: Final[dict[tuple[str, str], _Edge]] = {
    ("payment_intent", "latest_charge"): (("charge",), _charge("latest_charge")),
    ("payment_intent", "payment_method"): (("payment_method",), _method),
    ("charge", "payment_intent"): (("payment_intent",), _intent),
    ("charge", "balance_transaction"): (_BALANCE, _balance("balance_transaction")),
    ("charge", "refunds"): (("list:refund",), _refunds),
    ("refund", "charge"): (("charge",), _charge("charge")),
    ("refund", "payment_intent"): (("payment_intent",), _intent),
    ("refund", "balance_transaction"): (_BALANCE, _balance("balance_transaction")),
    ("refund", "failure_balance_transaction"): (_BALANCE, _balance("failure_balance_transaction")),
    ("balance_transaction", "source"): (("charge", "refund"), _source),
    ("checkout.session", "payment_intent"): (("payment_intent",), _intent),
    ("checkout.session", "line_items"): (("list:item",), _line_items),
}
