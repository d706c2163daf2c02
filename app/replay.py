"""`parley replay`: what happened in a conversation, turn by turn, from what each turn left behind.

Nothing is computed anew, so it stays true after the catalogue, the flows or the model have changed. What is shown is
chosen by name: tokens, links and whatever a payment provider wrote are never among it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.log import SECRET_VALUES
from bot.channels.text import parse
from bot.delivery.model import Conversation, InboxEvent, InboxState, OutboxKind, OutboxRow
from bot.dialogue.trace import MASK, masked, without_cards
from bot.traces import TurnTrace
from bot.transcript import Author, Utterance
from console.reads import conversations
from shop.orders.model import Order
from storage.types import JsonObject

NEWEST_SHOWN: Final = 8  # when there is no such conversation
KEY_LETTERS_MIN: Final = 4  # of a part of a conversation's key
APOLOGY_MESSAGES: Final = 4  # of an event that was parked

SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "said": ("text",),
    "edited": ("text",),
    "tapped": ("label",),
    "sent_attachment": ("attachment", "caption"),
    "shared_contact": ("phone",),
    "bot_blocked": ("blocked",),
    "membership": ("change",),
    "overheard": ("author", "text"),
    "timer_fired": ("timer",),
    "call_returned": ("call",),
    "provider_notified": ("type",),
    "unreadable": ("what",),
}
"""What is shown of each kind of event; of all others, that they came."""

WHY: Final[dict[str, str]] = {
    "label": "the words are the label of a button that was offered",
    "leaving": "what is under way is left, and the rest of the words is heard on its own",
    "items": "it names several things, one wish for each",
    "about_the_talk": "the best intent is about the conversation itself",
    "wishes": "its parts are different wishes, each of them clear",
    "yes_or_no": "it says yes or no to the open question",
    "parts": "its parts answer the open question, or ask for more",
    "request": "the best intent begins a flow",
    "as_before": "it points to what was told for an earlier order",
    "about_a_choice": "it asks about one of the choices",
    "answer": "it fits the open question",
    "narrowed": "it fits several of the choices",
    "detail": "it changes another detail of what is under way",
    "no_answer": "it does not fit the open question",
    "to_an_offer": "it says yes or no where nothing was asked",
    "no_words": "there is no word in it",
    "lone_detail": "no intent is believed, but it holds details",
    "unsure": "no intent is believed",
    "edited": "words that were said before were changed",
    "tapped": "a button was pressed",
    "opened": "the chat was opened, or a link followed",
    "shared_contact": "a contact card was sent",
    "shared_location": "a place was sent",
    "sent_attachment": "something other than words was sent",
}
"""Why there were commands; an event that nobody spoke is its own reason."""


class NoSuchConversation(LookupError):  # noqa: N818 - what happened
    """Nothing is known by that name; the message lists the newest conversations."""


def replay(session: Session, named: str, *, turn: int | None = None, last: int | None = None) -> JsonObject:
    """The turns of a conversation, oldest first: all, one, or the last ones. Raises NoSuchConversation."""
    key = find(session, named)
    events = list(
        session.scalars(
            select(InboxEvent).where(InboxEvent.conversation == key).order_by(InboxEvent.id)
        ).all()
    )
    numbered = list(enumerate(events, start=1))
    if turn is not None:
        numbered = [each for each in numbered if each[0] == turn]
    elif last is not None:
        numbered = numbered[-last:]
    traces = _traces(session, [event.id for _, event in numbered])
    turns = [_turn(session, number, event, traces.get(event.id)) for number, event in numbered]
    if turn is None:
        _add_staff(turns, _staff_words(session, key))
    return {
        "conversation": conversations.number_of(session, key),
        "channel": key.partition(":")[0],
        "turns_total": len(events),
        "turns": turns,
    }


# ---------------------------------------------------------------------- which conversation


def find(session: Session, named: str) -> str:
    """The key of the conversation that is meant.

    It may be named by its number (as in /staff/conversations/12), by its key or a part that only it has, or by the
    reference of an order that was placed in it. Raises NoSuchConversation.
    """
    named = named.strip()
    number = named.rpartition("/")[2].casefold().removeprefix("guest").strip()
    if number.isdecimal() and int(number) < 2**63:
        key = conversations.conversation_at(session, int(number))
        if key is not None:
            return key
    ordered_in = select(Order.conversation).where(Order.reference == named.removeprefix("#").upper())
    if (key := session.scalar(ordered_in)) is not None:
        return key
    keys = _keys_with(session, named) if len(named) >= KEY_LETTERS_MIN else []
    if len(keys) == 1 or (named in keys):
        return named if named in keys else keys[0]
    raise NoSuchConversation(_nothing_found(session, named, keys))


def _keys_with(session: Session, part: str) -> list[str]:
    holds = Conversation.key.contains(part, autoescape=True)
    known = session.scalars(
        select(Conversation.key)
        .where(holds)
        .order_by((Conversation.key == part).desc(), Conversation.updated_at.desc())
        .limit(NEWEST_SHOWN)
    )
    return list(known)


def _nothing_found(session: Session, named: str, keys: list[str]) -> str:
    if keys:
        numbers = (conversations.number_of(session, key) for key in keys)
        listed = ", ".join(str(number) for number in numbers if number is not None)
        return (
            f"{named!r} is part of the names of several conversations: {listed}. Give one of these numbers."
        )
    newest = conversations.newest(session, page=1, search="").rows[:NEWEST_SHOWN]
    listed = ", ".join(f"{row.number} ({row.name}, {row.channel})" for row in newest)
    known = f"The newest: {listed}." if listed else "Nobody has talked to this shop yet."
    return (
        f"There is no conversation {named!r}. Give its number, as on the staff page, or an order's. {known}"
    )


# ---------------------------------------------------------------------- one turn


def _traces(session: Session, events: list[int]) -> dict[int, TurnTrace]:
    found: dict[int, TurnTrace] = {}
    for start in range(0, len(events), 500):  # a statement holds so many parameters and no more
        some = TurnTrace.event_id.in_(events[start : start + 500])
        found |= {trace.event_id: trace for trace in session.scalars(select(TurnTrace).where(some))}
    return found


def _turn(session: Session, number: int, event: InboxEvent, trace: TurnTrace | None) -> JsonObject:
    noted: JsonObject = trace.content if trace else {}
    why = str(noted.get("why", ""))
    rows = _queued(session, event, noted.get("queued"))
    turn: JsonObject = {
        "turn": number,
        "at": trace.at if trace else event.received_at,
        "state": event.state.value,
        "traced": trace is not None,
        "event": _event(event.payload),
        "open_question": noted.get("open"),
        "understood": _understood(noted["heard"]) if "heard" in noted else None,
        "why": {"reading": why, "text": WHY.get(why, "")},
        "commands": [_command(each) for each in noted.get("commands", [])],
        "steps_left_out": noted.get("steps_left_out", 0),
        "slots": {name: _change(change) for name, change in noted.get("slots", {}).items()},
        "stack": noted.get("stack", []),
        "replies": [_reply(row) for row in rows if row.kind is OutboxKind.MESSAGE],
        "calls": [{"call": row.payload["call"], **_fate(row)} for row in rows if row.kind is OutboxKind.CALL],
        "timers": noted.get("timers", []),
        "staff": [],
        "error": _last_line(event.error) if event.state is InboxState.PARKED else None,
    }
    return without_cards(turn, told=str(event.payload.get("text", "")))


def _event(payload: JsonObject) -> JsonObject:
    kind = str(payload.get("kind", ""))
    shown: JsonObject = {"kind": kind}
    for name in SHOWN.get(kind, ()):
        value = payload.get(name)
        if value not in {None, ""}:
            shown[name] = masked(value) if isinstance(value, str) else value
    if kind == "call_returned":
        shown["failed"] = payload.get("error") is not None
    return shown


def _understood(heard: JsonObject) -> JsonObject:
    intents = [{"name": name, "probability": sure} for name, sure in heard["intents"]]
    entities = [
        {"name": name, "value": value, "start": start, "end": end}
        for name, value, start, end in heard["entities"]
    ]
    parts = {"parts": [_understood(part) for part in heard["parts"]]} if "parts" in heard else {}
    return {**heard, "intents": intents, "entities": entities, **parts}


def _command(noted: JsonObject) -> JsonObject:
    steps = [
        dict(zip(("flow", "step", "what", "result"), step, strict=False)) for step in noted.get("steps", [])
    ]
    return {**noted, "steps": steps}


def _change(change: Any) -> JsonObject | None:
    """None where the values were left out, as there was too much of them."""
    return {"before": change[0], "after": change[1]} if change else None


def _queued(session: Session, event: InboxEvent, keys: Iterable[str] | None) -> list[OutboxRow]:
    """What the turn queued; of one without a trace, what has its event's number, and the apology."""
    keys = keys or [
        f"{begins}:{event.id}:{number}"
        for begins in ("in", "parked")
        for number in range(1, APOLOGY_MESSAGES + 1)
    ]
    rows = select(OutboxRow).where(OutboxRow.dedupe.in_(list(keys))).order_by(OutboxRow.id)
    return list(session.scalars(rows))


