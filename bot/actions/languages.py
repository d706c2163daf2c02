"""Which languages we speak, and which one somebody wants to be answered in."""

from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.tokens import payload
from nlu.languages import name_of, named_languages
from nlu.understanding import Understanding


@action("changed", "asked", "only_one")
def choose_language(dialogue: Dialogue) -> Outcome:
    """Answer in the language they ask for, from now on and whatever they write in; or say which ones there are."""
    wanted = dialogue.slot("wanted_language") or _wanted(dialogue)
    dialogue.set_slot("wanted_language", None)
    spoken = dialogue.replies.languages
    if wanted in spoken:
        dialogue.customer.language = dialogue.state.language = wanted
        return Outcome("changed" if len(spoken) > 1 else "only_one", _facts(dialogue))
    if len(spoken) == 1:
        return Outcome("only_one", _facts(dialogue))
    buttons = [
        dialogue.button(_own_name(language), payload("language", wanted_language=language))
        for language in spoken
    ]
    dialogue.say_with(dialogue.words("utter_languages", **_facts(dialogue)), buttons)
    return Outcome("asked")


def _wanted(dialogue: Dialogue) -> str | None:
    """The language that the words ask for; the one we speak already is named to complain of it, or to ask."""
    heard = dialogue.heard
    named = _named(dialogue, heard) if heard else []
    others = [language for language in named if language != dialogue.language_before]
    if others:
        return others[0]
    asks_in_it = heard is not None and "?" not in heard.text and named == [heard.language]
    return heard.language if asks_in_it and heard and len(heard.text.split()) <= 3 else None


def _named(dialogue: Dialogue, heard: Understanding) -> list[str]:
    return named_languages(heard.text, dialogue.replies.languages)


def _own_name(language: str) -> str:
    return name_of(language, in_language=language).capitalize()


def _facts(dialogue: Dialogue) -> dict[str, list[str]]:
    """What our languages are called in the one we speak, that one first."""
    spoken = sorted(dialogue.replies.languages, key=lambda language: language != dialogue.language)
    return {"languages": [name_of(language, in_language=dialogue.language) for language in spoken]}
