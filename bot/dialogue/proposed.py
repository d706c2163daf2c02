"""What a language model proposes, read as if a person had said it: most of it may be a command, some of it never is.

A proposal begins flows that anybody may begin by words, and fills in what is under way from words that the slot's own
reader understands. It never answers yes or no, never tells who somebody is, never names a thing by its id, and begins
nothing that would change an order, the customer's data or money before they were asked.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from bot.dialogue import slots as slot_reading
from bot.dialogue.commands import AskAgain, CancelFlow, Command, Repeat, SetSlots, StartFlow
from bot.dialogue.dialogue import Dialogue
from bot.dialogue.flows import Flow, Step
from bot.dialogue.slots import Slot, Unfit
from bot.dialogue.state import Waiting
from bot.generation.proposals import (
    ProposeAnswer,
    ProposeClarifying,
    Proposed,
    ProposeFlow,
    ProposeMove,
    ProposeSlot,
    Situation,
)
from nlu.understanding import Understanding

FILLABLE: Final = frozenset({"integer", "choice"})
"""Kinds of slots that a proposal may fill: not yes or no, not ids, not names, numbers and addresses of people."""

PRIVATE: Final = frozenset({"name", "phone", "address", "place"})
"""Kinds whose answers are nobody's business outside."""

UNASKED_NEVER: Final = frozenset({
    "add_to_order", "keep_order_news",
    "ask_for_return", "forget_me", "leave_group", "cancel_order", "change_line", "empty_cart", "keep_address", "keep_email", "leave_checkout", "place_order",
    "remove_line", "swap_variant", "take_off_order", "withdraw_unpaid_order",
})  # fmt: skip
"""Actions that change an order or somebody's data, or take something away. Only a person's yes leads there."""


class ProposalReader:
    """Turns proposals into commands; what is not allowed or not understood is dropped."""

    def __init__(self, flows: Mapping[str, Flow], slots: Mapping[str, Slot]) -> None:
        self._flows = flows
        self._slots = dict(slots)
        self.startable: Mapping[str, str] = {
            flow.name: flow.text.description
            for flow in flows.values()
            if flow.text.nlu_trigger and not flow.text.courtesy and not self._acts_unasked(flow)
        }
        """The flows that a proposal may begin, with their descriptions."""

    # ------------------------------------------------------------------ what is asked

    def situation(self, dialogue: Dialogue, message: str, awaited: str | None) -> Situation | None:
        """What a model is told; None while the answer to our question is about the person."""
        if awaited is not None and self._slots[awaited].type in PRIVATE:
            return None
        top = dialogue.state.top
        question = {"flow": top.flow, "asks_for": awaited} if top and awaited else None
        return Situation(message, self.startable, question, tuple(self._fillable(dialogue, awaited)))

    def _fillable(self, dialogue: Dialogue, awaited: str | None) -> list[str]:
        """The details of what is under way that may be filled in; those that are not asked for only by an entity."""
        under_way = [self._flows[frame.flow] for frame in dialogue.state.stack if frame.flow in self._flows]
        names = dict.fromkeys(name for flow in under_way for name in flow.slots)
        return [
            name
            for name in names
            if (slot := self._slots.get(name)) is not None
            and slot.type in FILLABLE
            and (name == awaited or slot.entity is not None)
        ]

    # ------------------------------------------------------------------ what comes back

    def read(self, dialogue: Dialogue, proposals: Iterable[Proposed], awaited: str | None) -> list[Command]:
        """The commands among the proposals, each kind once."""
        commands: list[Command] = []
        for each in proposals:
            command = self._read(dialogue, each, awaited)
            if command is not None and type(command) not in {type(known) for known in commands}:
                commands.append(command)
        return dialogue.trace.because("proposed", commands)

    def _read(self, dialogue: Dialogue, proposed: Proposed, awaited: str | None) -> Command | None:
        match proposed.proposal:
            case ProposeFlow(flow=name) if name in self.startable:
                return StartFlow(name, self._told(name, dialogue.heard))
            case ProposeSlot(slot=name) if proposed.heard and name in self._fillable(dialogue, awaited):
                return self._fill(dialogue, name, proposed.heard, awaited)
            case ProposeClarifying(flows=names):
                return self._clarify(dialogue, names)
            case ProposeAnswer():
                return StartFlow("pattern_search", heard=proposed.heard)
            case ProposeMove(command=move):
                return self._move(dialogue, move, awaited)
            case _:
                return None

    def _fill(
        self, dialogue: Dialogue, name: str, heard: Understanding, awaited: str | None
    ) -> SetSlots | None:
        slot = self._slots[name]
        if name == awaited:
            value = slot_reading.answer(slot, heard, dialogue.state.choices)
        else:
            value = slot_reading.volunteered(slot, heard)
        return None if value is None or isinstance(value, Unfit) else SetSlots({name: value})

    def _clarify(self, dialogue: Dialogue, names: Iterable[str]) -> StartFlow | None:
        """Ask which of them is meant; there have to be words to ask with, and nobody else listening."""
        known = [name for name in dict.fromkeys(names) if name in self.startable]
        asked = [name for name in known if f"utter_means_{name}" in dialogue.replies]
        if len(asked) < 2 or dialogue.in_group:
            return None
        heard = dialogue.heard
        dialogue.state.doubts = [
            Waiting(flow=name, slots=self._told(name, heard), heard=heard) for name in asked
        ]
        return StartFlow("pattern_clarification")

    @staticmethod
    def _move(dialogue: Dialogue, move: str, awaited: str | None) -> Command | None:
        """A cancel leaves what is under way, and never means an order."""
        match move:
            case "cancel" if dialogue.state.stack:
                return CancelFlow()
            case "skip" if awaited is not None:
                own = f"utter_why_{awaited}"
                return AskAgain(own if own in dialogue.replies else "utter_why", misfit=False)
            case "repeat":
                return Repeat()
            case "hand_off":
                return StartFlow("pattern_human_handoff")
            case _:
                return None

    def _told(self, flow: str, heard: Understanding | None) -> dict[str, object]:
        """The details in the person's own words."""
        return slot_reading.mentioned(self._slots, set(self._flows[flow].slots), heard) if heard else {}

    # ------------------------------------------------------------------ what may begin

    def _acts_unasked(self, flow: Flow) -> bool:
        """Whether it can come to an action that changes something before a person was asked for a yes or no."""
        seen: set[tuple[str, str]] = set()
        ahead = [(flow.name, flow.first)]
        while ahead:
            place = ahead.pop()
            step = self._step(*place)
            if step is None or place in seen:
                continue
            seen.add(place)
            if step.kind == "action" and step.subject in UNASKED_NEVER:
                return True
            ahead += self._after(place[0], step)
        return False

    def _step(self, flow: str, step: str) -> Step | None:
        return self._flows[flow].step(step) if flow in self._flows else None

    def _after(self, flow: str, step: Step) -> list[tuple[str, str]]:
        """Where it can go on without a yes of the person."""
        if step.kind == "collect" and self._is_yes_or_no(str(step.subject)):
            return []
        ahead = [(flow, branch.target) for branch in step.next]
        if step.kind in {"link", "call"} and step.subject in self._flows:
            ahead.append((str(step.subject), self._flows[str(step.subject)].first))
        return ahead

    def _is_yes_or_no(self, slot: str) -> bool:
        return slot in self._slots and self._slots[slot].type == "boolean"
