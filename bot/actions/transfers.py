"""Payment by bank transfer: where the money goes, and the slip that a customer may send."""

from typing import Any, Final

from bot.actions.knowledge import date_in_words
from bot.actions.payment import order_facts, unpaid_order
from bot.dialogue.dialogue import Dialogue, action
from bot.events import SentAttachment
from shop.orders.model import Order
from shop.payment_methods import PaymentKind
from shop.tasks import service as tasks
from shop.tasks.model import TaskKind

SLIPS: Final = frozenset({"photo", "document"})  # what a slip may be


@action()
def tell_bank_account(dialogue: Dialogue) -> None:
    """Where to transfer what, with which reference, and until when the goods wait."""
    order = unpaid_order(dialogue)
    assert order is not None, "it was placed in this turn"
    dialogue.say("utter_bank_transfer", **order_facts(order), **transfer_facts(dialogue, order))


def transfer_facts(dialogue: Dialogue, order: Order) -> dict[str, Any]:
    """The account and the day, for an order that is paid so; nothing for any other."""
    method = dialogue.profile.payment_method(PaymentKind.TRANSFER)
    if order.payment_method is not PaymentKind.TRANSFER or method is None:
        return {"account": None, "until": ""}
    return {"account": method.account, "until": date_in_words(dialogue, order.hold_until)}


def take_slip(dialogue: Dialogue, event: SentAttachment) -> bool:
    """Whether it is the slip of a transfer that an order waits for; staff see it then, and compare it with the account."""
    order = unpaid_order(dialogue)
    if order is None or order.payment_method is not PaymentKind.TRANSFER or event.attachment not in SLIPS:
        return False
    facts = {
        "amount_minor": order.owed.minor,
        "currency": order.currency,
        "slip": event.reference,
        "channel": dialogue.conversation.partition(":")[0],
    }
    tasks.open_task(
        dialogue.session,
        TaskKind.TRANSFER_SLIP,
        cause=f"slip:{order.id}",
        at=dialogue.now,
        facts=facts,
        order_id=order.id,
    )
    dialogue.say("utter_slip_received", **order_facts(order))
    return True
