"""What may go along with an order: a note to the shop, words for a gift card, an e-mail address for the receipt."""

from bot.dialogue.dialogue import Dialogue, action
from bot.dialogue.state import Choice
from bot.dialogue.tokens import payload

EXTRAS = ("coupon", "note", "gift", "email")


@action()
def ask_extra(dialogue: Dialogue) -> None:
    """What can be added, to tap or to name."""
    labels = {extra: dialogue.words(f"words_extra_{extra}") for extra in EXTRAS}
    dialogue.state.choices = [
        Choice(value=extra, label=label, words=[extra, label]) for extra, label in labels.items()
    ]
    buttons = [dialogue.button(label, payload(None, extra=extra)) for extra, label in labels.items()]
    dialogue.say_with(dialogue.words("utter_ask_extra"), buttons, reply="utter_ask_extra")


@action()
def keep_email(dialogue: Dialogue) -> None:
    """The next receipt goes there, too."""
    dialogue.customer.email = dialogue.slot("email")
