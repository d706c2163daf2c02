"""Listening: the parts of a message, and the wish apart from who and where."""

from collections.abc import Callable
from typing import ClassVar

import pytest

from bot.dialogue.hearing import Heard, Listener, listen, without_details
from nlu.entities.extraction import EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.languages import LanguageDetector, Spoken
from nlu.understanding import IntentGuess, Understanding

VOCABULARY = Vocabulary(
    colors=("black", "rust"), products={"linen-apron": "Linen apron", "tote": "Market tote"}
)


class RuleInterpreter:
    """Understands by a rule; entities are the real ones."""

    def __init__(self, rule: Callable[[str], tuple[str, float]]) -> None:
        self._rule = rule
        self._extractor = EntityExtractor("en", region="BE", vocabulary=VOCABULARY)
        self.parsed: list[str] = []

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        del language
        self.parsed.append(text)
        intent, sure = self._rule(text)
        return Understanding(
            text, "en", (IntentGuess(intent, sure),), self._extractor.extract(text), refused=sure < 0.1
        )


def hear(text: str, rule: Callable[[str], tuple[str, float]] = lambda _text: ("inform", 1.0)) -> Heard:
    return listen(RuleInterpreter(rule), text)


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("Anna Berg. And what is your return policy?", ["Anna Berg.", "And what is your return policy?"]),
        ("Ana Ruiz, express, 9000 Ghent", ["Ana Ruiz", "express", "9000 Ghent"]),
        ("2 black mugs and a linen apron", ["2 black mugs", "a linen apron"]),
        (
            "Bo Lind, Main Street 5, 10115 Berlin, +49 30 1234567",
            ["Bo Lind", "Main Street 5, 10115 Berlin", "+49 30 1234567"],
        ),
        ("my name is Dr. Bo Lind", []),
        ("costs 3,50 or so", []),
        ("one thing", []),
        ("a. b. c. d. e. f. g. h. i. j. k. l. m.", []),
    ],
)
def test_a_message_is_taken_apart_but_never_a_name_an_address_or_a_number(
    said: str, parts: list[str]
) -> None:
    assert [part.text for part in hear(said).parts] == parts


def test_a_wish_is_not_drowned_by_the_details_beside_it() -> None:
    rule = lambda text: ("inform", 1.0) if "Berlin" in text else ("checkout", 0.9)  # noqa: E731 - a rule in a line
    heard = hear("checkout, Anna, Main Street 5, 10115 Berlin", rule)
    assert heard.whole.intent == "checkout"
    assert heard.whole.value("address") is not None


def test_details_alone_stay_details() -> None:
    rule = lambda text: ("inform", 1.0) if "Berg" in text else ("bot_challenge", 0.9)  # noqa: E731 - a rule in a line
    assert hear("My name is Anna Berg.", rule).whole.intent == "inform"


def test_what_the_model_was_not_taught_is_read_with_plain_words_in_its_place() -> None:
    rule = lambda text: ("add_to_cart", 0.9) if "mug in black" in text else ("inform", 0.05)  # noqa: E731 - a rule
    heard = hear("add the market tote in rust", rule).whole
    assert heard.intent == "add_to_cart"
    assert heard.text == "add the market tote in rust"
    assert heard.value("product") == "tote"


def test_markup_around_words_is_taken_off() -> None:
    assert hear("<b>black mug</b>").whole.text == "black mug"
    assert hear("**mugs** _under_ 15").whole.text == "mugs under 15"
    assert hear("ana_ruiz@example.org").whole.text == "ana_ruiz@example.org"
    assert hear("3 < 4 > 2").whole.text == "3 < 4 > 2"


def test_the_words_of_a_wish_are_without_who_and_where() -> None:
    heard = hear("2 black mugs to Main Street 5, 10115 Berlin, phone +49 30 1234567").whole
    assert without_details(heard) == "2 black mugs to, phone"


def test_a_very_long_message_is_understood_as_a_whole() -> None:
    interpreter = RuleInterpreter(lambda _text: ("inform", 1.0))
    assert listen(interpreter, "mug, " * 1000).parts == ()
    assert len(interpreter.parsed) == 1


class TwoTongues:
    """Understands each language's own words, and refuses what is not of them."""

    KNOWN: ClassVar[dict[str, dict[str, str]]] = {
        "en": {"where is my order": "order_status", "ok": "affirm", "blue mugs": "search_product"},
        "es": {
            "dónde está mi pedido": "order_status",
            "devoluciones": "refund_policy",
            "cancelar": "cancel",
            "ok": "affirm",
        },
    }

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        tongue = language or "en"
        intent = self.KNOWN[tongue].get(text, "inform")
        return Understanding(text, tongue, (IntentGuess(intent, 0.95),), (), refused=intent == "inform")


def overheard(text: str, spoken: Spoken, *, within: str, answering: bool = False) -> str:
    class Told(LanguageDetector):
        def detect(self, text: str) -> Spoken:
            del text
            return spoken

    hearing = Listener(TwoTongues(), ["en", "es"], Told({})).hear(text)
    return hearing.within(within, answering=answering).whole.language


def test_clear_words_are_heard_in_their_own_language() -> None:
    assert overheard("dónde está mi pedido", Spoken("es", clear=True), within="en") == "es"
    assert overheard("where is my order", Spoken("en", clear=True), within="es") == "en"


def test_other_words_are_heard_in_the_conversation_s_language() -> None:
    for spoken in (Spoken(None), Spoken("en"), Spoken("es")):
        assert overheard("ok", spoken, within="es") == "es"
        assert overheard("ok", spoken, within="en") == "en"


def test_a_word_that_says_nothing_here_and_something_there_is_heard_there() -> None:
    assert overheard("devoluciones", Spoken("es"), within="en") == "es"
    assert overheard("José Núñez", Spoken("es"), within="en") == "en", "a name says nothing anywhere"


def test_one_word_that_answers_a_question_stays_in_the_conversation_s_language() -> None:
    assert overheard("devoluciones", Spoken("es"), within="en", answering=True) == "en"
    assert overheard("dónde está mi pedido", Spoken("es", clear=True), within="en", answering=True) == "es"


def test_one_word_that_asks_to_leave_a_question_is_heard_in_any_language() -> None:
    assert overheard("cancelar", Spoken("es"), within="en", answering=True) == "es"


def test_a_conversation_in_a_language_that_we_no_longer_speak_is_heard_all_the_same() -> None:
    assert overheard("ok", Spoken(None), within="fr") == "en"
