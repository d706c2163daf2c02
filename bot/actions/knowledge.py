"""Answers from the shop's own facts and documents; never a guess."""

from bot.dialogue.dialogue import Dialogue, Outcome, action
from shop.catalogue import queries


@action("answered", "unknown")
def answer_question(dialogue: Dialogue) -> Outcome:
    """Answer the words from a product's facts or a document, with the source; or admit not to know."""
    if dialogue.heard is None:
        return Outcome("unknown")
    focus = dialogue.state.focus
    about = queries.by_id(dialogue.session, focus.product) if focus else None
    found = dialogue.knowledge.answer(
        dialogue.session, dialogue.heard.text, language=dialogue.language, about=about
    )
    return Outcome("answered", {"answer": found}) if found else Outcome("unknown")


@action("search", "noted", "nothing")
def place_detail(dialogue: Dialogue) -> Outcome:
    """A message of details alone: a wish for products, or something about the person to keep."""
    heard = dialogue.heard
    if heard is None:
        return Outcome("nothing")
    wishes = {"product", "category", "color", "size", "material", "price_max", "price_min"}
    if any(entity.name in wishes for entity in heard.entities):
        return Outcome("search")
    kept = {"person_name", "phone", "address", "email"} & {entity.name for entity in heard.entities}
    return Outcome("noted" if kept else "nothing")
