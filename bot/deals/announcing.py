"""A deal, or a group of it, as many see it: in a chat, in a channel, passed on by a friend."""

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


def announcement(
    session: Session,
    deal: Deal,
    group: DealGroup | None = None,
    *,
    replies: Replies,
    profile: ShopProfile,
    language: str,
    at: datetime,
) -> Say:
    """What it costs alone and together, who is in, and a button that leads to the private chat.

    Its picture can be drawn with all of that; the product's stands for it elsewhere. `deal` is loaded with its prices.
    """
    (product,) = queries.by_ids(session, [deal.product_id])
    known = shown_facts(session, deal, product, group, profile=profile, language=language)
    text = (
        f"<b>{escape(deal.title)}</b>\n{replies.render('words_deal_card', language, known).text}"
        if group is None
        else replies.render("words_group_post", language, known).text
    )
    photo = picture_of(product, first_variant(deal, product)) or Picture(alt=deal.title)
    carried = links.offer_payload(deal) if group is None else links.start_payload(group)
    drawn = DealPicture(
        deal=deal.id,
        group=group.id if group else None,
        language=language,
        carried=carried,
        name=f"{deal.code}.png",
    )
    return Say(
        text=text,
        picture=photo.model_copy(update={"drawn": drawn}),
        buttons=_buttons(deal, group, known, replies, language, at=at),
    )


def shown_facts(
    session: Session,
    deal: Deal,
    product: Product,
    group: DealGroup | None,
    *,
    profile: ShopProfile,
    language: str,
) -> dict[str, Any]:
    """What sentences for many may say of it."""
    known = facts.price_facts(session, deal, first_variant(deal, product), group)
    if group is not None:
        known |= facts.group_facts(session, group, profile, language)
        known |= {"is_open": group.status in groups.OPEN}
    return known | {"has_group": group is not None}


def first_variant(deal: Deal, product: Product) -> Variant:
    """The cheapest of those that the deal is about."""
    prices = offers.prices_of(deal)
    within = [variant for variant in product.variants if variant.id in prices and variant.published]
    return min(within, key=lambda each: prices[each.id].minor) if within else cheapest(product)


def _buttons(
    deal: Deal,
    group: DealGroup | None,
    known: dict[str, Any],
    replies: Replies,
    language: str,
    *,
    at: datetime,
) -> Rows:
    """Joining, as long as that is possible; else starting another group; where the deal is over, neither."""
    if group is not None and groups.is_open(group, at=at):
        words, carried = "words_join", links.start_payload(group)
    elif offers.status_at(deal, at) is DealStatus.LIVE:
        words, carried = "words_start_group", links.offer_payload(deal)
    else:
        return ()
    return ((Button(label=replies.render(words, language, known).text, private=carried),),)
