"""Products as cards: picture, price, stock and the buttons to go on."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.dialogue.dialogue import Dialogue
from bot.dialogue.state import Seen, Shown
from bot.dialogue.tokens import payload
from bot.messages import Button, Card, Picture
from knowledge_base.reasons import Reason
from shop.catalogue import queries
from shop.catalogue.model import Product, ProductPicture, Variant
from shop.deals import offers as deals
from shop.deals.model import Deal

LOW_STOCK = 5
SEEN_MAX = 60  # products of all days that a conversation remembers


def product_card(
    dialogue: Dialogue,
    product: Product,
    variant: Variant | None,
    *,
    live: Sequence[Deal],
    buttons: Sequence[Button] | None = None,
    reasons: Sequence[Reason] = (),
) -> Card:
    """The product, as the variant that was singled out; by itself, with its lowest price, when none was.

    `live` are the deals that are on, `reasons` say why it is shown.
    """
    chosen = variant or cheapest(product)
    on_sale = [each for each in product.variants if each.published]
    deal = _deal_of(live, product, variant)
    text = dialogue.words(
        "words_card",
        product=product,
        variant=chosen,
        several=variant is None and len(on_sale) > 1,
        kinds=len(on_sale),
        dearer=any(each.price_minor > chosen.price_minor for each in on_sale),
        price=chosen.price,
        was=was_price(chosen),
        free=chosen.free_units(),
        low=LOW_STOCK,
        reasons=reasons,
        **_together(deal, variant),
    )
    own = list(buttons if buttons is not None else card_buttons(dialogue, product, variant))
    return Card(
        title=product.title,
        text=text,
        picture=picture_of(product, chosen),
        buttons=tuple(own + ([start_button(dialogue, deal)] if deal else [])),
    )


def live_deals(dialogue: Dialogue) -> list[Deal]:
    """The deals that are on: asked once for all the cards of a list."""
    return deals.live(dialogue.session, at=dialogue.now)


def _deal_of(live: Sequence[Deal], product: Product, variant: Variant | None) -> Deal | None:
    """The group deal that is on for it, the one that ends first; with `variant` one about that very variant."""
    about = (deal for deal in live if deal.product_id == product.id)
    return next((deal for deal in about if variant is None or deals.price_of(deal, variant.id)), None)


def start_button(dialogue: Dialogue, deal: Deal) -> Button:
    """Starts a group of the deal."""
    return dialogue.button(dialogue.words("words_start_group"), payload("start_group", deal=deal.id))


def _together(deal: Deal | None, variant: Variant | None) -> dict[str, Any]:
    """What it costs in a group of how many people, and whether other variants cost more; nothing without a deal."""
    if deal is None:
        return {"together": None}
    prices = deals.prices_of(deal)
    lowest = min(prices.values(), key=lambda price: price.minor)
    price = lowest if variant is None else prices[variant.id]
    return {
        "together": price,
        "size": deal.size,
        "together_from": variant is None and len({each.minor for each in prices.values()}) > 1,
    }


def products_by_id(dialogue: Dialogue, ids: Iterable[UUID]) -> dict[UUID, Product]:
    """These products with all that a card shows, in the order asked for."""
    return {product.id: product for product in queries.by_ids(dialogue.session, ids)}


def card_buttons(dialogue: Dialogue, product: Product, variant: Variant | None) -> list[Button]:
    """Add this variant, or choose one; and a closer look."""
    sellable = [each for each in product.variants if each.published and each.free_units() != 0]
    buttons: list[Button] = []
    if variant is not None and variant.free_units() != 0:
        buttons.append(
            dialogue.button(dialogue.words("words_add"), payload("add_to_cart", variant=variant.id))
        )
    elif sellable:
        label = dialogue.words("words_add" if len(sellable) == 1 else "words_choose")
        buttons.append(dialogue.button(label, payload("add_to_cart", product=product.id)))
    buttons.append(
        dialogue.button(dialogue.words("words_details"), payload("product_details", product=product.id))
    )
    return buttons


def cheapest(product: Product) -> Variant:
    """What "from" means: the cheapest variant, one that can be had if there is one."""
    on_sale = [each for each in product.variants if each.published] or product.variants
    return min(on_sale, key=lambda each: (each.free_units() == 0, each.price_minor, each.position))


def was_price(variant: Variant) -> object | None:
    """The price before, when it was higher."""
    before = variant.compare_at_minor
    return (
        None
        if before is None or before <= variant.price_minor
        else type(variant.price)(before, variant.currency)
    )


def picture_of(product: Product, variant: Variant | None) -> Picture | None:
    """The variant's own picture, else the product's first."""
    by_id: dict[UUID, ProductPicture] = {picture.id: picture for picture in product.pictures}
    chosen = by_id.get(variant.picture_id) if variant and variant.picture_id else None
    chosen = chosen or next(iter(product.pictures), None)
    if chosen is None:
        return None
    return Picture(path=chosen.path, url=None if chosen.path else chosen.url, alt=chosen.alt or product.title)


def remember_page(dialogue: Dialogue, products: Sequence[Product], *, first: bool) -> None:
    """So that "the second one" and "two of them" mean these; a single one is what "it" means."""
    state = dialogue.state
    before = [] if first else state.shown
    state.shown = [*before, *(Shown(product=product.id, title=product.title) for product in products)]
    state.page = len(before)
    state.focus = state.shown[-1] if len(products) == 1 else None
    for product in products:
        _note_seen(dialogue, product, looked=len(products) == 1)


def look_at(dialogue: Dialogue, product: Product, variant: Variant | None = None) -> None:
    """So that "it" means this one; the list that it came from stays."""
    dialogue.state.focus = Shown(
        product=product.id, variant=variant.id if variant else None, title=product.title
    )
    _note_seen(dialogue, product, looked=True)


def _note_seen(dialogue: Dialogue, product: Product, *, looked: bool) -> None:
    """Once a day: "the one from yesterday" may be meant tomorrow."""
    seen, zone = dialogue.state.seen, ZoneInfo(dialogue.profile.time_zone)
    today = dialogue.now.astimezone(zone).date()
    for known in reversed(seen):
        if known.at.astimezone(zone).date() != today:
            break
        if known.product == product.id:
            seen.remove(known)
            looked = looked or known.looked
            break
    seen.append(Seen(product=product.id, at=dialogue.now, looked=looked))
    del seen[:-SEEN_MAX]
