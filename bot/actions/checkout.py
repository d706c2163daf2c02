"""From a full cart to a placed order that awaits its payment."""

from typing import Any, cast

from bot.actions.addresses import address_line, country_name
from bot.actions.payment import ask_for_payment, order_facts, unpaid_order, wait_for_payment
from bot.actions.payment_choice import invoice_for, method_for, methods_for
from bot.actions.purchase import (
    Purchase,
    chosen_point,
    destination,
    discount_facts,
    lapsed_coupon,
    purchase,
    rebates,
    take_told_coupon,
    tax_facts,
)
from bot.actions.seat_checkout import Where, deliver_as_before, refusal_facts, seat_facts, take_seat
from bot.dialogue.dialogue import Dialogue, Outcome, action
from shop.cart import service as carts
from shop.catalogue.model import OutOfStock
from shop.customers import addresses
from shop.customers.model import DETAILS
from shop.deals.model import DealRefused
from shop.errors import Refused
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus
from shop.orders.service import IN_FORM, CartChanged, CartEmpty, DeliveryChoice, Terms
from shop.payment_methods import PaymentKind, PaymentMethod
from shop.promotions.service import CouponRefused
from storage.types import JsonObject

SAID_FOR_ONE_ORDER = (
    "payment_method",
    "note",
    "gift_message",
    "coupon_in_use",
    "pickup_point",
    "agreed_minor",
    "joining",
    "goes_elsewhere",
)


@action("ready", "empty", "unpaid", "problems")
def begin_checkout(dialogue: Dialogue) -> Outcome:
    """Look whether the cart, or the seat that is wanted, can be bought as it is.

    What the customer told for an earlier order is not asked again.
    """
    joining = dialogue.slot("joining") is not None
    cart = [] if joining else carts.lines(dialogue.session, dialogue.customer)
    if not cart and not joining:
        return Outcome("unpaid" if unpaid_order(dialogue) else "empty")
    problems = [_line_problem(dialogue, problem) for problem in carts.problems(cart)]
    for detail in DETAILS:
        known = getattr(dialogue.customer, detail)
        if known and detail not in dialogue.state.slots:  # neither told anew nor taken back
            dialogue.set_slot(detail, known)
    if joining:
        deliver_as_before(dialogue)
    problems += _other_problems(dialogue)
    if problems:
        return Outcome("problems", {"problems": problems})
    return Outcome("ready")


def _line_problem(dialogue: Dialogue, problem: carts.Problem) -> dict[str, Any]:
    """What is wrong with a line, which is mended."""
    _mend(dialogue, problem)
    variant = problem.line.variant
    return {
        "kind": problem.kind,
        "title": variant.product.title,
        "free": problem.free,
        "price": variant.price,
        "why": "",
    }


def _other_problems(dialogue: Dialogue) -> list[dict[str, Any]]:
    """A coupon that holds no more, and a delivery that this cart is too heavy for, or that does not go there."""
    nothing: dict[str, Any] = {"title": "", "free": None, "price": None, "why": ""}
    found = list[dict[str, Any]]()
    goods = purchase(dialogue).goods
    if goods and (lapsed := lapsed_coupon(dialogue, goods)) is not None:
        found.append(nothing | {"kind": "coupon", "why": dialogue.words(lapsed.reply, **lapsed.facts)})
    code = dialogue.slot("delivery")
    option = dialogue.profile.option(str(code)) if code else None
    if goods and option is not None and purchase(dialogue).offer is None:
        dialogue.set_slot("delivery", None)
        found.append(nothing | {"kind": "delivery", "title": option.label})
    return found


@action()
def leave_checkout(dialogue: Dialogue) -> None:
    """An empty cart cannot be checked out: the checkout that this interrupted is over."""
    dialogue.state.stack = [frame for frame in dialogue.state.stack if frame.flow != "checkout"]


@action()
def ask_confirm(dialogue: Dialogue) -> None:
    """The whole order at a glance, to say yes to; a coupon that was told on the way is tried now."""
    goods = purchase(dialogue).goods
    lapsed = lapsed_coupon(dialogue, goods) if goods else None
    try:
        take_told_coupon(dialogue, goods)
    except CouponRefused as refused:
        lapsed = refused
    if lapsed is not None:
        dialogue.lead = dialogue.words(lapsed.reply, **lapsed.facts)
    found = purchase(dialogue)
    dialogue.set_slot("agreed_minor", found.quote.total.minor)
    dialogue.say("utter_ask_confirm", **_summary(dialogue, found))


def _summary(dialogue: Dialogue, found: Purchase) -> dict[str, Any]:
    offer, bill = found.offer, found.quote
    assert offer is not None, "delivery was checked before the summary"
    home = destination(dialogue) == dialogue.profile.country
    point = chosen_point(dialogue, offer)
    return {
        "lines": [
            {
                "title": f"{each.variant.product.title}{f' ({each.variant.label})' if each.variant.label else ''}",
                "units": each.units,
                "price": each.goods.price,
            }
            for each in found.items
        ],
        "seat": seat_facts(dialogue, found.joining) if found.joining else None,
        "discounts": discount_facts(dialogue, bill.discounts),
        "option": offer.option,
        "delivery_price": offer.price,
        "taxes": tax_facts(dialogue, bill.taxes),
        "tax_included": bill.tax_included,
        "total": bill.total,
        "address": _envelope(dialogue, home=home) if offer.option.needs_address else None,
        "point": point,
        "points": len(offer.option.points),
        "email": dialogue.slot("email") or dialogue.customer.email,
        "note": dialogue.slot("note"),
        "gift_message": dialogue.slot("gift_message"),
        "method": method.kind.value if (method := method_for(dialogue, found)) else "",
        "methods": len(methods_for(dialogue, found)),
    }


