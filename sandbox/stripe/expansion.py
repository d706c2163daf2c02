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
        _expand(account, shown["object"], shown, path.split("."), owner="")
    return shown


def _expand(account: Account, kind: str, shown: JSON, steps: list[str], *, owner: str) -> None:
    """`kind` is the object's own or, for what is embedded and says no kind, that of the edge that led to it; then
    `owner` is the id of the object around it.
    """
    if not steps:
        return
    first, rest = steps[0], steps[1:]
    if kind in ("list", "search_result"):
        for item in cast(list[JSON], shown["data"]):
            _expand(account, item["object"], item, rest, owner=owner)
        return
    edge = _EDGES.get((kind, first))
    if edge is None:
        return  # a refund where the path meant the charges among the sources
    owner = shown.get("id", owner)
    kinds, inflate = edge
    if not isinstance(shown.get(first), dict | list):
        shown[first] = inflate(account, {"id": owner, **shown})
    behind: JSON | list[JSON] | None = shown[first]
    for each in behind if isinstance(behind, list) else [behind]:
        if each is not None:
            _expand(account, each.get("object", kinds[0]), each, rest, owner=owner)


def _embedded(_account: Account, _shown: JSON) -> None:
    """A property that is there already, and leads on."""


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


def _customer(account: Account, shown: JSON) -> JSON | None:
    found = account.customers.get(shown["customer"] or "")
    return found and rendering.customer(found)


def _coupon(account: Account, shown: JSON) -> JSON | None:
    found = account.coupons.get(shown["coupon"] or "")
    return found and rendering.coupon(account, found)


def _promotion_code(account: Account, shown: JSON) -> JSON | None:
    found = account.promotion_codes.get(shown["promotion_code"] or "")
    return found and rendering.promotion_code(account, found)


def _breakdown(account: Account, shown: JSON) -> JSON:
    return rendering.breakdown(account.sessions[shown["id"]])


def _source(account: Account, shown: JSON) -> JSON:
    source: str = shown["source"]
    charge, dispute = account.charges.get(source), account.disputes.get(source)
    if charge is not None:
        return rendering.charge(account, charge)
    if dispute is not None:
        return rendering.dispute(account, dispute)
    return rendering.refund(account.refunds[source])


def _refunds(account: Account, shown: JSON) -> JSON:
    found = [refund for refund in account.refunds if refund.charge == shown["id"]]
    newest_first = [rendering.refund(refund) for refund in reversed(found)]
    url = f"/v1/charges/{shown['id']}/refunds"
    return rendering.listed(newest_first[:10], url=url, has_more=len(newest_first) > 10)


def _line_items(account: Account, shown: JSON) -> JSON:
    items = rendering.line_items(account.sessions[shown["id"]])
    url = f"/v1/checkout/sessions/{shown['id']}/line_items"
    return rendering.listed(items[:10], url=url, has_more=len(items) > 10)


_Edge = tuple[tuple[str, ...], Callable[[Account, JSON], Any]]

_BALANCE = ("balance_transaction",)

# From an object's kind and a property: the kinds that may be behind it, and how to get there.
_EDGES: Final[dict[tuple[str, str], _Edge]] = {
    ("payment_intent", "customer"): (("customer",), _customer),
    ("payment_intent", "latest_charge"): (("charge",), _charge("latest_charge")),
    ("payment_intent", "payment_method"): (("payment_method",), _method),
    ("charge", "customer"): (("customer",), _customer),
    ("charge", "payment_intent"): (("payment_intent",), _intent),
    ("charge", "balance_transaction"): (_BALANCE, _balance("balance_transaction")),
    ("charge", "refunds"): (("list:refund",), _refunds),
    ("refund", "charge"): (("charge",), _charge("charge")),
    ("refund", "payment_intent"): (("payment_intent",), _intent),
    ("refund", "balance_transaction"): (_BALANCE, _balance("balance_transaction")),
    ("refund", "failure_balance_transaction"): (_BALANCE, _balance("failure_balance_transaction")),
    ("balance_transaction", "source"): (("charge", "refund", "dispute"), _source),
    ("dispute", "charge"): (("charge",), _charge("charge")),
    ("dispute", "payment_intent"): (("payment_intent",), _intent),
    ("promotion_code", "customer"): (("customer",), _customer),
    ("promotion_code", "promotion"): (("promotion",), _embedded),
    ("promotion", "coupon"): (("coupon",), _coupon),
    ("checkout.session", "customer"): (("customer",), _customer),
    ("checkout.session", "discounts"): (("session.discount",), _embedded),
    ("checkout.session", "total_details"): (("session.totals",), _embedded),
    ("session.totals", "breakdown"): (("session.breakdown",), _breakdown),
    ("session.discount", "coupon"): (("coupon",), _coupon),
    ("session.discount", "promotion_code"): (("promotion_code",), _promotion_code),
    ("checkout.session", "payment_intent"): (("payment_intent",), _intent),
    ("checkout.session", "line_items"): (("list:item",), _line_items),
}
