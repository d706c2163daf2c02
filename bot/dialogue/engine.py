"""Carries out commands: begins, fills, leaves and finishes flows, and asks for what is missing."""

from collections.abc import Iterable, Mapping

from bot.dialogue import commands
from bot.dialogue.conditions import Condition
from bot.dialogue.dialogue import DeclaredAction, Dialogue
from bot.dialogue.flows import END, Flow, Step
from bot.dialogue.slots import Slot
from bot.dialogue.state import Frame
from bot.messages import MESSAGE
from shop.errors import Refused

STEPS_MAX = 200  # of one turn: beyond it a flow goes in circles
TRIES_MAX = 3  # answers that did not fit, before we offer a way out
MISSES_MAX = 3  # messages not understood in a row, before we offer a person


class Engine:
    """Moves a conversation by its flows. Pure: everything it touches comes with the Dialogue."""

    def __init__(
        self, flows: Mapping[str, Flow], slots: Mapping[str, Slot], actions: Mapping[str, DeclaredAction]
    ) -> None:
        self.flows = flows
        self.slots = slots
        self.actions = actions

    def awaited(self, dialogue: Dialogue) -> str | None:
        """The slot that the present question is about."""
        frame = dialogue.state.top
        step = self._step(frame) if frame else None
        return str(step.subject) if step and step.kind == "collect" else None

    def run(self, dialogue: Dialogue, wanted: Iterable[commands.Command]) -> None:
        """Carry out the commands in order, then go on as far as is possible without asking."""
        for command in wanted:
            self._apply(dialogue, command)
        dialogue.state.turns += 1
        dialogue.close()

    # ------------------------------------------------------------------ commands

    def _apply(self, dialogue: Dialogue, command: commands.Command) -> None:
        state = dialogue.state
        if not isinstance(command, commands.CannotHandle):
            state.misses = 0
        match command:
            case commands.StartFlow(flow, slots):
                self._start(dialogue, flow, slots)
            case commands.SetSlots(slots):
                awaited = self.awaited(dialogue)
                state.slots |= slots
                self._rewind(dialogue, [name for name in slots if name != awaited])
                self._advance(dialogue)
            case commands.ForgetSlots(names):
                for name in names:
                    state.slots.pop(name, None)
                if self._rewind(dialogue, names):
                    self._advance(dialogue)
                else:
                    dialogue.say("utter_what_to_change")
            case commands.CancelFlow():
                self._cancel(dialogue)
            case commands.AskAgain(reply, facts):
                self._ask_again(dialogue, reply, facts)
            case commands.Utter(reply, facts):
                dialogue.say(reply, **facts)
                self._remind(dialogue)
            case commands.Repeat():
                self._repeat(dialogue)
            case commands.CannotHandle():
                self._cannot_handle(dialogue)

    def _start(self, dialogue: Dialogue, flow: str, slots: Mapping[str, object]) -> None:
        """Begin a flow, or, when it is under way, begin it anew; what it interrupts waits below it."""
        state = dialogue.state
        waiting = [frame for frame in state.stack if frame.flow != flow]
        if len(waiting) < len(state.stack):
            self._forget(dialogue, self.flows[flow])
        state.stack = waiting
        state.slots |= slots
        state.push(flow, self.flows[flow].first)
        self._advance(dialogue)

    def _rewind(self, dialogue: Dialogue, names: Iterable[str]) -> bool:
        """A detail changed: take the flow again from where it is asked, as it may decide what comes after."""
        frame = dialogue.state.top
        flow = self.flows.get(frame.flow) if frame else None
        if frame is None or flow is None:
            return False
        changed = set(names)
        asks = [
            step.name for step in flow.steps.values() if step.kind == "collect" and step.subject in changed
        ]
        if asks:
            frame.step, frame.asked = asks[0], ""
        return bool(asks)

    def _cancel(self, dialogue: Dialogue) -> None:
        frame = dialogue.state.top
        if frame is None:
            dialogue.say("utter_nothing_to_cancel")
            return
        self._leave(dialogue)
        dialogue.say("utter_cancelled")
        self._remind(dialogue)

    def _ask_again(self, dialogue: Dialogue, reply: str, facts: Mapping[str, object]) -> None:
        frame = dialogue.state.top
        assert frame is not None, "only an open question is asked again"
        frame.tries += 1
        if frame.tries >= TRIES_MAX:
            frame.tries = 0
            dialogue.say("utter_stuck")
            return
        dialogue.lead = dialogue.words(reply, **facts)
        self._advance(dialogue)

    def _repeat(self, dialogue: Dialogue) -> None:
        if not dialogue.state.said:
            dialogue.say("utter_nothing_to_repeat")
        for message in dialogue.state.said:
            dialogue.send(MESSAGE.validate_python(message))

    def _cannot_handle(self, dialogue: Dialogue) -> None:
        state = dialogue.state
        state.misses += 1
        if state.misses >= MISSES_MAX:
            state.misses = 0
            self._start(dialogue, "pattern_human_handoff", {})
            return
        dialogue.say("utter_cannot_handle")
        self._remind(dialogue)

    def _remind(self, dialogue: Dialogue) -> None:
        """After an aside: come back to the open question."""
        if self.awaited(dialogue) is not None:
            dialogue.lead = dialogue.words("utter_back_to_it")
            self._advance(dialogue)

    # ------------------------------------------------------------------ steps

    def _advance(self, dialogue: Dialogue) -> None:
        """Do step after step until one has to wait for the person, or nothing is left."""
        for _ in range(STEPS_MAX):
            frame = dialogue.state.top
            if frame is None:
                return
            step = self._step(frame)
            if step is None:  # the flow was rewritten under a running conversation
                self._leave(dialogue)
                continue
            if not self._do(dialogue, frame, step):
                return
        raise RuntimeError(f"flow {dialogue.state.stack[-1].flow!r} goes in circles")

    def _do(self, dialogue: Dialogue, frame: Frame, step: Step) -> bool:
        """One step. False when it waits for an answer."""
        match step.kind:
            case "action":
                self._act(dialogue, str(step.subject))
            case "collect":
                if not self._collect(dialogue, step):
                    return False
                frame.tries = 0
            case "set_slots":
                for pair in step.subject:
                    dialogue.state.slots |= pair
            case "link":
                self._leave(dialogue, keep_slots=True)
                dialogue.state.push(str(step.subject), self.flows[str(step.subject)].first)
                return True
            case _:
                pass
        if dialogue.state.top is frame:  # an action may have changed the stack itself
            self._go_on(dialogue, frame, step)
        return True

    def _go_on(self, dialogue: Dialogue, frame: Frame, step: Step) -> None:
        target = next(
            branch.target
            for branch in step.next
            if branch.condition is None or self._holds(dialogue, branch.condition)
        )
        if target != END:
            frame.step = target
        elif step.kind != "call":
            self._leave(dialogue)
            if dialogue.state.top is not None:
                dialogue.lead = dialogue.words("utter_back_to_it")
        if step.kind == "call":
            dialogue.state.push(str(step.subject), self.flows[str(step.subject)].first)

    def _act(self, dialogue: Dialogue, name: str) -> None:
        if name.startswith("utter_"):
            dialogue.say(name)
            return
        try:
            outcome = self.actions[name].run(dialogue)
        except Refused as refused:  # the shop says no: tell why; flows handle what they expect by outcomes
            dialogue.say(refused.reply, **refused.facts)
            dialogue.outcome = "refused"
            return
        dialogue.outcome = outcome.name if outcome else None
        dialogue.facts = outcome.facts if outcome else {}

    def _collect(self, dialogue: Dialogue, step: Step) -> bool:
        """True when the slot has a value that will do; otherwise the question was asked."""
        name, frame = str(step.subject), dialogue.state.stack[-1]
        if step.text.ask_before_filling and frame.asked != step.name:
            dialogue.state.slots.pop(name, None)  # a "yes" said earlier was to something else
        if dialogue.slot(name) is not None:
            rejection = next(
                (
                    rejection
                    for rejection in step.text.rejections
                    if self._holds(dialogue, Condition(rejection.if_))
                ),
                None,
            )
            if rejection is None:
                frame.asked = ""
                return True
            dialogue.lead = dialogue.words(rejection.utter)
            del dialogue.state.slots[name]
        dialogue.state.choices = []
        frame.asked = step.name
        if (ask := f"ask_{name}") in self.actions:
            self.actions[ask].run(dialogue)
        else:
            dialogue.say(step.text.utter or f"utter_ask_{name}")
        return False

    def _holds(self, dialogue: Dialogue, condition: Condition) -> bool:
        return condition.holds(
            {"slots": dialogue.state.slots, "outcome": dialogue.outcome, "facts": dialogue.facts}
        )

    def _leave(self, dialogue: Dialogue, *, keep_slots: bool = False) -> None:
        frame = dialogue.state.stack.pop()
        flow = self.flows.get(frame.flow)
        if flow is not None and not keep_slots:
            self._forget(dialogue, flow)

    def _forget(self, dialogue: Dialogue, flow: Flow) -> None:
        """A flow's slots end with it, so that a number said here never means something there."""
        for name in flow.slots:
            slot = self.slots.get(name)
            if name not in flow.text.persisted_slots and not (slot and slot.remember):
                dialogue.state.slots.pop(name, None)

    def _step(self, frame: Frame) -> Step | None:
        flow = self.flows.get(frame.flow)
        return flow.step(frame.step) if flow else None
