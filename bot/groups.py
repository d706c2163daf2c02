"""Groups: that we come and go, and how a wish that is nothing for everybody's eyes goes on in private."""

from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from bot import conversations, transcript
from bot.deals import cards, links
from bot.delivery.model import Conversation
from bot.delivery.turn import Turn
from bot.dialogue.replies import Replies
from bot.dialogue.state import State
from bot.dialogue.tokens import ForgedToken, Tokens
from bot.events import EVENT, Event, Membership, Opened, SentAttachment, SharedContact, SharedLocation, Tapped
from bot.events import Said as SaidEvent
from bot.messages import MESSAGE, Button, Say
from bot.transcript import Author, Utterance
from shop.deals import groups as deals
from shop.profile import ShopProfile
from storage.types import JsonObject

GREETED_FOR: Final = timedelta(
    minutes=1
)  # whoever brings us in by a link starts us at once: one hello will do
FOLLOWED_MAX: Final = 20


class GroupState(BaseModel):
    """What is kept of a group itself, in its own lane."""

    model_config = ConfigDict(extra="ignore")

    greeted_at: datetime | None = None
    name: str = ""  # ours there, to be called by


# ── coming and going ────────────────────────────────────────────────────────────────────────────────


def attend(turn: Turn, *, replies: Replies, profile: ShopProfile) -> None:
    """What happens to the group as a whole: once in, we say hello and how to call us; once out, nothing any more."""
    state = GroupState.model_validate(turn.conversation.state)
    event = turn.event
    match event:
        case Membership(change="removed"):
            turn.conversation.blocked = True
            state.greeted_at = None
            cards.forget(turn.session, turn.conversation.key)
        case Membership(change="moved", before=before):  # they know us already
            turn.conversation.blocked = False
            state.greeted_at = turn.now
            cards.move(turn.session, before, turn.conversation.key, at=turn.now)
        case Opened() if _shows_deal(turn, event, replies):
            turn.conversation.blocked = False
        case Membership() | Opened():
            turn.conversation.blocked = False
            if isinstance(event, Opened):
                _note(turn, Author.CUSTOMER, EVENT.dump_python(event, mode="json"))
            state.name = event.name if isinstance(event, Membership) else state.name
            if state.greeted_at is None or _is_asked_anew(event, state.greeted_at, turn.now):
                _greet(turn, state, replies=replies, profile=profile)
        case _:
            return
    turn.conversation.state = state.model_dump(mode="json")


def _shows_deal(turn: Turn, opened: Opened, replies: Replies) -> bool:
    """A link brought us here with a group of a deal to show, as `/start@bot deal_…` in the group.

    https://core.telegram.org/bots/features#deep-linking
    """
    group = deals.find(turn.session, links.read_payload(opened.payload) or "")
    if group is None:
        return False
    app = turn.person.language.casefold().partition("-")[0] if turn.person else ""
    language = app if app in replies.languages else replies.main
    cards.show(turn.session, group, turn.conversation.key, language=language, at=turn.now)
    return True


def is_put_out(session: Session, conversation: str) -> bool:
    """Whether we are no longer in the group of this conversation."""
    group = session.get(Conversation, conversations.group_of(conversation))
    return group is not None and group.blocked


def _is_asked_anew(event: Event, greeted_at: datetime, now: datetime) -> bool:
    return isinstance(event, Opened) and now - greeted_at >= GREETED_FOR


def _greet(turn: Turn, state: GroupState, *, replies: Replies, profile: ShopProfile) -> None:
    facts: dict[str, Any] = {"shop": profile, "bot": state.name}
    rendered = replies.render("utter_group_hello", replies.main, facts)
    buttons = tuple(
        (Button(label=button.title, private=""),) for button in rendered.buttons if button.private
    )
    answers = turn.event.message if isinstance(turn.event, Opened) else ""
    message = Say(text=rendered.text, buttons=buttons, reply="utter_group_hello", answers=answers)
    turn.send(message)
    _note(turn, Author.BOT, MESSAGE.dump_python(message, mode="json"))
    state.greeted_at = turn.now


def _note(turn: Turn, author: Author, content: JsonObject) -> None:
    transcript.note(turn.session, turn.conversation.key, author, content, at=turn.now)


# ── a wish that goes on in private ──────────────────────────────────────────────────────────────────


def follow(turn: Turn, carried: str, *, tokens: Tokens) -> Event | None:
    """The wish that a link into this private conversation carries, to be taken as if it were said here.

    Only their own, from a group where we are; what was shown to them there is what they speak of, in the language
    they spoke there. None for any other link, and for one that was followed before.
    """
    key, state = turn.conversation.key, State.model_validate(turn.conversation.state)
    try:
        number = tokens.read_link(carried, conversation=key)
    except ForgedToken:
        return None
    said = turn.session.get(Utterance, number)
    if said is None or number in state.followed or not _is_theirs(said, key):
        return None
    there = turn.session.get(Conversation, said.conversation)
    turn.followed_from = said.conversation
    if there is not None:
        public = State.model_validate(there.state)
        state.see(public)
        state.language = public.language or state.language
    state.followed = [*state.followed, number][-FOLLOWED_MAX:]
    turn.conversation.state = state.model_dump(mode="json")
    return _as_said_here(said, key, tokens)


def _is_theirs(said: Utterance, private: str) -> bool:
    there = said.conversation
    return (
        said.author is Author.CUSTOMER
        and conversations.is_in_group(there)
        and conversations.private_of(there) == private
    )


def _as_said_here(said: Utterance, private: str, tokens: Tokens) -> Event | None:
    event = EVENT.validate_python(said.content)
    match event:
        case Tapped(token=token):
            try:
                token = tokens.transfer(token, of=conversations.place_of(said.conversation), to=private)
            except ForgedToken:
                return None
            return Tapped(token=token, label=event.label)
        case SaidEvent() | SentAttachment() | SharedContact() | SharedLocation():
            return event.model_copy(update={"message": ""})
        case _:
            return None
