"""What people know from other shops and this one may not have: a document's word on it, else the plain truth."""

from collections.abc import Iterator
from html import unescape

from bot.actions.knowledge import answered, ask
from bot.dialogue.dialogue import Dialogue, Outcome, action
from knowledge_base.answers import Policy
from knowledge_base.wording import stems


@action("answered", "not_written")
def answer_about_topic(dialogue: Dialogue) -> Outcome:
    """What the merchant's documents say below a heading that names the topic, which is the message's intent.

    What is merely like it is no answer here: "points" must not be answered with where parcels can be collected.
    """
    key = f"words_topic_{_topic(dialogue)}"
    if dialogue.heard is None or key not in dialogue.replies:
        return Outcome("not_written")
    for language in dict.fromkeys((dialogue.heard_language, dialogue.replies.main)):
        names = _names(dialogue, key, language)
        for question in _questions(dialogue, names, language):
            found = ask(dialogue, question, language, about=None)
            if isinstance(found, Policy) and _is_headed_by(found, names):
                return answered(dialogue, found)
    return Outcome("not_written")


@action()
def say_it_is_not_here(dialogue: Dialogue) -> None:
    """That this shop has no such thing, in the topic's own words, and what comes nearest."""
    reply = f"utter_not_here_{_topic(dialogue)}"
    dialogue.say(reply if reply in dialogue.replies else "utter_unknown_answer")


def _topic(dialogue: Dialogue) -> str:
    return (dialogue.heard.intent if dialogue.heard else None) or ""


def _names(dialogue: Dialogue, key: str, language: str) -> list[str]:
    """By which headings documents of that language know the topic."""
    return [name.strip() for name in unescape(dialogue.replies.render(key, language, {}).text).split(";")]


def _questions(dialogue: Dialogue, names: list[str], language: str) -> Iterator[str]:
    """What was asked, where that is the documents' language; then the topic by its names."""
    if dialogue.heard is not None and language == dialogue.heard_language:
        yield dialogue.heard.text
    yield from names


def _is_headed_by(found: Policy, names: list[str]) -> bool:
    heading = stems(" ".join((found.document, *found.headings)))
    return any(stems(name) <= heading for name in names)
