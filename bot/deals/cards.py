"""A group's card in a chat that many read: one a chat, changed in its place, made again where somebody deleted it.

Everything about a card happens in the lane of its chat, `channel:chat:`. Whoever changes a group, or wants to have it
shown, sets a timer of that lane; changes of the next seconds find it set, so a card is changed once for all of them.
While a change is on its way no other is sent: only its answer tells which message the card is by then.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import conversations
from bot.deals import announcing
from bot.deals.model import DealCard
from bot.delivery import outbox, timers
from bot.delivery.turn import Turn
from bot.dialogue.replies import Replies
from bot.events import CallReturned, TimerFired
from bot.messages import Post, Say
from shop.deals import groups, offers
from shop.deals.model import DealGroup
from shop.profile import ShopProfile

TIMER: Final = "deal_card"
GATHERED_FOR: Final = timedelta(seconds=5)


# ---------------------------------------------------------------------- what others ask for


def show(session: Session, group: DealGroup, conversation: str, *, language: str, at: datetime) -> None:
    """Have the group's card shown where that conversation is held; asked for again, it is pointed at."""
    chat = conversations.group_of(conversation)
    wanted = {"group": str(group.id), "language": language}
    timers.set_timer(session, TIMER, _key(group.id, chat), conversation=chat, due_at=at, arguments=wanted)


def change(session: Session, group: DealGroup, *, at: datetime) -> None:
    """The group is not as its cards show it any more."""
    for chat in session.scalars(select(DealCard.chat).where(DealCard.group_id == group.id)):
        _look_soon(session, group.id, chat, at=at)


def forget(session: Session, chat: str) -> None:
    """We are no longer in that chat: its cards are none of ours."""
    session.execute(delete(DealCard).where(DealCard.chat == chat))


def move(session: Session, before: str, chat: str, *, at: datetime) -> None:
    """The chat goes on under another id, where none of its messages is: cards that still matter are posted there."""
    for card in session.scalars(select(DealCard).where(DealCard.chat == before)).all():
        group = session.get_one(DealGroup, card.group_id)
        if group.status in groups.OPEN:
            show(session, group, chat, language=card.language, at=at)
    forget(session, before)


# ---------------------------------------------------------------------- in the chat's own lane


def on_event(turn: Turn, *, replies: Replies, profile: ShopProfile) -> bool:
    """Work on an event of a card. False when it is something else."""
    match turn.event:
        case TimerFired(timer="deal_card", arguments=wanted):
            _look(turn, UUID(wanted["group"]), wanted.get("language"), replies, profile)
        case CallReturned(call="post", arguments={"group": str(group)}) as answer:
            _take_answer(turn, UUID(group), answer)
        case CallReturned(call="post"):
            pass  # nothing keeps it up to date
        case _:
            return False
    return True


def _look(turn: Turn, group_id: UUID, language: str | None, replies: Replies, profile: ShopProfile) -> None:
    """Post the card, or change it, if it is not as it should be; with a language, somebody asked for it."""
    session, chat = turn.session, turn.conversation.key
    card = session.get(DealCard, (group_id, chat))
    if card is None and language is not None and not turn.conversation.blocked:
        card = DealCard(
            group_id=group_id, chat=chat, language=language, message="", shown={}, under_way=False
        )
        session.add(card)
    if card is None or card.under_way:
        return
    say = _drawn(session, card, replies, profile, at=turn.now)
    shown = say.model_dump(mode="json") if say else {}
    is_asked_again = language is not None and bool(card.message)
    if say is None or (shown == card.shown and not is_asked_again):
        return
    turn.send(Post(say=say, place=card.message, group=group_id))
    card.shown, card.under_way = shown, True
    if is_asked_again:
        pointing = replies.render("utter_card_is_here", card.language, {}).text
        turn.send(Say(text=pointing, answers=card.message))


def _take_answer(turn: Turn, group_id: UUID, answer: CallReturned) -> None:
    """Where the card is now; one that cannot be there is forgotten."""
    card = turn.session.get(DealCard, (group_id, turn.conversation.key))
    if card is None:
        return
    card.under_way = False
    if answer.result is not None:
        card.message = answer.result["message"] or ""
    elif (answer.error or "").startswith(outbox.GAVE_UP):
        card.shown = {}  # it is tried anew with the next change
        return
    else:
        turn.session.delete(card)
        return
    _look_soon(turn.session, group_id, card.chat, at=turn.now)  # more may have changed meanwhile


def _look_soon(session: Session, group_id: UUID, chat: str, *, at: datetime) -> None:
    timers.set_if_none(
        session,
        TIMER,
        key=_key(group_id, chat),
        conversation=chat,
        due_at=at + GATHERED_FOR,
        arguments={"group": str(group_id)},
    )


def _key(group_id: UUID, chat: str) -> str:
    return f"{TIMER}:{group_id}:{chat}"


# ---------------------------------------------------------------------- what it shows


def _drawn(
    session: Session, card: DealCard, replies: Replies, profile: ShopProfile, *, at: datetime
) -> Say | None:
    """The card as it is now; None until the group's leader has paid: before that there is nothing to join.

    It shows the product's own picture, for that stays true when the words below it change.
    """
    group = session.get_one(DealGroup, card.group_id)
    if group.closes_at is None:
        return None
    deal, spoken = offers.get(session, group.deal_id), profile.in_language(card.language)
    shown = announcing.look_at(session, deal, group, profile=spoken, language=card.language)
    say = announcing.announcement(shown, replies, at=at)
    picture = say.picture and say.picture.model_copy(update={"drawn": None})
    return say.model_copy(update={"picture": picture if picture and (picture.path or picture.url) else None})
