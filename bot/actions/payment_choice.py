"""How an order is paid: the shop's first choice, or another that was asked for and is offered for this order."""

from bot.actions.choices import Option, offer
from bot.actions.purchase import Purchase, destination, purchase
from bot.dialogue.dialogue import Dialogue, Outcome, action
from shop.payment_methods import PaymentKind, PaymentMethod, offered


def methods_for(dialogue: Dialogue, found: Purchase) -> list[PaymentMethod]:
    """The ways to pay for this purchase, the usual one first."""
    channel = dialogue.conversation.partition(":")[0]
    country = found.offer.country if found.offer else destination(dialogue)
    fitting = offered(
        dialogue.profile.payment_methods,
        channel=channel,
        country=country,
        total=found.quote.total,
        invoices=dialogue.abilities.native_invoices,
    )
    if found.joining is None:
        return fitting
    # whether a group is full is known by the money that is in: nobody's seat waits for a transfer or the postman
    return [each for each in fitting if each.kind in {PaymentKind.INVOICE, PaymentKind.CARD}]


def method_for(dialogue: Dialogue, found: Purchase) -> PaymentMethod | None:
    """The one that was chosen, as long as it is offered; else the usual one. None where there is no way to pay this."""
    fitting = methods_for(dialogue, found)
    wanted = dialogue.slot("payment_method")
    return next((each for each in fitting if each.kind == wanted), fitting[0] if fitting else None)


def invoice_for(dialogue: Dialogue, found: Purchase) -> PaymentMethod | None:
    """The channel's own invoice, where this purchase may be paid by one."""
    return next((each for each in methods_for(dialogue, found) if each.kind is PaymentKind.INVOICE), None)


@action()
def ask_payment_method(dialogue: Dialogue) -> None:
    """The ways to pay for this purchase, to tap or to name."""
    fitting = methods_for(dialogue, purchase(dialogue))
    labels = {each.kind: dialogue.words(f"words_pay_{each.kind.value}") for each in fitting}
    options = (
        Option(kind.value, label, words=[kind.value, *label.split()]) for kind, label in labels.items()
    )
    offer(dialogue, "payment_method", "utter_ask_payment_method", options)


@action("several", "one")
def list_payment_methods(dialogue: Dialogue) -> Outcome:
    """Whether there is a choice of ways to pay for this purchase."""
    fitting = methods_for(dialogue, purchase(dialogue))
    only = dialogue.words(f"words_pay_{fitting[0].kind.value}") if fitting else ""
    return Outcome("several" if len(fitting) > 1 else "one", {"only": only})
