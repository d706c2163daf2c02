"""Where the conversation stands: greetings, old buttons, and what could be done now."""

from bot.actions.payment import unpaid_order
from bot.dialogue.dialogue import Dialogue, Outcome, action
from shop.cart import service as carts


@action("first", "again", "in_group")
def greet_person(dialogue: Dialogue) -> Outcome:
    """Whether we have spoken before in this conversation; in a group we are brief either way."""
    if dialogue.in_group:
        return Outcome("in_group")
    return Outcome("again" if dialogue.state.turns else "first")


@action("in_private", "in_group")
def where_we_talk(dialogue: Dialogue) -> Outcome:
    """Whether others read it, too."""
    return Outcome("in_group" if dialogue.in_group else "in_private")


@action("unpaid", "tapped_again", "earlier")
def judge_old_button(dialogue: Dialogue) -> Outcome:
    """What an old button may have been pressed for: most of all, to pay."""
    if unpaid_order(dialogue) is not None:
        return Outcome("unpaid")
    return Outcome("tapped_again" if dialogue.slot("tapped_again") else "earlier")


@action("full", "empty")
def look_into_cart(dialogue: Dialogue) -> Outcome:
    """Whether there is anything to check out."""
    return Outcome("full" if carts.lines(dialogue.session, dialogue.customer) else "empty")


@action("question", "unpaid", "cart", "nothing")
def find_what_is_open(dialogue: Dialogue) -> Outcome:
    """Where to go on after a pause: at the open question, the unpaid order, or the cart."""
    if len(dialogue.state.stack) > 1:  # what lies below this flow asks by itself as soon as this one ends
        return Outcome("question")
    if unpaid_order(dialogue) is not None:
        return Outcome("unpaid")
    return Outcome("cart" if carts.lines(dialogue.session, dialogue.customer) else "nothing")
