"""Each product that is found says why: what it is called, the limits it meets, a quote, or that it is only near in meaning."""

from datetime import UTC, datetime

from knowledge_base.reasons import QUOTE_CHARACTERS_MAX, Reason, ReasonKind, reasons_in_texts
from shop.catalogue.model import Product, Variant

LANTERN = Product(
    handle="lantern",
    title="Camp lantern",
    category="Lamps",
    vendor="Nord",
    tags=["outdoor"],
    attributes={"Water": "Rain-proof (IP44)"},
    description=(
        "A warm light for long evenings. Hang it from a branch or from the ridge of a tent, where its wide handle keeps it "
        "from swinging in the wind of the coast, and from falling when somebody walks into it. Charges in two hours."
    ),
    updated_at=datetime(2026, 11, 22, tzinfo=UTC),
    variants=[Variant(price_minor=4600, currency="EUR", options={"Colour": "Moss"})],
)


def reasons(*words: str, language: str = "en") -> list[tuple[str, str]]:
    found = reasons_in_texts(LANTERN, words, language=language)
    return [(reason.kind.value, reason.text) for reason in found]


def test_a_word_of_the_name_the_kind_or_a_label_is_named() -> None:
    assert reasons("lanterns", "lamp", "outdoor") == [
        ("named", "lanterns"),
        ("named", "lamp"),
        ("named", "outdoor"),
    ]


def test_what_only_a_fact_says_is_quoted_with_its_field() -> None:
    assert reasons("rain") == [("quote", "Water: Rain-proof (IP44)")]


def test_the_sentence_that_says_most_of_the_words_is_quoted() -> None:
    ((kind, quote),) = reasons("tent", "wind", "evenings")
    assert kind == "quote"
    assert "tent" in quote


def test_a_long_sentence_is_cut_around_the_word_and_shows_that_it_was() -> None:
    ((_, quote),) = reasons("swinging")
    assert "swinging" in quote
    assert quote.startswith("…")
    assert quote.endswith("…")
    assert len(quote) < QUOTE_CHARACTERS_MAX + 20


def test_a_word_in_another_language_is_shown_as_the_catalogue_has_it() -> None:
    assert reasons("lampara", language="es") == [("named", "lamp")]


def test_where_no_word_is_found_the_card_says_it_is_only_close() -> None:
    assert reasons_in_texts(LANTERN, ["torch"], language="en") == [Reason(ReasonKind.MEANING)]
    assert reasons() == []
