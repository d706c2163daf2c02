"""Telegram's own form in an invoice: the address is filled in there, and the delivery chosen, while paying.

https://core.telegram.org/bots/payments: a shipping query asks what there is for a country; the pre-checkout query
brings what was chosen and filled in.
"""

from bot.actions.addresses import country_name
from bot.actions.own_order import own_order
from bot.dialogue.dialogue import Dialogue
from bot.dialogue.slots import diallable
from bot.events import FilledForm, InvoiceChecked, ShippingAsked
from bot.messages import AnswerShipping, PriceLine, ShippingWay
from shop.customers import addresses
from shop.delivery.offers import Offer, offers
from shop.money import Money
from shop.orders import delivering
from shop.orders.model import Order, OrderStatus
from shop.orders.service import IN_FORM, DeliveryChoice


def offer_delivery(dialogue: Dialogue, event: ShippingAsked) -> None:
    """Answer within ten seconds what can be chosen for that country, or that nothing can."""
    order = own_order(dialogue, event.payload)
    ways, error = (), None
    if order is None:
        error = dialogue.words("words_invoice_unknown")
    elif order.status is not OrderStatus.AWAITING_PAYMENT or order.hold_until <= dialogue.now:
        error = dialogue.words("words_invoice_late")
    else:
        ways = tuple(_way(dialogue, order, each) for each in _sent(dialogue, order, event.country))
        if not ways:
            country = country_name(event.country, dialogue.language)
            error = dialogue.words("words_shipping_nowhere", country=country)
    answer = AnswerShipping(query=event.query, currency=dialogue.profile.currency, ways=ways, error=error)
    dialogue.turn.send(answer, dedupe=f"shipping:{event.query}")


def take_form(dialogue: Dialogue, order: Order, event: InvoiceChecked) -> bool:
    """Send the order where the form says, in the way chosen there; False when that cannot be."""
    form = event.form
    if form is None or event.shipping is None or "country" not in form.address:
        return order.delivery != IN_FORM  # an invoice without a form has its delivery already
    offer = next(
        (each for each in _sent(dialogue, order, form.address["country"]) if each.code == event.shipping),
        None,
    )
    if offer is None:
        return False
    delivering.send_to(dialogue.session, order, _choice(offer), dict(form.address), dialogue.profile.tax)
    _keep_details(dialogue, order, form)
    return True


def _keep_details(dialogue: Dialogue, order: Order, form: FilledForm) -> None:
    """The order has them, and the next one need not ask."""
    digits = form.phone if form.phone.startswith("+") else f"+{form.phone}"
    phone = diallable(digits, region=form.address["country"]) or form.phone
    order.name, order.phone = form.name or order.name, phone or order.phone
    order.email = form.email or order.email
    customer = dialogue.customer
    customer.phone, customer.email = order.phone or customer.phone, order.email or customer.email
    addresses.keep(dialogue.session, customer, dict(form.address), at=dialogue.now)


def _sent(dialogue: Dialogue, order: Order, country: str) -> list[Offer]:
    """The ways that bring it there."""
    goods = delivering.goods_of(dialogue.session, order)
    found = offers(dialogue.profile, goods, country, coupon=delivering.agreed_rebate(order))
    return [each for each in found if each.option.needs_address]


def _way(dialogue: Dialogue, order: Order, offer: Offer) -> ShippingWay:
    """The way with what it adds to the invoice: its price, and a difference in tax where tax is added to prices."""
    tax, session = dialogue.profile.tax, dialogue.session
    undecided = DeliveryChoice(IN_FORM, Money(0, order.currency), dialogue.profile.country)
    before = delivering.quote_with(session, order, undecided, tax)
    after = delivering.quote_with(session, order, _choice(offer), tax)
    lines = [PriceLine(label=offer.option.label, amount_minor=offer.price.minor)]
    other_tax = (after.total - before.total - offer.price).minor
    if other_tax:
        lines.append(PriceLine(label=dialogue.words("words_charge_tax", label=""), amount_minor=other_tax))
    return ShippingWay(
        code=offer.code, title=f"{offer.option.label}, {offer.option.time}", lines=tuple(lines)
    )


def _choice(offer: Offer) -> DeliveryChoice:
    return DeliveryChoice(offer.code, offer.price, offer.country)
