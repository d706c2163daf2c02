"""One turn of a dialogue, as actions see it: who speaks, what was understood, what is remembered, what to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from bot import conversations, transcript
from bot.delivery.turn import Turn
from bot.dialogue.hearing import Heard
from bot.dialogue.replies import ButtonText, Replies
from bot.dialogue.state import State
from bot.dialogue.tokens import Tokens
from bot.dialogue.trace import Trace
from bot.events import Spoken, Tapped
from bot.messages import (
    MESSAGE,
    AnswerTap,
    Button,
    Card,
    Document,
    Message,
    PaperKind,
    Purpose,
    Rows,
    Say,
    ShowCards,
)
from knowledge_base.answers import Answer
from knowledge_base.query import ProductQuery, SearchResult
from nlu.understanding import Understanding
from shop.catalogue.model import Product
from shop.customers.model import Customer
from shop.profile import ShopProfile

ROW_LETTERS_MAX = 32  # labels that fit side by side on a phone
ROW_BUTTONS_MAX = 3
SAID_MAX = 4
CARDS_MAX = 4
CARDS_IN_GROUP_MAX = 2  # others want to talk there, too
MISSES_MAX = 3  # messages not understood in a row, before we offer a person


class Abilities(Protocol):
    """What the person's channel can do, as far as the dialogue must know."""

    @property
    def native_invoices(self) -> bool: ...

    @property
    def receipts(self) -> bool: ...

    @property
    def files(self) -> bool: ...

    @property
    def invitations(self) -> bool: ...


class PaperLinks(Protocol):
    """Knows under which address a paper of an order lies."""

    def link(self, order_id: UUID, kind: PaperKind, language: str) -> str: ...


