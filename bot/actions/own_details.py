"""What is known of the person: told, and changed."""

from bot import forgetting as logs
from bot.actions.addresses import address_line
from bot.actions.choices import Option, offer
from bot.dialogue.dialogue import Dialogue, Outcome, action
from payments import refunds
from shop.customers import addresses, forgetting
from shop.customers.model import DETAILS, OrderNews
from shop.orders import service as orders


@action("known", "unknown")
def look_up_person(dialogue: Dialogue) -> Outcome:
    """The details that the next order would use, and how many orders there are."""
    told = {detail: dialogue.slot(detail) or getattr(dialogue.customer, detail) for detail in DETAILS}
    told["address"] = address_line(told["address"])
    placed = orders.count(dialogue.session, dialogue.customer)
    known = any(told.values()) or placed > 0
    return Outcome("known" if known else "unknown", {"known": told, "orders": placed})


@action("open", "none")
def look_for_open_matters(dialogue: Dialogue) -> Outcome:
    """What they must be known for a while longer: orders on their way, parcels and money coming back."""
    matters = _open_matters(dialogue)
    return Outcome("open" if matters else "none", {"open": matters})


@action("forgotten", "open")
def forget_me(dialogue: Dialogue) -> Outcome:
    """Who they are goes now, what was said in an hour; the books stay, without a name."""
    if matters := _open_matters(dialogue):  # something came of an order between the question and the answer
        return Outcome("open", {"open": matters})
    forgetting.forget(dialogue.session, dialogue.customer, at=dialogue.now)
    turn = dialogue.turn
    logs.schedule(turn.session, dialogue.customer, event_id=turn.inbox_id, at=turn.now)
    dialogue.state.slots.clear()
    return Outcome("forgotten")


def _open_matters(dialogue: Dialogue) -> list[str]:
    """The orders that are not over, by reference."""
    session, customer = dialogue.session, dialogue.customer
    waiting = {order.reference: None for order in forgetting.open_orders(session, customer)}
    return list(waiting | dict.fromkeys(refunds.coming_back_to(session, customer.id)))


@action()
def take_new_address(dialogue: Dialogue) -> None:
    """What was told now is the address; a part that is missing is asked for next."""
    dialogue.set_slot("address", dialogue.slot("new_address"))


@action("kept")
def keep_address(dialogue: Dialogue) -> Outcome:
    """Keep it for this order and the next ones."""
    addresses.keep(dialogue.session, dialogue.customer, dialogue.slot("address"), at=dialogue.now)
    return Outcome("kept", {"address": address_line(dialogue.customer.address)})


@action()
def ask_wanted_news(dialogue: Dialogue) -> None:
    """How much of an order's way they want to hear."""
    options = (Option(news.value, dialogue.words(f"words_news_{news.value}")) for news in OrderNews)
    offer(dialogue, "wanted_news", "utter_ask_wanted_news", options)


@action("kept")
def keep_order_news(dialogue: Dialogue) -> Outcome:
    """From now on, whatever was ordered before."""
    dialogue.customer.order_news = OrderNews(dialogue.slot("wanted_news"))
    return Outcome("kept", {"news": dialogue.customer.order_news.value})
