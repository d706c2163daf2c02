"""The invoice and the receipt of an order, in the chat."""

from bot.actions.payment import order_facts
from bot.dialogue.dialogue import Dialogue, Outcome, action
from payments import funds
from shop.orders import service as orders
from shop.orders.model import PAID_FOR


@action("none", "unpaid", "ready")
def find_papers(dialogue: Dialogue) -> Outcome:
    """The links to the papers of the order that is meant, or of the latest."""
    order = orders.find(dialogue.session, dialogue.customer, reference=dialogue.slot("order_number"))
    if order is None:
        return Outcome("none")
    if order.status not in PAID_FOR or not funds.of_order(dialogue.session, order.id):
        return Outcome("unpaid", order_facts(order))
    links = {
        "invoice_url": dialogue.paper_link(order.id, "invoice"),
        "receipt_url": dialogue.paper_link(order.id, "receipt"),
    }
    return Outcome("ready", order_facts(order) | links)
