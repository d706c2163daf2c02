"""What the bot offers to whoever types its name in any chat: their own open groups, and the deals that are on.

It is a look at the database and no turn: nothing is decided and nothing kept (docs/decisions/0020).
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from sqlalchemy.orm import Session

from bot.actions.cards import picture_of
from bot.deals import cards, facts, links
from bot.dialogue.replies import Replies
from bot.events import Person
from bot.messages import Button, InlineOffer, InlineOffers, Say
from shop.catalogue import queries
from shop.catalogue.model import Product
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
        look = _Look(self, session, self._language(customer, person))
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

    def groups(self, found: list[DealGroup]) -> list[InlineOffer]:
        return [self._offer(offers.get(self.session, group.deal_id), group) for group in found]

    def deals(self, found: list[Deal]) -> list[InlineOffer]:
        return [self._offer(deal, None) for deal in found]

    def say(self, words: str, known: dict[str, Any]) -> str:
        return self.desk.replies.render(words, self.language, known).text

    def _offer(self, deal: Deal, group: DealGroup | None) -> InlineOffer:
        (product,) = queries.by_ids(self.session, [deal.product_id])
        known = self._known(deal, product, group)
        label = self.say("words_join" if group else "words_start_group", known)
        carried = links.start_payload(group) if group else links.offer_payload(deal)
        text = (
            self.say("words_group_post", known)
            if group
            else f"<b>{escape(deal.title)}</b>\n{self.say('words_deal_card', known)}"
        )
        return InlineOffer(
            id=carried,
            title=deal.title,
            description=self.say("words_inline_about", known),
            say=Say(text=text, buttons=((Button(label=label, private=carried),),)),
            picture=picture_of(product, cards.first_variant(deal, product)),
        )

    def _known(self, deal: Deal, product: Product, group: DealGroup | None) -> dict[str, Any]:
        known = facts.price_facts(self.session, deal, cards.first_variant(deal, product), group)
        if group is not None:
            spoken = self.desk.profile.in_language(self.language)
            known |= facts.group_facts(self.session, group, spoken, self.language) | {"is_open": True}
        return known | {"has_group": group is not None}