def _envelope(dialogue: Dialogue, *, home: bool) -> str:
    address = dialogue.slot("address")
    if home or not isinstance(address, dict):
        return address_line(address)
    named: dict[str, Any] = {**address, "country": country_name(destination(dialogue), dialogue.language)}
    return address_line(named)


@action(
    "invoice",
    "link_coming",
    "cash",
    "transfer",
    "out_of_stock",
    "cart_changed",
    "coupon_gone",
    "no_way_to_pay",
    "deal_refused",
    "empty",
)
def place_order(dialogue: Dialogue) -> Outcome:
    """Freeze the order, hold its stock, and ask for the money in the way that was chosen."""
    return _placed(dialogue)


def _placed(dialogue: Dialogue) -> Outcome:
    found = purchase(dialogue)
    in_form = dialogue.slot("address") == IN_FORM
    method = invoice_for(dialogue, found) if in_form else method_for(dialogue, found)
    if method is None:
        return Outcome("no_way_to_pay")
    try:
        order = _place(dialogue, method)
    except REFUSALS as refused:
        return _refused(dialogue, refused)
    if order.delivery == IN_FORM:
        dialogue.state.slots.pop("address", None)
    for name in SAID_FOR_ONE_ORDER:
        dialogue.state.slots.pop(name, None)
    if order.status is OrderStatus.AWAITING_PAYMENT:
        wait_for_payment(dialogue, order)
    return Outcome(ask_for_payment(dialogue, order), order_facts(order))


REFUSALS = (OutOfStock, CouponRefused, DealRefused, CartChanged, CartEmpty)


def _refused(dialogue: Dialogue, refused: Refused) -> Outcome:
    match refused:
        case OutOfStock():
            return Outcome("out_of_stock", refused.facts)
        case CouponRefused():
            return Outcome("coupon_gone", {"why": dialogue.words(refused.reply, **refused.facts)})
        case DealRefused():
            return Outcome("deal_refused", refusal_facts(dialogue, refused))
        case CartChanged():
            return Outcome("cart_changed")
        case _:
            return Outcome("empty")


@action("invoice", "out_of_stock", "cart_changed", "coupon_gone", "no_way_to_pay", "empty")
def send_invoice_with_form(dialogue: Dialogue) -> Outcome:
    """They chose the invoice's own form: it asks for address and delivery, and to pay there is to say yes."""
    dialogue.set_slot("payment_method", PaymentKind.INVOICE.value)
    return _placed(dialogue)


def _place(dialogue: Dialogue, method: PaymentMethod) -> Order:
    """Place what the summary showed. Raises what `orders.place` does, and CartChanged when it cannot be sent so."""
    found, customer = purchase(dialogue), dialogue.customer
    if found.coupon is not None and (lapsed := lapsed_coupon(dialogue, found.goods)) is not None:
        raise lapsed
    offer = found.offer
    if offer is None:
        raise CartChanged
    customer.name, customer.phone = dialogue.slot("name"), dialogue.slot("phone") or customer.phone
    customer.email = dialogue.slot("email") or customer.email
    address = dialogue.slot("address") if offer.option.needs_address else None
    if isinstance(address, dict):
        addresses.keep(dialogue.session, customer, cast("JsonObject", address), at=dialogue.now)
    if dialogue.slot("address") == IN_FORM:
        return _place_for_form(dialogue, found)
    point, agreed = chosen_point(dialogue, offer), dialogue.slot("agreed_minor")
    where: Where = {
        "conversation": dialogue.conversation,
        "delivery": DeliveryChoice(offer.code, offer.price, offer.country, point.code if point else None),
        "address": cast("JsonObject | None", address),
        "at": dialogue.now,
        "terms": Terms(
            rebates=found.rebates,
            tax=dialogue.profile.tax,
            low_stock_units=dialogue.profile.low_stock_units,
            agreed=Money(agreed, dialogue.profile.currency) if isinstance(agreed, int) else None,
            email=customer.email,
            note=dialogue.slot("note"),
            gift_message=dialogue.slot("gift_message"),
            payment=method.kind,
        ),
    }
    if found.joining is not None:
        return take_seat(dialogue, found.joining, where)
    hold_until = dialogue.now + (
        method.waits if method.kind is PaymentKind.TRANSFER else dialogue.profile.hold
    )
    return orders.place(dialogue.session, customer, hold_until=hold_until, **where)


def _place_for_form(dialogue: Dialogue, found: Purchase) -> Order:
    """Place the goods alone: where they go, and how, is said in Telegram's form while paying."""
    return orders.place(
        dialogue.session,
        dialogue.customer,
        conversation=dialogue.conversation,
        delivery=DeliveryChoice(IN_FORM, Money(0, dialogue.profile.currency), dialogue.profile.country),
        address=None,
        at=dialogue.now,
        hold_until=dialogue.now + dialogue.profile.hold,
        terms=Terms(
            rebates=rebates(found.coupon, None),
            tax=dialogue.profile.tax,
            low_stock_units=dialogue.profile.low_stock_units,
            note=dialogue.slot("note"),
            gift_message=dialogue.slot("gift_message"),
            payment=PaymentKind.INVOICE,
        ),
    )


def _mend(dialogue: Dialogue, problem: carts.Problem) -> None:
    """Make the cart what can be bought; the person is told, and sees the summary before paying."""
    variant, line = problem.line.variant, problem.line
    if problem.kind in {"sold_out", "unpublished"}:
        carts.set_units(dialogue.session, dialogue.customer, variant, units=0, at=dialogue.now)
    elif problem.kind == "fewer_left":
        carts.set_units(
            dialogue.session, dialogue.customer, variant, units=problem.free or 0, at=dialogue.now
        )
    else:
        carts.accept_prices([line])
