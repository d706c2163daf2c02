"""The turn's decision: an event of a conversation becomes a dialogue, its commands are carried out, its state kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from bot import conversations, forgetting, groups, traces, transcript
from bot.actions import (
    ACTIONS,
    reconciling,
    reference,
    sale_times,
    telegram_form,
    timers,
    transfers,
    watching,
)
from bot.actions import payment as money
from bot.channels import port
from bot.deals import cards, links, news
from bot.delivery.turn import PrepareMore, Turn
from bot.dialogue.commands import AskAgain, Command, StartFlow, Utter
from bot.dialogue.dialogue import Abilities, Dialogue, Knowledge, PaperLinks
from bot.dialogue.engine import Engine
from bot.dialogue.flows import Flow
from bot.dialogue.hearing import Hearing, Listener
from bot.dialogue.proposed import ProposalReader
from bot.dialogue.replies import Replies
from bot.dialogue.slots import Slot
from bot.dialogue.state import State
from bot.dialogue.tokens import Tokens
from bot.dialogue.understanding import Reader
from bot.events import (
    EVENT,
    BotBlocked,
    CallReturned,
    Edited,
    Event,
    InvoiceChecked,
    InvoicePaid,
    Opened,
    Overheard,
    ProviderNotified,
    Said,
    SentAttachment,
    SharedContact,
    SharedLocation,
    ShippingAsked,
    Spoken,
    Tapped,
    TimerFired,
    Unreadable,
)
from bot.generation.assistance import Assistance, Assistants
from bot.generation.masking import masked
from bot.generation.proposals import Situation
from bot.messages import MESSAGE, Say
from shop.customers import service as customers
from shop.customers.model import Customer
from shop.profile import ShopProfile

log = structlog.get_logger()

TEXT_LETTERS_MAX = 4000  # more is cut before it is understood: nobody's wish is that long
EDITED_LETTERS_MAX = 80  # of changed words that we quote
SWITCHED_OFF = port.Abilities()  # of a channel that no longer is


@dataclass(frozen=True, slots=True)
class Shop:
    """What every dialogue of this shop shares."""

    profile: ShopProfile
    flows: Mapping[str, Flow]
    slots: Mapping[str, Slot]
    replies: Replies
    tokens: Tokens
    knowledge: Knowledge
    abilities: Mapping[str, Abilities]  # by channel
    return_url: str  # where a payment page sends people back to
    papers: PaperLinks | None = None


class ShopHandler:
    """Implements `bot.delivery.turn.Handler`."""

    def __init__(self, shop: Shop, listener: Listener, assistants: Assistants | None = None) -> None:
        """`assistants` are asked only where our own understanding ends, and only propose."""
        self._shop = shop
        self._listener = listener
        self._assistants = assistants or Assistants()
        self._engine = Engine(shop.flows, shop.slots, ACTIONS)
        self._reader = Reader(shop.flows, shop.slots, reference.goods_named)
        self._proposals = ProposalReader(shop.flows, shop.slots)

    def prepare(self, event: Event) -> Hearing | None:
        """Understand the words, before any lock is held."""
        text = _words(event)
        return self._listener.hear(text[:TEXT_LETTERS_MAX]) if text is not None else None

    def handle(self, turn: Turn) -> None:
        """Decide what this event leads to; groups of deals that it changed have their news told."""
        self._handle(turn)
        news.plan(turn.session, at=turn.now)

    def _handle(self, turn: Turn) -> None:
        if self._is_dealt_with(turn):
            return
        self._follow(turn)
        if self._customer(turn) is None and self._is_nobodys_news(turn):
            return
        dialogue = self._open(turn)
        if dialogue is None:
            return
        if isinstance(turn.event, Spoken):
            turn.conversation.blocked = dialogue.in_group and groups.is_put_out(
                turn.session, dialogue.conversation
            )
            dialogue.wish = _note_words(turn)
        self._respond(dialogue, turn.event)
        self._seek_assistance(dialogue)
        after = dialogue.state.model_dump(mode="json")
        trace = dialogue.trace
        traces.note(turn, trace.summary(turn.conversation.state, after), missed=trace.missed)
        turn.conversation.state = after

    def _is_dealt_with(self, turn: Turn) -> bool:
        """Whether it was about the chat itself, or about one that many read: no dialogue of a customer follows."""
        if isinstance(turn.event, BotBlocked):
            turn.conversation.blocked = turn.event.blocked
        elif isinstance(turn.event, Unreadable):
            log.info("event.unreadable", what=turn.event.what)
        elif isinstance(turn.event, Overheard):
            self._write_down(turn, turn.event)
        elif turn.conversation.key == conversations.group_of(turn.conversation.key):
            replies, profile = self._shop.replies, self._shop.profile
            if not cards.on_event(turn, replies=replies, profile=profile):
                groups.attend(turn, replies=replies, profile=profile)
        else:
            return forgetting.on_event(turn)  # about what was said here, whoever writes from here by now
        return True

    def _is_nobodys_news(self, turn: Turn) -> bool:
        """Whether it was about the shop's money and no customer's conversation."""
        zone = ZoneInfo(self._shop.profile.time_zone)
        by_time = reconciling.on_event(turn, zone) or watching.on_event(turn) or sale_times.on_event(turn)
        return by_time or news.on_event(turn, self._shop.profile) or money.on_nobodys_news(turn)

    def apologise(self, turn: Turn) -> None:
        """Something of ours broke on this event: say so, plainly."""
        dialogue = self._open(turn)
        if dialogue is not None and isinstance(turn.event, Spoken):
            dialogue.wish = _note_words(turn)  # they were undone with the turn, and staff have to see them
            dialogue.say("utter_sorry_broken")

    def _write_down(self, turn: Turn, heard: Overheard) -> None:
        """Others look after the chat just now: staff shall find its words here, too, and the bot says nothing."""
        self._customer(turn)
        said = (
            MESSAGE.dump_python(Say(text=escape(heard.text, quote=False), purpose="staff"), mode="json")
            if heard.author == "staff"
            else EVENT.dump_python(Said(text=heard.text), mode="json")
        )
        author = transcript.Author(heard.author)
        transcript.note(turn.session, turn.conversation.key, author, said, at=turn.now)

    # ------------------------------------------------------------------ opening

    def _follow(self, turn: Turn) -> None:
        """Who followed a link from a group goes on with what they wanted there."""
        if isinstance(turn.event, Opened) and turn.event.payload:
            wish = groups.follow(turn, turn.event.payload, tokens=self._shop.tokens)
            if wish is not None:
                turn.event, turn.prepared = wish, self.prepare(wish)

    def _open(self, turn: Turn) -> Dialogue | None:
        """The dialogue of this conversation; None for events of no conversation with anyone."""
        customer = self._customer(turn)
        if customer is None:
            log.warning("event.nobody", conversation=turn.conversation.key, kind=turn.event.kind)
            return None
        channel = turn.conversation.key.partition(":")[0]
        state = State.model_validate(turn.conversation.state)
        hearing: Hearing | None = turn.prepared
        before = self._language(state, customer, turn, hearing)
        asked = state.top is not None and bool(state.top.asked)
        heard = hearing.within(before, answering=asked) if hearing is not None else None
        state.language = heard.whole.language if heard and not customer.language else before
        return Dialogue(
            turn=turn,
            state=state,
            customer=customer,
            shop=self._shop.profile,
            replies=self._shop.replies,
            tokens=self._shop.tokens,
            abilities=self._shop.abilities.get(channel, SWITCHED_OFF),
            knowledge=self._shop.knowledge,
            return_url=self._shop.return_url,
            papers=self._shop.papers,
            heard=heard.whole if heard is not None else None,
            message=heard,
            language_before=before,
            wordings=turn.more.wordings or {} if turn.more is not None else {},
        )

    def _language(self, state: State, customer: Customer, turn: Turn, hearing: Hearing | None) -> str:
        """The language of the conversation so far: the person's own choice, the one we spoke, what their first words
        point to, their app's; else the shop's main one.
        """
        app = turn.person.language.casefold().partition("-")[0] if turn.person else ""
        first = hearing.spoken.language if hearing is not None else None
        known = (customer.language, state.language, first, app)
        spoken = self._shop.replies.languages
        return next((language for language in known if language in spoken), self._shop.replies.main)

    def _customer(self, turn: Turn) -> Customer | None:
        """Whose conversation it is. Money and timers count also where nobody can speak to us any more."""
        channel, _, _ = turn.conversation.key.partition(":")
        person = turn.person
        if person is not None and channel in self._shop.abilities:
            customer = customers.recognise(
                turn.session,
                channel,
                person.id,
                display_name=person.name,
                username=person.username,
                at=turn.now,
            )
            if not conversations.is_in_group(turn.conversation.key):  # staff answer them in private
                turn.conversation.customer_id = customer.id
            return customer
        known = turn.conversation.customer_id = turn.conversation.customer_id or money.buyer(
            turn.session, turn.event
        )
        return turn.session.get_one(Customer, known) if known else None

    # ------------------------------------------------------------------ assistance

    def _seek_assistance(self, dialogue: Dialogue) -> None:
        """Raise PrepareMore where a language model may know what we do not, or say it better; once for each."""
        turn, assistants = dialogue.turn, self._assistants
        if dialogue.message is None or dialogue.heard is None:
            return
        got: Assistance = turn.more or Assistance()
        if dialogue.unhandled and assistants.generator is not None and got.proposals is None:
            situation = self._situation_before(dialogue)
            if situation is not None:
                propose = partial(assistants.generator.propose, situation, language=dialogue.language)
                raise PrepareMore(lambda: replace(got, proposals=propose()))
        if dialogue.quoted is not None and assistants.writer is not None and got.wordings is None:
            said = dialogue.quoted
            reword = partial(
                assistants.writer.reword, said, question=masked(dialogue.heard), language=dialogue.language
            )
            raise PrepareMore(lambda: replace(got, wordings={said: reword() or said}))

    def _situation_before(self, dialogue: Dialogue) -> Situation | None:
        """What was open when the message came, and the message without personal details."""
        before = replace(dialogue, state=State.model_validate(dialogue.turn.conversation.state))
        assert dialogue.message is not None
        return self._proposals.situation(before, masked(dialogue.message.whole), dialogue.trace.awaited)

    # ------------------------------------------------------------------ responding

    def _respond(self, dialogue: Dialogue, event: Event) -> None:
        reaction = REACTIONS.get(type(event))
        if reaction is not None:
            dialogue.trace.why = event.kind
            reaction(dialogue, event)
            return
        if dialogue.in_group:
            self._respond_to_all(dialogue, event)
            return
        dialogue.answer_tap()
        if isinstance(event, SentAttachment) and transfers.take_slip(dialogue, event):
            dialogue.trace.why = event.kind
            dialogue.close()
            return
        self._engine.run(dialogue, self._commands(dialogue, event))

    def _respond_to_all(self, dialogue: Dialogue, event: Event) -> None:
        """In a group others read it, too: where somebody lives is nothing for them."""
        if isinstance(event, SharedContact | SharedLocation):
            dialogue.lead_to_private()
            return
        self._engine.run(dialogue, self._commands(dialogue, event))
        dialogue.answer_tap()  # unless it was answered with the way into the private chat

    def _commands(self, dialogue: Dialogue, event: Event) -> list[Command]:
        awaited = self._engine.awaited(dialogue)
        dialogue.trace.hear(dialogue.message, awaited=awaited)
        if dialogue.message is not None:  # words, typed or below a picture
            got: Assistance = dialogue.turn.more or Assistance()
            proposed = self._proposals.read(dialogue, got.proposals or (), awaited)
            return proposed or self._reader.read_words(dialogue, dialogue.message, awaited)
        dialogue.trace.why = event.kind
        match event:
            case Tapped():
                return self._reader.read_tap(dialogue, event, awaited)
            case Opened(payload=carried):
                return [_opening(carried)]
            case Edited(text=text):
                return [Utter("utter_edited", {"text": text[:EDITED_LETTERS_MAX]})]
            case SharedContact() | SharedLocation():
                return self._reader.read_card(dialogue, event, awaited)
            case SentAttachment(attachment=attachment):
                facts = {"attachment": attachment}
                reply = "utter_attachment_unfit"
                return [AskAgain(reply, facts) if awaited else Utter(reply, facts)]
            case _:
                raise LookupError(f"nothing answers a {event.kind!r}")


def _opening(carried: str) -> Command:
    """What a link into the chat is about: a group of a deal, a deal, or nothing but hello."""
    if group := links.read_payload(carried):
        return StartFlow("see_group", {"group": group})
    if deal := links.read_offer(carried):
        return StartFlow("see_deal", {"deal": str(deal)})
    return StartFlow("welcome")


def _note_words(turn: Turn) -> int:
    """Write down what the customer said or did; in a group with its number, by which it can be followed."""
    content = EVENT.dump_python(turn.event, mode="json")
    said = transcript.note(
        turn.session, turn.conversation.key, transcript.Author.CUSTOMER, content, at=turn.now
    )
    if not conversations.is_in_group(turn.conversation.key):
        return 0
    turn.session.flush()
    return said.id


class Reaction(Protocol):
    """What follows from an event that nobody spoke."""

    def __call__(self, dialogue: Dialogue, event: Any) -> None: ...


REACTIONS: dict[type[Any], Reaction] = {
    ShippingAsked: telegram_form.offer_delivery,
    InvoiceChecked: money.check_invoice,
    InvoicePaid: money.take_invoice_payment,
    CallReturned: money.on_call_returned,
    ProviderNotified: money.on_provider_notified,
    TimerFired: timers.on_timer,
}


def _words(event: Event) -> str | None:
    match event:
        case Said(text=text):
            return text
        case SentAttachment(caption=caption) if caption.strip():
            return caption
        case _:
            return None
