"""Pictures of deals and their groups to pass on, drawn when they are sent: they show the seats of that moment."""

import asyncio
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final

from babel.numbers import format_percent
from sqlalchemy.orm import Session

from bot.actions.cards import picture_of
from bot.deals import announcing, facts, links
from bot.dialogue.replies import Replies
from bot.messages import DealPicture
from shop.catalogue import queries
from shop.deals import groups, offers
from shop.deals.model import Deal, DealGroup
from shop.deals.picture import PictureFacts, picture
from shop.profile import ShopProfile
from storage.engine import Database

PATH: Final = "/deal-pictures"  # where a browser finds them


def address_of(picture: DealPicture) -> str:
    """Where a browser finds it."""
    return f"{PATH}/{picture.language}/{picture.carried}.png"


def find(session: Session, carried: str, *, language: str, link: str) -> DealPicture | None:
    """The picture of the group, or the deal, that a link leads to which carries this."""
    group = groups.find(session, links.read_payload(carried) or "")
    deal_id = group.deal_id if group else links.read_offer(carried)
    deal = session.get(Deal, deal_id) if deal_id else None
    if deal is None:
        return None
    return announcing.picture_to_draw(deal, group, language, link=link)


@dataclass(frozen=True, slots=True)
class DealPictures:
    """Draws them, with the product's photo from the folder `media`."""

    profile: ShopProfile
    replies: Replies
    media: Path

    async def draw(self, database: Database, wanted: DealPicture) -> bytes:
        """A PNG. Raises LookupError for a deal or a group that is not there."""
        shown, photo = await database.look(lambda session: self._facts(session, wanted))
        return await asyncio.to_thread(self._drawn, shown, photo)

    def _drawn(self, shown: dict[str, Any], photo: str | None) -> bytes:
        return picture(PictureFacts(**shown, photo=self._photo(photo)))

    def _photo(self, name: str | None) -> bytes | None:
        """A file of the media folder; None where it cannot be read."""
        try:
            return (self.media / name).read_bytes() if name else None
        except OSError:
            return None

    def _facts(self, session: Session, wanted: DealPicture) -> tuple[dict[str, Any], str | None]:
        deal = offers.get(session, wanted.deal)
        group = session.get_one(DealGroup, wanted.group) if wanted.group else None
        (product,) = queries.by_ids(session, [deal.product_id])
        variant = announcing.first_variant(deal, product)
        prices = facts.price_facts(session, deal, variant, group)
        shown = self._seats(session, deal, group, prices, wanted.language) | {
            "title": deal.title,
            "single_price": prices["single"].format(wanted.language),
            "group_price": prices["together"].format(wanted.language),
            "saving": _saving(prices["single"].minor, prices["together"].minor, wanted.language),
            "shop": self.profile.name,
            "link": wanted.link,
            "scan": self._say("words_picture_scan", wanted.language, {"has_group": group is not None}),
        }
        chosen = picture_of(product, variant)
        return shown, chosen.path if chosen else None

    def _seats(
        self, session: Session, deal: Deal, group: DealGroup | None, prices: dict[str, Any], language: str
    ) -> dict[str, Any]:
        """How many are in and until when; of a deal without a group, how many it takes."""
        if group is None:
            until = facts.moment(deal.ends_at, self.profile, language)
            known = prices | {"until": until}
            joined = 0
        else:
            known = facts.group_facts(session, group, self.profile, language)
            joined = known["there"]
        known |= {"has_group": group is not None}
        return {
            "joined": joined,
            "size": known["size"],
            "seats": self._say("words_picture_seats", language, known),
            "until": self._say("words_picture_until", language, known) if known["until"] else "",
        }

    def _say(self, words: str, language: str, known: dict[str, Any]) -> str:
        return unescape(self.replies.render(words, language, known).text)


def _saving(single_minor: int, together_minor: int, language: str) -> str:
    """As "−25%"; empty where nothing is saved, as after a change of the price."""
    percent = 100 * (single_minor - together_minor) // single_minor
    return f"−{format_percent(percent / 100, locale=language)}" if percent > 0 else ""
