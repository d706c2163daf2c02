"""The invoice and the receipt of an order, in the chat: as files where it takes files, else as links."""

from bot.actions.payment import order_facts
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.messages import Document, PaperKind
from payments import funds
from shop.orders import service as orders
from shop.orders.model import PAID_FOR, Order


@action("none", "unpaid", "sent", "linked")
def find_papers(dialogue: Dialogue) -> Outcome:
    """Send the papers of the order that is meant, or of the latest; or find the links to them."""
    order = orders.find(dialogue.session, dialogue.customer, reference=dialogue.slot("order_number"))
    if order is None:
        return Outcome("none")
    facts = order_facts(order)
    if order.status not in PAID_FOR or not funds.of_order(dialogue.session, order.id):
        return Outcome("unpaid", facts)
    invoice, receipt = _document(dialogue, order, "invoice"), _document(dialogue, order, "receipt")
    if not dialogue.abilities.files:
        return Outcome("linked", facts | {"invoice_url": invoice.url, "receipt_url": receipt.url})
    for reply, document in (("utter_invoice_here", invoice), ("utter_receipt_here", receipt)):
        dialogue.say_with(dialogue.words(reply, **facts), [], reply=reply, document=document)
    return Outcome("sent")


def _document(dialogue: Dialogue, order: Order, paper: PaperKind) -> Document:
    return Document(
        order=order.id,
        paper=paper,
        language=dialogue.language,
        name=f"{paper}-{order.reference}.pdf",
        url=dialogue.paper_link(order.id, paper),
    )
