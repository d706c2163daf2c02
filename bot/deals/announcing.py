"""A deal made known where many read: its picture, what it costs alone and together, and a button that leads to us."""

from html import escape

from sqlalchemy.orm import Session

from bot.actions.cards import picture_of
from bot.deals import cards, facts, links
from bot.dialogue.replies import Replies
from bot.messages import Button, DealPicture, Picture, Say
from shop.catalogue import queries
from shop.deals.model import Deal


def announcement(session: Session, deal: Deal, replies: Replies, *, language: str) -> Say:
    """The words and the picture. `deal` is loaded with its prices."""
    (product,) = queries.by_ids(session, [deal.product_id])
    variant = cards.first_variant(deal, product)
    known = facts.price_facts(session, deal, variant)
    text = replies.render("words_deal_card", language, known).text
    label = replies.render("words_start_group", language, known).text
    photo = picture_of(product, variant) or Picture(alt=deal.title)
    drawn = DealPicture(
        deal=deal.id, language=language, carried=links.offer_payload(deal), name=f"{deal.code}.png"
    )
    return Say(
        text=f"<b>{escape(deal.title)}</b>\n{text}",
        picture=photo.model_copy(update={"drawn": drawn}),
        buttons=((Button(label=label, private=drawn.carried),),),
    )
