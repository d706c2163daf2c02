"""What may go along with an order: a note to the shop, words for a gift card, an e-mail address for the receipt."""

from bot.actions.choices import Option, offer
from bot.dialogue.dialogue import Dialogue, action

EXTRAS = ("coupon", "note", "gift", "email")


@action()
def ask_extra(dialogue: Dialogue) -> None:
    """What can be added, to tap or to name."""
    labels = {extra: dialogue.words(f"words_extra_{extra}") for extra in EXTRAS}
    options = (Option(extra, label, words=[extra, label]) for extra, label in labels.items())
    offer(dialogue, "extra", "utter_ask_extra", options)


@action()
def keep_email(dialogue: Dialogue) -> None:
    """The next receipt goes there, too."""
    dialogue.customer.email = dialogue.slot("email")
