"""One turn of a dialogue, as actions see it: who speaks, what was understood, what is remembered, what to say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from bot import transcript
from bot.delivery.turn import Turn
from bot.dialogue.hearing import Heard
from bot.dialogue.replies import ButtonText, Replies
from bot.dialogue.state import State
from bot.dialogue.tokens import Tokens
from bot.messages import MESSAGE, Button, Card, Message, Purpose, Rows, Say, ShowCards
from knowledge_base.answers import Answer
from knowledge_base.search import ProductQuery, SearchResult
from nlu.understanding import Understanding
from shop.catalogue.model import Product
from shop.customers.model import Customer
from shop.profile import ShopProfile

ROW_LETTERS_MAX = 32  # labels that fit side by side on a phone
ROW_BUTTONS_MAX = 3
SAID_MAX = 4
MISSES_MAX = 3  # messages not understood in a row, before we offer a person


class Abilities(Protocol):
    """What the person's channel can do, as far as the dialogue must know."""

    @property
    def native_invoices(self) -> bool: ...

    @property
    def receipts(self) -> bool: ...


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
    message: Heard | None = None  # what was said, with its parts
    heard: Understanding | None = None  # the part of it that the flow under way is about
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    outcome: str | None = None
    language_before: str = ""  # in which we answered until this message
    lead: str = ""  # goes before the next sentence, as "Back to your order:"
    noted: frozenset[str] = frozenset()  # slots that this message told for later
    coming_back: bool = False  # an aside is over: the question below it was asked before
    more_to_come: bool = False  # another command follows: no question yet
    _missed: bool = False
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
        self, text: str, buttons: list[Button], *, purpose: Purpose = "answer", reply: str = ""
    ) -> None:
        """Say a sentence that `words` made, with buttons made by hand."""
        text = f"{self.lead}\n\n{text}" if self.lead else text
        self.lead = ""
        self.send(Say(text=text, buttons=self.rows(buttons), purpose=purpose, reply=reply))

    def words(self, reply: str, **facts: Any) -> str:
        """The sentence without saying it, for a card or an invoice. Safe HTML."""
        return self.replies.render(reply, self.language, self._facts(facts), wording=0).text

    def show(self, cards: list[Card], buttons: list[Button] | None = None) -> None:
        """Show cards, with buttons below all of them."""
        self.send(ShowCards(cards=tuple(cards), buttons=self.rows(buttons or [])))

    def send(self, message: Message) -> None:
        """Queue any message to this person, and remember it for "again, please" and the transcript."""
        self.turn.send(message)
        self._said.append(message)
        content = MESSAGE.dump_python(message, mode="json")
        transcript.note(self.session, self.conversation, transcript.Author.BOT, content, at=self.now)

    def button(self, label: str, payload: str) -> Button:
        """A button that means `payload` (see bot.dialogue.tokens); remembered, so that its label may be typed."""
        frame = self.state.top.id if payload.startswith("?") and self.state.top else 0
        return Button(
            label=label, token=self.tokens.sign(payload, conversation=self.conversation, frame=frame)
        )

    def as_button(self, text: ButtonText) -> Button:
        if text.payload is not None:
            return self.button(text.title, text.payload)
        if text.url is not None:
            return Button(label=text.title, url=text.url)
        return Button.model_validate({"label": text.title, "share": text.share})

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
        self._missed = True
        self.state.misses = (self.state.misses + 1) % MISSES_MAX
        return self.state.misses == 0

    def close(self) -> None:
        """Keep what was said for "again, please", and what the newest buttons are and mean."""
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
            "name": (self.customer.name or "").split(" ")[0],
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
