"""Answers from the shop's own facts and documents; never a guess."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from bot.actions.asked import keep
from bot.actions.cards import look_at
from bot.actions.reference import asks_to_compare, in_sight, meant, plainly_named
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.hearing import without, without_details
from bot.dialogue.state import Answered
from knowledge_base.answers import Answer, Fact, Policy
from knowledge_base.questions import Verdict
from knowledge_base.statements import DESCRIPTION, bears_on, related
from knowledge_base.wording import product_words
from nlu.languages import name_of
from nlu.understanding import Understanding
from shop.catalogue.model import Product

WISHES = frozenset({
    "product", "category", "color", "not_color", "size", "material", "price_max", "price_min", "comparative"
})  # fmt: skip
TOLD_OF_MAX = 6  # products in one answer
ABOUT_THEM = {"person_name": "name", "phone": "phone", "address": "address", "delivery_option": "delivery"}


@action("answered", "unknown", "unknown_again")
def answer_question(dialogue: Dialogue) -> Outcome:
    """Answer a question about the shop from its documents, with the source; or admit not to know."""
    return _answer(dialogue, about=None) or Outcome(_unknown(dialogue))


@action("answered", "told_of_each", "silent", "compare", "unknown", "unknown_again")
def answer_about_product(dialogue: Dialogue) -> Outcome:
    """Answer a question about the product in sight from what is written of it, else from a document; or say it is silent.

    That nothing is written means neither yes nor no. Of several products each tells its own.
    """
    heard = dialogue.heard
    if heard is not None and asks_to_compare(heard):
        return Outcome("compare")
    products = _goods_asked_about(dialogue)
    product = products[0] if len(products) == 1 else None
    in_view = len(products) > 1 and products[0] in in_sight(dialogue)
    if in_view and (told := _told_of_each(dialogue, products)) is not None:
        return told
    found = _answer(dialogue, about=product, only_of=products[0] if products else None)
    if found is None and len(products) > 1:  # of goods in general a document says more than six of them do
        found = _told_of_each(dialogue, products)
    if found is not None:
        return found
    if product is None:
        return Outcome(_unknown(dialogue))
    keep_question(dialogue)
    near = related(_question(dialogue), product, dialogue.heard_language)
    return Outcome("silent", {"title": product.title, "near": [each.text for each in near]})


def _goods_asked_about(dialogue: Dialogue) -> list[Product]:
    """The one that is meant; or several, where they are named or in sight together."""
    named = plainly_named(dialogue, meant(dialogue).products)
    if len(named) > 1:
        return named
    if len(named) == 1:
        look_at(dialogue, named[0])
        return named
    about = _about(dialogue)
    seen = in_sight(dialogue)
    return seen if len(seen) > 1 and about is seen[0] else [about] if about is not None else []


def _told_of_each(dialogue: Dialogue, products: Sequence[Product]) -> Outcome | None:
    """What is written of each of the first few; None where nothing is of any."""
    asked, shown = _question(dialogue), products[:TOLD_OF_MAX]
    found = [ask(dialogue, asked, dialogue.heard_language, about=each) for each in shown]
    facts = [each if isinstance(each, Fact) else None for each in found]
    if not any(facts):
        return None
    told = [
        {"title": product.title, "text": fact.text if fact is not None else ""}
        for product, fact in zip(shown, facts, strict=True)
    ]
    return Outcome(
        "told_of_each",
        {"goods": told, "as_of": date_in_words(dialogue, min(each.updated_at for each in shown))},
    )


@action("answered", "unknown", "unknown_again")
def answer_about_abroad(dialogue: Dialogue) -> Outcome:
    """Where else we send things, and what that costs: all that is written of it, as each country may differ."""
    countries = dialogue.heard.values("country") if dialogue.heard else []
    dialogue.state.topic = {"country": countries}
    found = _asked_for(dialogue, "words_abroad", country=" / ".join(map(str, countries)))
    if not isinstance(found, Policy) or dialogue.heard is None:
        return Outcome(_unknown(dialogue))
    _remember(dialogue, without_details(dialogue.heard) or dialogue.heard.text, found)
    return answered(dialogue, found)


@action(
    "answered", "unknown", "unknown_again", "search", "doubtful", "not_understood", "not_understood_again"
)
def place_words(dialogue: Dialogue) -> Outcome:
    """Words whose purpose is not clear: a question that we can answer, a thing that we have, or neither."""
    heard = dialogue.heard
    asks = heard is not None and "?" in heard.text
    if not asks and meant(dialogue).by == "name":  # "the grinder": the words are of our goods
        return Outcome("search")
    if dialogue.state.doubts and not asks:  # two wishes rather than a question: no document knows which
        return Outcome("not_understood_again" if dialogue.miss() else "doubtful")
    if (answered := _answer(dialogue, about=_about(dialogue))) is not None:
        return answered
    if asks:
        return Outcome(_unknown(dialogue))
    return Outcome("not_understood_again" if dialogue.miss() else "not_understood")


@action("wanted", "order", "search", "details", "noted", "nothing")
def place_detail(dialogue: Dialogue) -> Outcome:
    """A message of details alone: how many, a place in the list, a wish, or something about the person to keep."""
    heard = dialogue.heard
    named = {entity.name for entity in heard.entities} if heard else set[str]()
    if heard is not None and "quantity" in named and _wants_so_many(dialogue, heard):
        return Outcome("wanted")
    if "order_reference" in named:
        return Outcome("order")
    if "ordinal" in named and dialogue.state.shown:
        return Outcome("details")
    if named & WISHES:
        return Outcome("search")
    return Outcome("noted" if named & ABOUT_THEM.keys() else "nothing")


def _answer(dialogue: Dialogue, *, about: Product | None, only_of: Product | None = None) -> Outcome | None:
    """With `only_of` a passage has to speak of what is asked of that product."""
    if dialogue.heard is None:
        return None
    text = _question(dialogue)
    found = ask(dialogue, text, dialogue.heard_language, about=about)
    if only_of is not None and isinstance(found, Policy) and not _bears_on(dialogue, found, only_of):
        return None
    if found is None:
        found = _asked_for(dialogue, f"words_question_{dialogue.heard.intent}")
    if found is None:
        return None
    _remember(dialogue, text, found)
    if isinstance(found, Policy):
        found = replace(found, text=dialogue.quote(found.text))
    return answered(dialogue, found)


def ask(dialogue: Dialogue, question: str, language: str, *, about: Product | None) -> Answer | None:
    """What is written about it. A passage in another language that was found by words is near to it by chance only."""
    found = dialogue.knowledge.answer(dialogue.session, question, language=language, about=about)
    is_foreign = isinstance(found, Policy) and not found.across and not _is_in(found, language)
    return None if is_foreign and language in dialogue.replies.languages else found


def _asked_for(dialogue: Dialogue, question: str, **facts: Any) -> Answer | None:
    """Ask what these words of ours say, in the language that was heard and, where nothing is written in it, the main."""
    replies = dialogue.replies
    if question not in replies:
        return None
    for language in dict.fromkeys((dialogue.heard_language, replies.main)):
        asked = unescape(replies.render(question, language, facts).text)
        if (found := ask(dialogue, asked, language, about=None)) is not None:
            return found
    return None


def _question(dialogue: Dialogue) -> str:
    heard = dialogue.heard
    return (without_details(heard) or heard.text) if heard is not None else ""


def _bears_on(dialogue: Dialogue, found: Policy, about: Product) -> bool:
    """Whether a passage speaks of what is asked of the product, not only of such goods: "Honey" says nothing of "vegan"."""
    written = " ".join((*found.headings, found.passage))
    return bears_on(_question(dialogue), about, dialogue.heard_language, written)


def answered(dialogue: Dialogue, found: Answer) -> Outcome:
    """The answer with its time, and the name of its language where that is not the one we speak with them."""
    written = found.language if isinstance(found, Policy) else dialogue.replies.main
    foreign = not written.startswith(dialogue.language) if written else False
    name = name_of(written.partition("-")[0], in_language=dialogue.language) if foreign else ""
    return Outcome(
        "answered",
        {
            "answer": found,
            "written_in": name,
            "kind": _kind(found),
            "as_of": date_in_words(dialogue, found.as_of),
        },
    )


def _kind(found: Answer) -> str:
    if isinstance(found, Policy):
        return "policy"
    return "sentence" if found.field == DESCRIPTION else "field"


def date_in_words(dialogue: Dialogue, moment: datetime) -> str:
    """That day in the shop's time zone, as in "21 Nov 2026"."""
    day = moment.astimezone(ZoneInfo(dialogue.profile.time_zone)).date()
    return format_date(day, format="d MMM y", locale=dialogue.language)


