"""When a person is wanted."""

from bot.dialogue.dialogue import Dialogue, Outcome, action


@action("called", "called_already")
def call_person(dialogue: Dialogue) -> Outcome:
    """Mark the conversation so that staff see it first; they answer from the staff page."""
    already = dialogue.customer.wants_person
    dialogue.customer.wants_person = True
    return Outcome("called_already" if already else "called")
