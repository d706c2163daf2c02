"""Finding products and looking closer."""

from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from bot.actions.cards import card_buttons, product_card, products_by_id, remember_shown
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from bot.dialogue.state import Search, State
from bot.dialogue.tokens import payload
from bot.messages import Button
from knowledge_base.search import ProductQuery, SearchResult
from nlu.understanding import Understanding
from shop.catalogue import queries
from shop.money import Money

CARDS_MAX = 4
CATEGORIES_MAX = 10
QUERY: TypeAdapter[ProductQuery] = TypeAdapter(ProductQuery)


@action("found", "relaxed", "nothing", "no_words")
def search_products(dialogue: Dialogue) -> Outcome:
    """Show what fits the person's words; with filters dropped, and said so, when nothing fits all of them."""
    said = dialogue.slot("search_text")
    heard = dialogue.heard
    if said is None and heard is None:
        return Outcome("no_words")
    if said is not None:
        return _show(dialogue, ProductQuery(text=str(said), limit=CARDS_MAX))
    assert heard is not None, "checked above"
    return _show(dialogue, _query(heard, dialogue.profile.currency))


@action("found", "relaxed", "nothing", "no_words")
def show_more(dialogue: Dialogue) -> Outcome:
    """The next products of the last search."""
    last = dialogue.state.search
    if last is None:
        return Outcome("no_words")
    return _show(dialogue, QUERY.validate_python({**last.query, "offset": last.offset}))


@action("shown", "nothing")
def show_categories(dialogue: Dialogue) -> Outcome:
    """What kinds of things there are, as buttons."""
    counted = queries.categories(dialogue.session)[:CATEGORIES_MAX]
    if not counted:
        return Outcome("nothing")
    dialogue.state.shown = []
    text = dialogue.words("words_categories")
    buttons = [
        dialogue.button(
            f"{each.category} ({each.products})",
            payload("search_products", search_text=_button_words(each.category)),
        )
        for each in counted
    ]
    dialogue.say_with(text, buttons)
    return Outcome("shown")


@action("shown", "unknown")
def show_product(dialogue: Dialogue) -> Outcome:
    """One product with everything we know of it."""
    wanted = dialogue.slot("product") or _named(dialogue)
    product = queries.by_id(dialogue.session, as_uuid(wanted)) if wanted else None
    if product is None:
        return Outcome("unknown")
    variant = product.variants[0] if len(product.variants) == 1 else None
    card = product_card(dialogue, product, variant, buttons=card_buttons(dialogue, product, variant)[:1])
    facts = dialogue.words("words_product_details", product=product)
    dialogue.show([card.model_copy(update={"text": f"{card.text}\n\n{facts}"})])
    remember_shown(dialogue, [(product, variant)])
    return Outcome("shown")


def _named(dialogue: Dialogue) -> Any:
    """The product that the words name, or the place in the list they mean, or what was shown last."""
    return named_product(dialogue.state, dialogue.heard, dialogue) or (
        dialogue.state.focus.product if dialogue.state.focus else None
    )


def named_product(state: State, heard: Understanding | None, dialogue: Dialogue) -> Any:
    """The product that the words point at: by its place among those shown, or by its name."""
    if heard is None:
        return None
    ordinal = heard.value("ordinal")
    if isinstance(ordinal, int) and 0 < abs(ordinal) <= len(state.shown):
        return state.shown[ordinal - 1 if ordinal > 0 else ordinal].product
    handle = heard.value("product")
    found = queries.by_handle(dialogue.session, str(handle)) if handle else None
    return found.id if found else None


def _query(heard: Understanding, currency: str) -> ProductQuery:
    """What to look for: the words, and the limits that were understood in them."""
    return ProductQuery(
        text=heard.text,
        price_max=_price(heard, "price_max", currency),
        price_min=_price(heard, "price_min", currency),
        colors=tuple(heard.values("color")),
        not_colors=tuple(heard.values("not_color")),
        sizes=tuple(heard.values("size")),
        materials=tuple(heard.values("material")),
        limit=CARDS_MAX,
    )


def _price(heard: Understanding, name: str, currency: str) -> Money | None:
    value = heard.value(name)
    return Money.from_decimal(Decimal(str(value)), currency) if value is not None else None


def _show(dialogue: Dialogue, query: ProductQuery) -> Outcome:
    result = dialogue.knowledge.search(dialogue.session, query, language=dialogue.language)
    if not result.hits:
        return Outcome("nothing", {"text": query.text})
    found = products_by_id(dialogue, [hit.product_id for hit in result.hits])
    shown = [
        (
            found[hit.product_id],
            next((v for v in found[hit.product_id].variants if v.id == hit.variant_id), None),
        )
        for hit in result.hits
        if hit.product_id in found
    ]
    _say_how(dialogue, query, result)
    dialogue.show(
        [
            product_card(dialogue, product, variant if _singled_out(query, product) else None)
            for product, variant in shown
        ],
        _below(dialogue, query, result),
    )
    remember_shown(
        dialogue, [(product, variant if len(product.variants) == 1 else None) for product, variant in shown]
    )
    dialogue.state.search = Search(
        query=QUERY.dump_python(query, mode="json"), offset=query.offset + len(result.hits)
    )
    return Outcome("relaxed" if result.relaxed else "found")


def _singled_out(query: ProductQuery, product: Any) -> bool:
    """Whether one variant was meant: there is only one, or its colour or size was named."""
    return len(product.variants) == 1 or bool(query.colors or query.sizes)


def _say_how(dialogue: Dialogue, query: ProductQuery, result: SearchResult) -> None:
    """One line before the cards: what was mended or dropped, how many there are."""
    dialogue.say(
        "utter_found",
        total=result.total,
        shown=len(result.hits),
        first=query.offset + 1,
        corrected=result.corrected,
        relaxed=result.relaxed,
    )


def _below(dialogue: Dialogue, query: ProductQuery, result: SearchResult) -> list[Button]:
    more = result.total - query.offset - len(result.hits)
    return (
        [dialogue.button(dialogue.words("words_more", more=more), payload("show_more"))] if more > 0 else []
    )


def _button_words(name: str) -> str:
    """As much of a category's name as a button holds; whole words, so that it is still found."""
    words = name.split()
    while len(" ".join(words).encode()) > 18 and len(words) > 1:
        words.pop()
    return " ".join(words)
