"""What the bot offers to whoever types its name in any chat: their own open groups, and the deals that are on.

It is a look at the database and no turn: nothing is decided and nothing kept (docs/decisions/0020).
"""

from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, Final

from sqlalchemy.orm import Session

from bot.deals import announcing, links
from bot.dialogue.replies import Replies
from bot.events import Person
from bot.messages import InlineOffer, InlineOffers
from shop.customers import service as customers
from shop.customers.model import Customer
from shop.deals import offers
from shop.deals.model import Deal, DealGroup
from shop.profile import ShopProfile

OFFERS_MAX: Final = 50  # https://core.telegram.org/bots/api#answerinlinequery


@dataclass(frozen=True, slots=True)
class InlineDesk:
    """Looks it up for a person of a channel."""

    profile: ShopProfile
    replies: Replies
    channel: str

    def look(self, session: Session, person: Person, typed: str, *, at: datetime) -> InlineOffers:
        """Of what was typed about, if anything is; their own groups come first."""
        customer = customers.find(session, self.channel, person.id)
        look = _Look(self, session, self._language(customer, person), at)
        own = offers.open_groups(session, customer) if customer else []
        live = offers.live(session, at=at)
        found = [*look.groups(own), *look.deals(live)]
        words = typed.casefold().split()
        named = [each for each in found if any(word in each.title.casefold() for word in words)]
        return InlineOffers(
            offers=tuple((named or found)[:OFFERS_MAX]), otherwise=look.say("words_inline_none", {})
        )

    def _language(self, customer: Customer | None, person: Person) -> str:
        """Their own choice, else their app's."""
        known = (customer and customer.language, person.language.casefold().partition("-")[0])
        return next((each for each in known if each in self.replies.languages), self.replies.main)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look, in one language."""

    desk: InlineDesk
    session: Session
    language: str
    at: datetime

    def groups(self, found: list[DealGroup]) -> list[InlineOffer]:
        return [self._offer(offers.get(self.session, group.deal_id), group) for group in found]

    def deals(self, found: list[Deal]) -> list[InlineOffer]:
        return [self._offer(deal, None) for deal in found]

    def say(self, words: str, known: dict[str, Any]) -> str:
        """Without markup: lists and buttons know none."""
        return unescape(self.desk.replies.render(words, self.language, known).text)

    def _offer(self, deal: Deal, group: DealGroup | None) -> InlineOffer:
        """The message is words alone: whoever shares it need not wait for a picture."""
        spoken = self.desk.profile.in_language(self.language)
        shown = announcing.look_at(self.session, deal, group, profile=spoken, language=self.language)
        say = announcing.announcement(shown, self.desk.replies, at=self.at)
        return InlineOffer(
            id=links.payload_of(deal, group),
            title=deal.title,
            description=self.say("words_inline_about", shown.known),
            say=say.model_copy(update={"picture": None}),
            picture=say.picture,
        )