def _is_in(found: Policy, language: str) -> bool:
    return not found.language or found.language.startswith(language)


def _unknown(dialogue: Dialogue) -> str:
    """Keep the question for staff, and own up."""
    keep_question(dialogue)
    return "unknown_again" if dialogue.miss() else "unknown"


def keep_question(dialogue: Dialogue) -> None:
    """Keep the question for staff: nothing that is written answers it."""
    if dialogue.heard is not None:
        keep(dialogue, without_details(dialogue.heard), Verdict.UNANSWERED)


def _remember(dialogue: Dialogue, question: str, found: Answer) -> None:
    """They may say whether it helped."""
    dialogue.state.answered = Answered(question=question, source=found.source)
    keep(dialogue, question, Verdict.ANSWERED, source=found.source)


def _wants_so_many(dialogue: Dialogue, heard: Understanding) -> bool:
    """Whether the message says how many of what is in sight, or of a product that it names, and no more."""
    if heard.value("product") is not None:
        return True
    numbers = [entity for entity in heard.entities if entity.name == "quantity"]
    return bool(in_sight(dialogue)) and not product_words(without(heard, numbers), dialogue.heard_language)


def _about(dialogue: Dialogue) -> Product | None:
    """What the question is about: the product it points at among those in sight or by its full name, else the first."""
    found = meant(dialogue)
    seen = {each.product for each in dialogue.state.shown}
    recognised = dialogue.heard is not None and dialogue.heard.value("product") is not None
    if len(found.products) == 1 and (recognised or found.by == "place" or found.products[0].id in seen):
        look_at(dialogue, found.products[0])
        return found.products[0]
    return next(iter(in_sight(dialogue)), None)
