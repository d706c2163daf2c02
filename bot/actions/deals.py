"""Group deals in conversation: which there are, one group at a glance, taking a seat, and one's own group."""

from typing import Any

from bot.actions.cards import picture_of, products_by_id, start_button
from bot.actions.payment import order_facts
from bot.actions.reference import meant
from bot.actions.seat_checkout import refusal_facts
from bot.actions.seats import group_facts
from bot.deals import announcing, endings
from bot.deals import cards as chat_cards
from bot.deals.facts import price_facts
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from bot.dialogue.tokens import pack_id, payload
from bot.messages import Card
from shop.catalogue.model import Product
from shop.deals import groups
from shop.deals import offers as deals
from shop.deals.model import Deal, DealGroup, DealRefused, DealStatus, GroupStatus, Seat, SeatStatus
from shop.orders import service as orders
from shop.orders.model import NotPossible

DEALS_SHOWN_MAX = 4


# ---------------------------------------------------------------------- looking


@action("shown", "none")
def show_deals(dialogue: Dialogue) -> Outcome:
    """The deals that are on as cards, single price and group price side by side; of what was named, if there are any."""
    live = deals.live(dialogue.session, at=dialogue.now)
    named = {product.id for product in meant(dialogue).products} if dialogue.heard else set[object]()
    wanted = [deal for deal in live if deal.product_id in named] or live
    products = products_by_id(dialogue, [deal.product_id for deal in wanted])
    cards = [
        _card(dialogue, deal, products[deal.product_id]) for deal in wanted if deal.product_id in products
    ]
    if not cards:
        return Outcome("none")
    dialogue.say("utter_deals", count=len(cards))
    dialogue.show(cards[:DEALS_SHOWN_MAX])
    _show_own_group_to_all(dialogue)
    return Outcome("shown")


def _show_own_group_to_all(dialogue: Dialogue) -> bool:
    """In a chat that others read: the card of the group in which this person has a seat, if they have one (rule 14)."""
    seat = deals.newest_seat(dialogue.session, dialogue.customer) if dialogue.in_group else None
    if seat is None or seat.status is SeatStatus.CONFIRMED:
        return False
    group = dialogue.session.get_one(DealGroup, seat.group_id)
    chat_cards.show(
        dialogue.session, group, dialogue.conversation, language=dialogue.language, at=dialogue.now
    )
    return True


@action("shown", "over")
def show_deal(dialogue: Dialogue) -> Outcome:
    """The one deal that a link names, as a card, if it is on."""
    live = deals.live(dialogue.session, at=dialogue.now)
    deal = next((each for each in live if str(each.id) == str(dialogue.slot("deal"))), None)
    if deal is None:
        return Outcome("over")
    products = products_by_id(dialogue, [deal.product_id])
    dialogue.show([_card(dialogue, deal, products[deal.product_id])])
    return Outcome("shown")


def _card(dialogue: Dialogue, deal: Deal, product: Product) -> Card:
    variant = announcing.first_variant(deal, product)
    look = dialogue.button(dialogue.words("words_details"), payload("product_details", product=product.id))
    return Card(
        title=deal.title,
        text=dialogue.words("words_deal_card", **price_facts(dialogue.session, deal, variant)),
        picture=picture_of(product, variant),
        buttons=(start_button(dialogue, deal), look),
    )


@action("open", "member", "full", "succeeded", "failed", "over", "unknown")
def look_at_group(dialogue: Dialogue) -> Outcome:
    """The group that a link or a button names, as it is now, with the next thing to do (rule 13)."""
    group = groups.find(dialogue.session, str(dialogue.slot("group") or ""))
    if group is None:
        return Outcome("unknown")
    deal = deals.get(dialogue.session, group.deal_id)
    going_on = deals.status_at(deal, dialogue.now) is DealStatus.LIVE
    facts = group_facts(dialogue, group) | {"deal_id": pack_id(deal.id) if going_on else ""}
    seat = _own_seat(dialogue, group)
    if group.status is GroupStatus.SUCCEEDED:
        return Outcome("succeeded", facts)
    if seat is not None:
        return Outcome("member", facts | {"unpaid": seat.status is SeatStatus.HELD})
    closed = _why_closed(dialogue, group)
    if closed is not None:
        return Outcome(closed, facts)
    _show_open(dialogue, group, deal, facts)
    return Outcome("open", facts)


