"""What people and providers sent: each event is kept once, worked on once, and never given up."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.delivery.model import InboxEvent, InboxState
from bot.transcript import Author, Utterance
from sandbox.messenger.state import Event as MessengerEvent
from sandbox.stories.stage import Worlds
from sandbox.telegram.state import Update

# What a customer does, beside what is overheard of them; each leaves one line in the transcript (bot/handler.py).
SPOKEN = {"said", "edited", "tapped", "opened", "sent_attachment", "shared_contact", "shared_location"}
_PRIVATE_KINDS = {"message", "my_chat_member"}  # of a group only what is meant for the bot is kept
_ALWAYS_KINDS = {"callback_query", "shipping_query", "pre_checkout_query"}


class Arrivals:
    """Compares the inbox with what the far ends were told is taken (a 200, a confirmed update)."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._kept: defaultdict[str, set[str]] = defaultdict(set)  # source → external ids
        self._finished_up_to = 0  # every inbox row up to this id is done for good
        self._spoken: Counter[str] = Counter()  # conversation → worked on up to there
        self._written_up_to = 0
        self._written: Counter[str] = Counter()  # conversation → customer's lines in the transcript
        self._updates_seen = self._events_seen = self._notices_seen = 0
        self._untold: list[Update] = []
        self._on_their_way: list[MessengerEvent] = []

    def check(self, session: Session) -> list[str]:
        spoken_now, parked = self._read_inbox(session)
        self._read_transcript(session)
        return [*parked, *self._lost(), *self._miscounted(spoken_now)]

    # ── what we have ────────────────────────────────────────────────────────────────────────────────

    def _read_inbox(self, session: Session) -> tuple[Counter[str], list[str]]:
        """How much was worked on by conversation, and what was given up."""
        rows = session.connection().execute(_INBOX, {"after": self._finished_up_to}).all()
        later, parked, unbroken = Counter[str](), list[str](), True
        for number, source, external_id, conversation, state, kind, author, error in rows:
            self._kept[source].add(external_id)
            done = state is InboxState.DONE
            unbroken = unbroken and done
            if done and (kind in SPOKEN or author == Author.CUSTOMER):
                (self._spoken if unbroken else later)[conversation] += 1
            if unbroken:
                self._finished_up_to = number
            if state is InboxState.PARKED:
                reason = (error or "").strip().rpartition("\n")[2]
                parked.append(f"event {number} ({kind} of {conversation}) was given up: {reason}")
        return self._spoken + later, parked

    def _read_transcript(self, session: Session) -> None:
        for number, conversation in session.connection().execute(_LINES, {"after": self._written_up_to}):
            self._written[conversation] += 1
            self._written_up_to = number

    def _miscounted(self, spoken: Counter[str]) -> Iterator[str]:
        for conversation in spoken.keys() | self._written.keys():
            done, written = spoken[conversation], self._written[conversation]
            if done != written:
                yield f"{conversation}: {done} things said were worked on, but {written} had an effect"

    # ── what they were told we have ─────────────────────────────────────────────────────────────────

    def _lost(self) -> Iterator[str]:
        yield from self._lost_on_telegram()
        yield from self._lost_on_messenger()
        taken = self._worlds.stripe.webhooks.taken
        for event_id in islice(taken, self._notices_seen, None):
            if event_id not in self._kept["stripe"]:
                yield f"Stripe's notice {event_id} was answered with 200 and is not in the inbox"
        self._notices_seen = len(taken)

    def _lost_on_telegram(self) -> Iterator[str]:
        updates = list(self._worlds.telegram.store.all(Update))
        self._untold += [update for update in updates[self._updates_seen :] if _is_for_the_bot(update)]
        self._updates_seen = len(updates)
        for update in self._untold:
            if update.delivered and str(update.id) not in self._kept["telegram"]:
                yield f"Telegram's update {update.id} ({update.type}) was confirmed and is not in the inbox"
        self._untold = [update for update in self._untold if not update.delivered]

    def _lost_on_messenger(self) -> Iterator[str]:
        events = list(self._worlds.messenger.store.all(MessengerEvent))
        self._on_their_way += [event for event in events[self._events_seen :] if _mid(event)]
        self._events_seen = len(events)
        for event in self._on_their_way:
            if event.state == "told" and _mid(event) not in self._kept["messenger"]:
                yield f"Messenger's event {event.number} ({event.field}) was answered with 200 and is not in the inbox"
        self._on_their_way = [event for event in self._on_their_way if event.state == "waiting"]


def _is_for_the_bot(update: Update) -> bool:
    private = update.payload.get("chat", {}).get("type") == "private"
    return update.type in _ALWAYS_KINDS or (update.type in _PRIVATE_KINDS and private)


def _mid(event: MessengerEvent) -> str | None:
    """Meta's id of what somebody said or tapped; None for what leaves no trace with us, such as read receipts."""
    said: dict[str, Any] = event.body.get("message") or event.body.get("postback") or {}
    return None if said.get("is_echo") else said.get("mid")


_INBOX: Final = (
    select(
        InboxEvent.id,
        InboxEvent.source,
        InboxEvent.external_id,
        InboxEvent.conversation,
        InboxEvent.state,
        InboxEvent.payload["kind"].as_string(),
        InboxEvent.payload["author"].as_string(),
        InboxEvent.error,
    )
    .where(InboxEvent.id > bindparam("after"))
    .order_by(InboxEvent.id)
)
_LINES: Final = (
    select(Utterance.id, Utterance.conversation)
    .where(Utterance.id > bindparam("after"), Utterance.author == Author.CUSTOMER)
    .order_by(Utterance.id)
)
