"""From what came in to what to do: an event and the conversation's state become commands."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.dialogue import slots as slot_reading
from bot.dialogue.commands import (
    AskAgain,
    CancelFlow,
    CannotHandle,
    Command,
    ForgetSlots,
    Repeat,
    SetSlots,
    StartFlow,
    Utter,
)
from bot.dialogue.dialogue import Dialogue
from bot.dialogue.flows import Flow
from bot.dialogue.slots import Slot, Unfit
from bot.dialogue.tokens import ForgedToken, TokenContent, unpack_id
from bot.events import SharedContact, Tapped
from nlu.understanding import Understanding

SURE = 0.55  # an intent this probable may begin a flow by itself
VERY_SURE = 0.8  # … also in the middle of a question that the words might answer
ANSWERS = frozenset({"affirm", "deny", "inform", "correct", "skip", "add_to_cart", "thanks", "greet"})
"""Intents that an answer to a question often looks like: they never lead away from it."""


BUILT_IN_INTENTS = frozenset({"cancel", "repeat", "correct", "affirm", "deny", "skip"})
"""Intents that this module understands by itself, whatever flow is under way."""


class Reader:
    """Knows the flows and slots, and reads messages against them."""

    def __init__(self, flows: Mapping[str, Flow], slots: Mapping[str, Slot]) -> None:
        self._slots = dict(slots)
        self._flows = flows
        self._triggers = {
            trigger.intent: (flow.name, trigger.confidence_threshold)
            for flow in flows.values()
            for trigger in flow.text.nlu_trigger
        }

    # ------------------------------------------------------------------ words

    def read_words(self, dialogue: Dialogue, heard: Understanding, awaited: str | None) -> list[Command]:
        """What the person's words ask for."""
        token = dialogue.state.labels.get(heard.text.strip().casefold())
        if token is not None:
            return self.read_tap(dialogue, Tapped(token=token), awaited)
        self._remember(dialogue, heard)
        if heard.intent == "cancel" and heard.confidence >= SURE:
            return [self._cancel(dialogue)]
        if heard.intent == "repeat" and heard.confidence >= SURE:
            return [Repeat()]
        if heard.intent == "correct" and heard.confidence >= SURE and dialogue.state.stack:
            return [self._correction(dialogue, heard)]
        if awaited is not None:
            return self._read_answer(dialogue, heard, awaited)
        return self._read_wish(dialogue, heard)

    def _cancel(self, dialogue: Dialogue) -> Command:
        """A cancel with nothing under way means the order, if there is a flow for that."""
        return CancelFlow() if dialogue.state.stack else StartFlow("cancel_order")

    def _correction(self, dialogue: Dialogue, heard: Understanding) -> Command:
        """A detail given anew, or one that is named and shall be asked again."""
        details = self._details(dialogue, heard, besides="")
        if details:
            return SetSlots(details)
        said = set(re.findall(r"\w+", heard.text.casefold()))
        return ForgetSlots(tuple(name for name in self._slots if name in said))

    def _read_answer(self, dialogue: Dialogue, heard: Understanding, awaited: str) -> list[Command]:
        """A question is open: the words may answer it, ask something else, or both."""
        slot = self._slots[awaited]
        value = slot_reading.answer(slot, heard, dialogue.state.choices)
        details = self._details(dialogue, heard, besides=awaited)
        aside = self._aside(heard, answered=value is not None and not isinstance(value, Unfit))
        if value is None or isinstance(value, Unfit):
            if aside is not None:
                return [aside]
            if details:
                return [SetSlots(details)]
            reply = value.reply if isinstance(value, Unfit) else self._unfit_reply(dialogue, awaited)
            return [AskAgain(reply)]
        if aside is not None and slot.type in {"name", "text", "address"} and awaited not in details:
            return [aside]  # free text fits anything: a clear request for something else is no name
        answered = SetSlots({**details, awaited: value})
        return [answered, aside] if aside is not None else [answered]

    def _unfit_reply(self, dialogue: Dialogue, awaited: str) -> str:
        reply = f"utter_{awaited}_unfit"
        return reply if reply in dialogue.replies else "utter_unfit"

    def _aside(self, heard: Understanding, *, answered: bool) -> Command | None:
        """A clear request for something else, in the middle of a question."""
        if heard.intent is None or heard.intent in ANSWERS:
            return None
        sure_enough = VERY_SURE if answered else SURE
        asks = "?" in heard.text
        if heard.confidence < (SURE if asks else sure_enough):
            return None
        return self._trigger(heard)

    def _read_wish(self, dialogue: Dialogue, heard: Understanding) -> list[Command]:
        """Nothing is open: the words begin something."""
        command = self._trigger(heard)
        if command is not None:
            return [command]
        if heard.entities and heard.intent in {"inform", None}:
            return [StartFlow("pattern_detail")]
        return [StartFlow("pattern_search")] if heard.text.strip() else [CannotHandle()]

    def _trigger(self, heard: Understanding) -> StartFlow | None:
        """The flow that the best intent begins, with the details the message gives for it."""
        if heard.intent is None:
            return None
        flow, threshold = self._triggers.get(heard.intent, ("", 2.0))
        if heard.confidence < threshold or flow not in self._flows:
            return None
        wanted = set(self._flows[flow].slots)
        return StartFlow(flow, slot_reading.mentioned(self._slots, wanted, heard))

    def _remember(self, dialogue: Dialogue, heard: Understanding) -> None:
        """A name, phone number, address or delivery wish said at any time is not asked for again."""
        names = {name for name, slot in self._slots.items() if slot.remember}
        dialogue.state.slots |= slot_reading.mentioned(self._slots, names, heard)

    def _details(self, dialogue: Dialogue, heard: Understanding, *, besides: str) -> dict[str, Any]:
        """Other slots of the flows under way that the message names."""
        wanted = {
            name
            for frame in dialogue.state.stack
            if frame.flow in self._flows
            for name in self._flows[frame.flow].slots
        }
        return slot_reading.mentioned(self._slots, wanted - {besides}, heard)

    # ------------------------------------------------------------------ buttons and the rest

    def read_tap(self, dialogue: Dialogue, tapped: Tapped, awaited: str | None) -> list[Command]:
        """What a button asks for, once its signature is checked. A stale one gets a kind answer."""
        try:
            content = dialogue.tokens.read(tapped.token, conversation=dialogue.conversation)
        except ForgedToken:
            return [Utter("utter_stale_button")]
        slots = {name: _unpacked(value) for name, value in content.slots.items()}
        if content.flow is None:
            return self._read_answer_tap(dialogue, content, slots, awaited)
        if content.flow == "cancel":
            return [self._cancel(dialogue)]
        if content.flow == "change":
            return [ForgetSlots(tuple(content.slots.values()))]
        if content.flow not in self._flows:
            return [Utter("utter_stale_button")]
        return [StartFlow(content.flow, slots)]

    def _read_answer_tap(
        self, dialogue: Dialogue, content: TokenContent, slots: dict[str, Any], awaited: str | None
    ) -> list[Command]:
        frame = dialogue.state.top
        if frame is None or frame.id != content.frame or awaited not in slots:
            return [Utter("utter_stale_button")]
        if self._slots[awaited].type == "boolean":
            slots[awaited] = slots[awaited] == "yes"
        return [SetSlots(slots)]

    def read_contact(self, dialogue: Dialogue, contact: SharedContact, awaited: str | None) -> list[Command]:
        """A contact card answers the question for a phone number; otherwise it is kept for later."""
        slots: dict[str, Any] = {"phone": contact.phone}
        if awaited == "phone" or not dialogue.state.stack:
            dialogue.state.slots |= slots
            return [SetSlots(slots)] if awaited == "phone" else [Utter("utter_phone_kept")]
        dialogue.state.slots |= slots
        return [Utter("utter_phone_kept")]


def intents_of(flows: Iterable[Flow]) -> set[str]:
    """Every intent that begins some flow."""
    return {trigger.intent for flow in flows for trigger in flow.text.nlu_trigger}


def _unpacked(value: str) -> Any:
    """Ids come packed; everything else is a word."""
    unpacked = unpack_id(value) if len(value) == 22 else None
    return str(unpacked) if unpacked else value