def _why_closed(dialogue: Dialogue, group: DealGroup) -> str | None:
    """Why nobody can join it any more, as an outcome."""
    if group.status not in groups.OPEN:
        return "failed"
    if not groups.is_open(group, at=dialogue.now):
        return "over"
    has_room = groups.has_room(group, groups.seats_of(dialogue.session, group))
    return None if has_room else "full"


def _show_open(dialogue: Dialogue, group: DealGroup, deal: Deal, facts: dict[str, Any]) -> None:
    product = products_by_id(dialogue, [deal.product_id])[deal.product_id]
    variant = announcing.first_variant(deal, product)
    prices = price_facts(dialogue.session, deal, variant, group)
    join = dialogue.button(dialogue.words("words_join", **prices), payload("join_group", group=group.token))
    text = dialogue.words("words_group_card", **(facts | prices))
    dialogue.show([Card(title=deal.title, text=text, picture=picture_of(product, variant), buttons=(join,))])


def _own_seat(dialogue: Dialogue, group: DealGroup) -> Seat | None:
    taken = groups.seats_of(dialogue.session, group)
    return next((seat for seat in taken if seat.customer_id == dialogue.customer.id), None)


# ---------------------------------------------------------------------- taking a seat


@action("found", "none")
def find_group_to_join(dialogue: Dialogue) -> Outcome:
    """The one whose button was tapped, or that was looked at in this conversation."""
    return Outcome("found" if dialogue.slot("group") else "none")


@action("ready", "choose", "choose_deal", "unpaid", "refused", "sold_out", "none")
def begin_seat(dialogue: Dialogue) -> Outcome:
    """Which deal, which group and which variant is meant, and whether this person may have a seat."""
    group = groups.find(dialogue.session, str(dialogue.slot("group"))) if dialogue.slot("group") else None
    if dialogue.turn.followed_from:
        dialogue.set_slot("shown_in", dialogue.turn.followed_from)
    deal = deals.get(dialogue.session, group.deal_id) if group else _meant_deal(dialogue)
    if deal is None:
        return Outcome("choose_deal" if deals.live(dialogue.session, at=dialogue.now) else "none")
    try:
        _check(dialogue, deal, group)
    except DealRefused as refused:
        if refused.facts["why"] == "unpaid_seat":
            return Outcome("unpaid", _unpaid_facts(dialogue, deal))
        return Outcome("refused", refusal_facts(dialogue, refused))
    return _choose_variant(dialogue, deal, group)


def _meant_deal(dialogue: Dialogue) -> Deal | None:
    """By its button, else the one of what was named or looked at, else the only one."""
    if dialogue.slot("deal"):
        return deals.get(dialogue.session, as_uuid(dialogue.slot("deal")))
    live = deals.live(dialogue.session, at=dialogue.now)
    named = {product.id for product in meant(dialogue).products}
    fitting = [deal for deal in live if deal.product_id in named] or live
    return fitting[0] if len(fitting) == 1 else None


def _check(dialogue: Dialogue, deal: Deal, group: DealGroup | None) -> None:
    """Raise DealRefused where there is no seat for them."""
    session = dialogue.session
    if group is None and deals.status_at(deal, dialogue.now) is not DealStatus.LIVE:
        raise DealRefused(why="deal_over")
    if group is not None and (seat := _own_seat(dialogue, group)) is not None:
        raise DealRefused(why="unpaid_seat" if seat.status is SeatStatus.HELD else "already_in")
    if group is not None and (closed := _why_closed(dialogue, group)) is not None:
        raise DealRefused(why="full" if closed == "full" else "over")
    deals.check_may_take(session, deal, dialogue.customer, units=_units(dialogue))


def _units(dialogue: Dialogue) -> int:
    return max(1, int(dialogue.slot("quantity") or 1))


