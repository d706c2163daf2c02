"""A deal, or a group of it, as many see it: in a chat, in a channel, passed on by a friend."""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy.orm import Session

from bot.actions.cards import cheapest, picture_of
from bot.deals import facts, links
from bot.dialogue.replies import Replies
from bot.messages import Button, DealPicture, Picture, Say
from shop.catalogue import queries
from shop.catalogue.model import Product, Variant
from shop.deals import groups, offers
from shop.deals.model import Deal, DealGroup, DealStatus
from shop.profile import ShopProfile

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A deal, or a group of it, and what may be said of it to many in one language."""

    deal: Deal
    group: DealGroup | None
    photo: Picture | None
    known: dict[str, Any]
    language: str


def look_at(
    session: Session, deal: Deal, group: DealGroup | None = None, *, profile: ShopProfile, language: str
) -> Shown:
    """All that many may see of it. `deal` is loaded with its prices."""
    (product,) = queries.by_ids(session, [deal.product_id])
    variant = first_variant(deal, product)
    known = facts.price_facts(session, deal, variant, group) | {"has_group": group is not None}
    if group is not None:
        known |= facts.group_facts(session, group, profile, language)
        known |= {"is_open": group.status in groups.OPEN}
    return Shown(deal, group, picture_of(product, variant), known, language)


def announcement(shown: Shown, replies: Replies, *, at: datetime) -> Say:
    """What it costs alone and together, who is in, and a button that leads to the private chat.

    Its picture can be drawn with all of that; the product's stands for it elsewhere.
    """
    deal, group = shown.deal, shown.group
    text = (
        f"<b>{escape(deal.title)}</b>\n{replies.render('words_deal_card', shown.language, shown.known).text}"
        if group is None
        else replies.render("words_group_post", shown.language, shown.known).text
    )
    photo = shown.photo or Picture(alt=deal.title)
    drawn = picture_to_draw(deal, group, shown.language)
    return Say(
        text=text,
        picture=photo.model_copy(update={"drawn": drawn}),
        buttons=_buttons(shown, replies, at=at),
    )


def picture_to_draw(deal: Deal, group: DealGroup | None, language: str, *, link: str = "") -> DealPicture:
    """Which picture to pass on is meant; `link` is what its code leads to where that is known already."""
    return DealPicture(
        deal=deal.id,
        group=group.id if group else None,
        language=language,
        carried=links.payload_of(deal, group),
        link=link,
        name=f"{deal.code}.png",
    )


def first_variant(deal: Deal, product: Product) -> Variant:
    """The cheapest of those that the deal is about."""
    prices = offers.prices_of(deal)
    within = [variant for variant in product.variants if variant.id in prices and variant.published]
    return min(within, key=lambda each: prices[each.id].minor) if within else cheapest(product)


def _buttons(shown: Shown, replies: Replies, *, at: datetime) -> Rows:
    """Joining, as long as that is possible; else starting another group; where the deal is over, neither."""
    deal, group = shown.deal, shown.group
    if group is not None and groups.is_open(group, at=at):
        words, carried = "words_join", links.start_payload(group)
    elif offers.status_at(deal, at) is DealStatus.LIVE:
        words, carried = "words_start_group", links.offer_payload(deal)
    else:
        return ()
    return ((Button(label=replies.render(words, shown.language, shown.known).text, private=carried),),)