class Knowledge(Protocol):
    """Finds products and answers, over an open session."""

    def search(self, session: Session, query: ProductQuery, *, language: str) -> SearchResult: ...

    def answer(
        self, session: Session, question: str, *, language: str, about: Product | None
    ) -> Answer | None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an action ended: one of the outcomes it declares, and the facts for the words that follow."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Dialogue:
    """What an action works with. Everything it says and decides is committed with the turn, or not at all."""

    turn: Turn
    state: State
    customer: Customer
    shop: ShopProfile  # in the main language's words
    replies: Replies
    tokens: Tokens
    abilities: Abilities
    knowledge: Knowledge
    return_url: str = ""  # where a payment page sends people back to
    papers: PaperLinks | None = None
    message: Heard | None = None  # what was said, with its parts
    heard: Understanding | None = None  # the part of it that the flow under way is about
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    outcome: str | None = None
    language_before: str = ""  # in which we answered until this message
    lead: str = ""  # goes before the next sentence, as "Back to your order:"
    noted: frozenset[str] = frozenset()  # slots that this message told for later
    coming_back: bool = False  # an aside is over: the question below it was asked before
    more_to_come: bool = False  # another command follows: no question yet
    wish: int = 0  # in a group: the line of the transcript that this turn answers
    trace: Trace = field(default_factory=Trace)
    unhandled: bool = False  # the words were no answer, or nothing that we could place
    quoted: str | None = None  # what a document says, as it is said now
    wordings: Mapping[str, str] = field(default_factory=dict[str, str])  # for what documents say
    _missed: bool = False
    _along: str | None = None  # what a button into the private chat brings along, once there was need of one
    _said: list[Message] = field(default_factory=list[Message])
    _offers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def session(self) -> Session:
        return self.turn.session

    @property
    def now(self) -> datetime:
        return self.turn.now

    @property
    def conversation(self) -> str:
        return self.turn.conversation.key

    @property
    def profile(self) -> ShopProfile:
        """The shop, in words of the language in which we answer."""
        return self.shop.in_language(self.language)

    @property
    def in_group(self) -> bool:
        """Whether others read it, too."""
        return conversations.is_in_group(self.conversation)

    @property
    def cards_max(self) -> int:
        """How many cards are shown at once."""
        return CARDS_IN_GROUP_MAX if self.in_group else CARDS_MAX

    @property
    def language(self) -> str:
        """In which we answer."""
        return self.state.language

    @property
    def heard_language(self) -> str:
        """In which they wrote; it need not be the one they want to be answered in."""
        return self.heard.language if self.heard else self.language

    def slot(self, name: str) -> Any:
        return self.state.slots.get(name)

    def set_slot(self, name: str, value: Any) -> None:
        self.state.slots[name] = value

    def say(self, reply: str, *, purpose: Purpose = "answer", **facts: Any) -> None:
        """Say the sentence `reply`, filled with the shop, the slots, the last outcome's facts and these."""
        rendered = self.replies.render(reply, self.language, self._facts(facts), wording=self.state.turns)
        buttons = [self.as_button(button) for button in rendered.buttons]
        for text, button in zip(rendered.buttons, buttons, strict=True):
            if text.said is not None and button.token is not None:
                self._offers[text.said] = button.token
        self.say_with(rendered.text, buttons, purpose=purpose, reply=reply)

    def say_with(
        self,
        text: str,
        buttons: list[Button],
        *,
        purpose: Purpose = "answer",
        reply: str = "",
        document: Document | None = None,
    ) -> None:
        """Say a sentence that `words` made, with buttons made by hand, or with a file."""
        text = f"{self.lead}\n\n{text}" if self.lead else text
        self.lead = ""
        said = Say(text=text, buttons=self.rows(buttons), purpose=purpose, reply=reply, document=document)
        self.send(said)

    def words(self, reply: str, **facts: Any) -> str:
        """The sentence without saying it, for a card or an invoice. Safe HTML."""
        return self.replies.render(reply, self.language, self._facts(facts), wording=0).text

    def show(self, cards: list[Card], buttons: list[Button] | None = None) -> None:
        """Show cards, with buttons below all of them."""
        self.send(ShowCards(cards=tuple(cards), buttons=self.rows(buttons or [])))

    def send(self, message: Message) -> None:
        """Queue any message to this person, and remember it for "again, please" and the transcript."""
        event = self.turn.event
        if self.in_group and isinstance(event, Spoken) and isinstance(message, Say | ShowCards):
            message = message.model_copy(update={"answers": event.message})
        self.turn.send(message)
        self._said.append(message)
        content = MESSAGE.dump_python(message, mode="json")
        transcript.note(self.session, self.conversation, transcript.Author.BOT, content, at=self.now)

    def answer_tap(self, *, private: str | None = None) -> None:
        """Stop the spinner of the button that was pressed, once; with `private` the private chat opens."""
        event = self.turn.event
        if isinstance(event, Tapped) and event.tap is not None:
            answer = AnswerTap(tap=event.tap, private=private)
            self.turn.send(answer, dedupe=f"tap:{self.conversation}:{event.tap}")

    def lead_to_private(self) -> None:
        """This is nothing for a group: open the way into the person's private chat, where the wish goes on.

        Who pressed a button is led there at once; who wrote gets a sentence with a button. Twice is like once.
        """
        if self._along is not None:
            return
        self.lead = ""
        private = conversations.private_of(self.conversation)
        self._along = self.tokens.sign_link(self.wish, conversation=private)
        if isinstance(self.turn.event, Tapped):
            self.answer_tap(private=self._along)
        else:
            self.say("utter_go_on_in_private")

    def button(self, label: str, payload: str) -> Button:
        """A button that means `payload` (see bot.dialogue.tokens); remembered, so that its label may be typed.

        In a group anybody may press it.
        """
        frame = self.state.top.id if payload.startswith("?") and self.state.top else 0
        place = conversations.place_of(self.conversation)
        return Button(label=label, token=self.tokens.sign(payload, conversation=place, frame=frame))

    def as_button(self, text: ButtonText) -> Button:
        if text.payload is not None:
            return self.button(text.title, text.payload)
        if text.url is not None:
            return Button(label=text.title, url=text.url)
        if text.invite is not None:
            return Button(label=text.title, invite=text.invite)
        if text.private:
            return Button(label=text.title, private=self._along or "")
        return Button.model_validate({"label": text.title, "share": text.share})

    def paper_link(self, order_id: UUID, kind: PaperKind) -> str:
        """Where that paper of an order can be opened, in the language in which we answer."""
        assert self.papers is not None, "the shop was built with its papers"
        return self.papers.link(order_id, kind, self.language)

    @staticmethod
    def rows(buttons: list[Button]) -> Rows:
        """Short labels side by side, long ones below each other."""
        rows: list[list[Button]] = []
        for button in buttons:
            row = rows[-1] if rows else []
            letters = sum(len(other.label) for other in row) + len(button.label)
            if row and len(row) < ROW_BUTTONS_MAX and letters <= ROW_LETTERS_MAX:
                row.append(button)
            else:
                rows.append([button])
        return tuple(tuple(row) for row in rows)

    def miss(self) -> bool:
        """We could not make sense of this message. True when that is so for the third time in a row."""
        self._missed = self.unhandled = True
        self.state.misses = (self.state.misses + 1) % MISSES_MAX
        return self.state.misses == 0

    def quote(self, text: str) -> str:
        """What a document says, in other words where there are such."""
        self.quoted = text
        return self.wordings.get(text, text)

    def close(self) -> None:
        """Keep what was said for "again, please", and what the newest buttons are and mean."""
        if self.in_group:
            self.state.forget_the_person()
        if not self._missed:
            self.state.misses = 0
        self.state.offers = self._offers
        if not self._said:
            return
        self.state.said = [MESSAGE.dump_python(message, mode="json") for message in self._said[-SAID_MAX:]]
        self.state.labels = {
            button.label.casefold(): button.token
            for message in self._said
            for button in _buttons(message)
            if button.token is not None
        }

    def _facts(self, facts: dict[str, Any]) -> dict[str, Any]:
        return {
            "shop": self.profile,
            "slots": self.state.slots,
            "name": "" if self.in_group else (self.customer.name or "").split(" ")[0],
            "noted": self.noted,
            **self.facts,
            **facts,
        }


def _buttons(message: Message) -> list[Button]:
    if isinstance(message, ShowCards):
        own = [button for card in message.cards for button in card.buttons]
        return own + [button for row in message.buttons for button in row]
    return [button for row in message.buttons for button in row] if isinstance(message, Say) else []


Action = Callable[[Dialogue], Outcome | None]


@dataclass(frozen=True, slots=True)
class DeclaredAction:
    """An action and every outcome it may end with; `parley check` wants each of them handled."""

    run: Action
    outcomes: tuple[str, ...]


ACTIONS: dict[str, DeclaredAction] = {}


def action(*outcomes: str) -> Callable[[Action], Action]:
    """Register a function as an action that flows may name, with the outcomes it declares."""

    def register(function: Action) -> Action:
        name = function.__name__
        assert name not in ACTIONS, f"two actions are called {name}"
        ACTIONS[name] = DeclaredAction(function, outcomes)
        return function

    return register


def as_uuid(value: Any) -> UUID:
    """A slot's id as a UUID."""
    return value if isinstance(value, UUID) else UUID(str(value))