def _choose_variant(dialogue: Dialogue, deal: Deal, group: DealGroup | None) -> Outcome:
    product = products_by_id(dialogue, [deal.product_id])[deal.product_id]
    prices = deals.prices_of(deal, group)
    free = [
        each for each in product.variants if each.id in prices and each.published and each.free_units() != 0
    ]
    if not free:
        return Outcome("sold_out", {"title": product.title, "product": pack_id(product.id), "label": ""})
    chosen = dialogue.slot("variant")
    variant = free[0] if len(free) == 1 else next((each for each in free if str(each.id) == chosen), None)
    if variant is None:
        dialogue.set_slot("candidates", {"variant": [str(each.id) for each in free]})
        dialogue.set_slot("deal", str(deal.id))  # the answer names no deal any more
        return Outcome("choose")
    dialogue.set_slot(
        "joining",
        {
            "deal": str(deal.id),
            "group": group.token if group else None,
            "variant": str(variant.id),
            "units": _units(dialogue),
        },
    )
    return Outcome("ready")


def _unpaid_facts(dialogue: Dialogue, deal: Deal) -> dict[str, Any]:
    """Their seat that waits for its payment, to pay or to let go (rule 4)."""
    held = deals.held_seat(dialogue.session, deal, dialogue.customer)
    assert held is not None, "it was refused for this seat"
    order = orders.get(dialogue.session, held.order_id, lock=False)
    dialogue.set_slot("order_id", str(order.id))
    dialogue.set_slot("order_to_cancel", order.reference)
    return order_facts(order) | {"pay_url": order.payment_url, "deal": deal.title}


# ---------------------------------------------------------------------- one's own group


@action("shown", "none", "private")
def show_my_group_to_all(dialogue: Dialogue) -> Outcome:
    """Where others read it, the group's card is shown, and nothing is said of their own seat."""
    if not dialogue.in_group:
        return Outcome("private")
    return Outcome("shown" if _show_own_group_to_all(dialogue) else "none")


@action("none", "done", "member")
def find_my_group(dialogue: Dialogue) -> Outcome:
    """The group in which they have a seat: one that still forms, else the newest that is full."""
    seat = deals.newest_seat(dialogue.session, dialogue.customer)
    if seat is None:
        return Outcome("none")
    group = dialogue.session.get_one(DealGroup, seat.group_id)
    dialogue.set_slot("group", group.token)
    facts = group_facts(dialogue, group) | {"unpaid": seat.status is SeatStatus.HELD}
    return Outcome("done" if group.status is GroupStatus.SUCCEEDED else "member", facts)


@action("shared", "none")
def share_group(dialogue: Dialogue) -> Outcome:
    """Their group as a message to pass on: its picture, what it costs, and a button to join."""
    seat = deals.newest_seat(dialogue.session, dialogue.customer)
    group = dialogue.session.get_one(DealGroup, seat.group_id) if seat else None
    if group is None or group.closes_at is None or not groups.is_open(group, at=dialogue.now):
        return Outcome("none")
    deal = deals.get(dialogue.session, group.deal_id)
    shown = announcing.look_at(
        dialogue.session, deal, group, profile=dialogue.profile, language=dialogue.language
    )
    dialogue.say("utter_pass_on")
    dialogue.send(announcing.announcement(shown, dialogue.replies, at=dialogue.now))
    return Outcome("shared")


@action("left", "let_go", "too_late", "none")
def leave_group(dialogue: Dialogue) -> Outcome:
    """Give up their seat while the group forms: their money goes back, the seat is free (rule 7)."""
    group = groups.find(dialogue.session, str(dialogue.slot("group") or ""))
    seat = _own_seat(dialogue, group) if group else None
    if group is None or seat is None:
        return Outcome("none")
    order = orders.get(dialogue.session, seat.order_id)  # locks the group first
    facts = order_facts(order) | group_facts(dialogue, group)
    if group.status is not GroupStatus.FORMING:
        return Outcome("too_late", facts)
    was_paid = seat.status is SeatStatus.PAID
    try:
        orders.cancel(dialogue.session, order, at=dialogue.now, by="customer", why="left the group")
    except NotPossible:
        return Outcome("too_late", facts)
    endings.give_back(dialogue.session, [order], reason="left_group", at=dialogue.now)
    return Outcome("left" if was_paid else "let_go", facts)
