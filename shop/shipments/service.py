"""Packing, sending and handing over: an order goes out in one shipment or several, and its stock leaves with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.errors import Refused
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderStatus, TooManyUnits
from shop.profile import ShopProfile
from shop.shipments.model import Shipment, ShipmentLine

TRACKING_LETTERS_MAX = 200


class NoSafeLink(Refused):
    """A tracking link has to begin with https://"""

    reply = "utter_order_cannot"


@dataclass(frozen=True, slots=True)
class Parcel:
    """With whom it travels and how it can be followed."""

    carrier: str = ""
    tracking: str = ""
    link: str = ""


def parcel(profile: ShopProfile, *, carrier: str = "", tracking: str = "") -> Parcel:
    """What staff typed, with the link made from the carrier's template in config.yml.

    `tracking` may be a link itself: then it is the link. Raises NoSafeLink for one that is not https.
    """
    tracking = tracking.strip()[:TRACKING_LETTERS_MAX]
    known = profile.carriers.get(carrier)
    name = known.label if known else carrier.strip()[:TRACKING_LETTERS_MAX]
    if "://" in tracking:
        if not is_safe_link(tracking):
            raise NoSafeLink(link=tracking)
        return Parcel(name, "", tracking)
    if known is None or known.url is None or not tracking:
        return Parcel(name, tracking)
    return Parcel(name, tracking, known.url.replace("{number}", quote(tracking, safe="")))


def is_safe_link(link: str) -> bool:
    """Whether customers may be sent there: a whole https address."""
    try:
        parts = urlsplit(link)
    except ValueError:  # such as a broken IPv6 address
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not any(letter.isspace() for letter in link)


def pack(session: Session, order: Order, *, at: datetime, by: str) -> None:
    """It is packed: from here on customers change nothing. Raises NotPossible."""
    session.add(order.move(OrderStatus.PACKED, at=at, by=by))


def ship(
    session: Session,
    order: Order,
    units: Mapping[UUID, int] | None = None,
    *,
    parcel: Parcel = Parcel(),
    at: datetime,
    by: str,
) -> Shipment:
    """Send these units of its lines (by id), or all that is left; they leave the stock for good.

    Raises NotPossible before it is packed and after all of it was sent, TooManyUnits for none or more than are left.
    """
    order.check_not_frozen()
    if not (order.can(OrderStatus.SHIPPED) or order.can(OrderStatus.PART_SHIPPED)):
        wanted = OrderStatus.SHIPPED.value
        raise NotPossible(reference=order.reference, status=order.status.value, wanted=wanted)
    lines = {line.id: line for line in order.lines}
    if units is None:
        units = {line.id: line.left for line in order.lines if line.left}
    if not units or any(
        line_id not in lines or not 0 < count <= lines[line_id].left for line_id, count in units.items()
    ):
        raise TooManyUnits(reference=order.reference)
    _leave_stock(session, order, units)
    shipment = Shipment(
        order_id=order.id,
        number=len(of_order(session, order.id)) + 1,
        carrier=parcel.carrier,
        tracking=parcel.tracking,
        link=parcel.link,
        shipped_at=at,
        lines=[ShipmentLine(order_line_id=line_id, units=count) for line_id, count in units.items()],
    )
    session.add(shipment)
    status = OrderStatus.PART_SHIPPED if any(line.left for line in order.lines) else OrderStatus.SHIPPED
    if order.status is not status:
        session.add(order.move(status, at=at, by=by))
    sent = ", ".join(f"{count} × {lines[line_id].name}" for line_id, count in units.items())
    orders.note(session, order, f"shipment {shipment.number}: {sent}", at=at, by=by)
    session.flush()
    return shipment


def _leave_stock(session: Session, order: Order, units: Mapping[UUID, int]) -> None:
    variants = {variant.id: variant for variant, _ in orders.locked_variants(session, order)}
    for line in order.lines:
        count = units.get(line.id, 0)
        line.shipped += count
        if count and line.variant_id is not None:
            variant = variants[line.variant_id]
            variant.release(count)
            if variant.tracked:
                variant.on_hand -= count


def deliver(
    session: Session, order: Order, shipment: Shipment | None = None, *, at: datetime, by: str
) -> None:
    """One shipment has arrived, or (None) all that were sent; the order is delivered once all of it has.

    Raises NotPossible when nothing is on its way.
    """
    sent = of_order(session, order.id)
    arrived = [
        each for each in sent if each.delivered_at is None and (shipment is None or each.id == shipment.id)
    ]
    if not arrived or (shipment is None and not order.can(OrderStatus.DELIVERED)):
        wanted = OrderStatus.DELIVERED.value
        raise NotPossible(reference=order.reference, status=order.status.value, wanted=wanted)
    for each in arrived:
        each.delivered_at = at
        orders.note(session, order, f"shipment {each.number} delivered", at=at, by=by)
    if order.can(OrderStatus.DELIVERED) and all(each.delivered_at for each in sent):
        session.add(order.move(OrderStatus.DELIVERED, at=at, by=by))


def complete(session: Session, order: Order, *, at: datetime, by: str, why: str = "") -> None:
    """Nothing more is expected of it. Raises NotPossible."""
    session.add(order.move(OrderStatus.COMPLETED, at=at, by=by, why=why))


def move_on(session: Session, order: Order, status: OrderStatus, *, at: datetime, by: str) -> None:
    """The whole order one step on: packed, shipped in one, delivered or completed. Raises NotPossible."""
    match status:
        case OrderStatus.PACKED:
            pack(session, order, at=at, by=by)
        case OrderStatus.SHIPPED:
            ship(session, order, at=at, by=by)
        case OrderStatus.DELIVERED:
            deliver(session, order, at=at, by=by)
        case OrderStatus.COMPLETED:
            complete(session, order, at=at, by=by)
        case _:
            raise NotPossible(reference=order.reference, status=order.status.value, wanted=status.value)


def of_order(session: Session, order_id: UUID) -> list[Shipment]:
    """The order's shipments with their lines, in the order they were sent."""
    statement = select(Shipment).where(Shipment.order_id == order_id).order_by(Shipment.number)
    return list(session.scalars(statement.options(selectinload(Shipment.lines))))