def _reply(row: OutboxRow) -> JsonObject:
    message = row.payload
    shown: JsonObject = {"kind": message.get("kind")}
    match message.get("kind"):
        case "say":
            buttons = [button["label"] for line in message.get("buttons", []) for button in line]
            shown |= {"reply": message.get("reply", ""), "text": _plain(message["text"]), "buttons": buttons}
            shown |= {"file": message["document"]["name"]} if message.get("document") else {}
        case "show_cards":
            shown |= {"cards": [card["title"] for card in message["cards"]]}
            shown["buttons"] = [button["label"] for line in message.get("buttons", []) for button in line]
        case "answer_tap":
            shown |= {"text": message.get("text", "")}
        case _:  # invoices, receipts: that there was one
            pass
    return shown | _fate(row)


def _fate(row: OutboxRow) -> JsonObject:
    """What became of it outside."""
    error = SECRET_VALUES.sub(MASK, _last_line(row.error) or "") or None
    return {"state": row.state.value, "sent_at": row.sent_at, "error": error}


def _plain(markup: str) -> str:
    return masked(" ".join(parse(markup).without_markup().split()))


def _last_line(error: str | None) -> str | None:
    lines = (error or "").strip().splitlines()
    return SECRET_VALUES.sub(MASK, masked(lines[-1]))[:300] if lines else None


# ---------------------------------------------------------------------- staff


def _staff_words(session: Session, key: str) -> list[tuple[datetime, str]]:
    written = select(Utterance).where(Utterance.conversation == key, Utterance.author == Author.STAFF)
    return [
        (each.at, _plain(str(each.content.get("text", ""))))
        for each in session.scalars(written.order_by(Utterance.id))
    ]


def _add_staff(turns: list[JsonObject], words: list[tuple[datetime, str]]) -> None:
    """Put what staff wrote into the last turn before it; what was overheard is a turn of its own."""
    for at, text in words:
        before = [turn for turn in turns if turn["at"] <= at]
        if before and before[-1]["event"].get("kind") != "overheard":
            before[-1]["staff"].append({"at": at, "text": text})
