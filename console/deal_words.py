"""How staff pages name a deal's fields and states, and tell a group's history."""

from typing import Final

from console.elements import link
from console.notation import Notation
from console.reads.deals import EventRow, GroupRow, PriceRow
from console.staff_frame import badge
from shop.deals.drafts import Problem
from shop.deals.model import Audience, DealPayment, DealStatus, GroupHappening, GroupStatus

PATH: Final = "/staff/deals"
NEW_PATH: Final = "/staff/new-deal"  # not below PATH: a deal may be called "new"
STATUS_WORDS: Final = {
    DealStatus.DRAFT: ("Draft", "quiet"),
    DealStatus.SCHEDULED: ("Scheduled", "moving"),
    DealStatus.LIVE: ("Live", "good"),
    DealStatus.PAUSED: ("Paused", "waiting"),
    DealStatus.ENDED: ("Ended", "quiet"),
    DealStatus.CANCELLED: ("Cancelled", "quiet"),
}
GROUP_WORDS: Final = {
    GroupStatus.FORMING: ("Filling", "moving"),
    GroupStatus.CLOSING: ("Closing", "waiting"),
    GroupStatus.SUCCEEDED: ("Full", "good"),
    GroupStatus.FAILED: ("Not full in time", "urgent"),
    GroupStatus.CANCELLED: ("Cancelled", "quiet"),
}
FIELD_WORDS: Final = {
    "code": "Code",
    "title": "Title",
    "product": "Product",
    "prices": "Group price",
    "size": "Seats in a group",
    "window_hours": "Hours to fill it",
    "starts_at": "Starts",
    "ends_at": "Ends",
    "quota": "Units in all",
    "units_per_order_max": "Units an order",
    "units_per_customer_max": "Units a customer",
    "leader_bonus": "Leader’s bonus",
    "audience": "For whom",
    "coupons_stack": "Coupons",
    "payment": "Payment",
    "seats_per_customer_max": "Groups at a time",
    "completes_from": "The shop may fill from",
}
AUDIENCE_WORDS: Final = {
    Audience.EVERYONE: "Everyone",
    Audience.FOLLOWERS: "Followers: who bought before, or watches a product",
    Audience.NEW_CUSTOMERS: "New customers: who has not bought yet",
}
PAYMENT_WORDS: Final = {
    DealPayment.CHARGE_NOW: "Charge at once, refund if the group does not fill",
    DealPayment.AUTHORISE: "Let the bank hold the money, charge when the group is full",
}
HAPPENING_WORDS: Final = {
    GroupHappening.HELD: "{who} is paying",
    GroupHappening.RELEASED: "{who} did not pay: the seat is free again",
    GroupHappening.OPENED: "{who} paid and opened the group",
    GroupHappening.JOINED: "{who} paid and joined",
    GroupHappening.LEFT: "{who} left, and the money goes back",
    GroupHappening.NEW_LEADER: "{who} leads the group now",
    GroupHappening.CLOSING: "The time was over; the group waited for who was still paying",
    GroupHappening.FILLED_BY_SHOP: "The shop took the seats that were free",
    GroupHappening.SUCCEEDED: "The group was full: every order goes ahead",
    GroupHappening.FAILED: "The group was not full in time: the money goes back",
    GroupHappening.CANCELLED: "The group ended",
}


def deal_link(title: str, code: str) -> None:
    link(title, f"{PATH}/{code}", "product-title", dir="auto")


def status_badge(status: DealStatus) -> None:
    badge(*STATUS_WORDS[status])


def happening(line: EventRow) -> str:
    """A line of a group's history in plain words."""
    words = HAPPENING_WORDS[line.what].format(who=line.who or "A customer")
    return f"{words} ({line.why})" if line.why else words


def seats(group: GroupRow) -> str:
    """As in "2 of 3 paid, 1 paying now"."""
    paying = f", {group.paying} paying now" if group.paying else ""
    ours = f", {group.filled_by_shop} by the shop" if group.filled_by_shop else ""
    return f"{group.paid} of {group.size} paid{ours}{paying}"


def side_by_side(price: PriceRow, size: int, notation: Notation) -> str:
    """Both prices, as every page and message about a deal shows them (rule 17)."""
    single, together = notation.money(price.kind.single), notation.money(price.together)
    return f"single price {single} · together {together} for {size}"


def field_of(problem: Problem) -> str:
    """What the form calls the field that has a mistake."""
    name, _, sku = problem.field.partition(".")
    words = FIELD_WORDS.get(name, name)
    return f"{words} of {sku}" if sku else words


def hours(count: int) -> str:
    return f"{count} hours" if count > 1 else "1 hour"
