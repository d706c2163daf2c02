"""How staff pages name an order's states and its ways of delivery."""

from typing import Final

from console.elements import link
from console.staff_frame import badge
from shop.orders.model import OrderStatus
from shop.profile import ShopProfile

PATH: Final = "/staff/orders"
STATUS_WORDS: Final = {
    OrderStatus.PLACED: ("To be paid later", "good"),
    OrderStatus.AWAITING_PAYMENT: ("Awaiting payment", "waiting"),
    OrderStatus.WAITING: ("In a group", "waiting"),
    OrderStatus.AUTHORISED: ("Money held", "waiting"),
    OrderStatus.PAID: ("Paid", "good"),
    OrderStatus.PACKED: ("Packed", "good"),
    OrderStatus.PART_SHIPPED: ("Shipped in part", "moving"),
    OrderStatus.SHIPPED: ("Shipped", "moving"),
    OrderStatus.DELIVERED: ("Delivered", "moving"),
    OrderStatus.COMPLETED: ("Completed", "quiet"),
    OrderStatus.PART_RETURNED: ("Returned in part", "quiet"),
    OrderStatus.RETURNED: ("Returned", "quiet"),
    OrderStatus.CANCELLED: ("Cancelled", "quiet"),
    OrderStatus.EXPIRED: ("Not paid in time", "quiet"),
}


def order_link(reference: str) -> None:
    link(reference, f"{PATH}/{reference}", "reference")


def status_badge(status: OrderStatus) -> None:
    badge(*STATUS_WORDS[status])


def delivery_label(profile: ShopProfile, code: str) -> str:
    """What the shop calls this way of delivery; its code when it is no longer offered."""
    option = profile.option(code)
    return option.label if option else code
