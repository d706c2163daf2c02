"""Carries out commands: begins, fills, leaves and finishes flows, and asks for what is missing."""

from collections.abc import Collection, Iterable, Mapping

from bot.dialogue import commands
from bot.dialogue.conditions import Condition
from bot.dialogue.dialogue import DeclaredAction, Dialogue
from bot.dialogue.flows import END, Flow, Step
from bot.dialogue.slots import Slot
from bot.dialogue.state import Frame, Waiting
from bot.messages import MESSAGE
from shop.errors import Refused

STEPS_MAX = 200  # of one turn: beyond it a flow goes in circles
TRIES_MAX = 3  # answers that did not fit, before we offer a way out


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
        """Carry out the commands in order, then go on as far as is possible without asking.

        Only after the last command is a question asked, so that several wishes lead to one question. In a group
        all of it goes on in private as soon as one of them belongs there.
        """
        queue = self._queue(dialogue, wanted)
        if dialogue.in_group and not all(self._is_public(command) for command in queue):
            dialogue.state.waiting, queue = [], []
            dialogue.lead_to_private()
        for position, command in enumerate(queue, start=1):
            dialogue.more_to_come = position < len(queue)
            self._apply(dialogue, command)
        self._serve_waiting(dialogue)
        dialogue.state.turns += 1
        dialogue.close()

    def _is_public(self, command: commands.Command) -> bool:
        """Whether anybody may read what comes of it."""
        match command:
            case commands.StartFlow(flow):
                return self.flows[flow].text.public
            case commands.Utter() | commands.Repeat():
                return True
            case _:
                return False

    def _queue(self, dialogue: Dialogue, wanted: Iterable[commands.Command]) -> list[commands.Command]:
        """The commands to carry out now; a second wish of one kind waits until the first is done.

        What was asked for after it waits, too, as "… and check out": all but asides, which lead nowhere.
        """
        queue, started, behind = list[commands.Command](), set[str](), ""
        for command in wanted:
            if isinstance(command, commands.StartFlow):
                if command.flow in started:
                    behind = command.flow
                if behind and (command.flow == behind or not self.flows[command.flow].text.aside):
                    dialogue.state.waiting.append(
                        Waiting(flow=command.flow, slots=command.slots, heard=command.heard, behind=behind)
                    )
                    continue
                started.add(command.flow)
            queue.append(command)
        return queue

    def _serve_waiting(self, dialogue: Dialogue) -> None:
        """Begin what waits, as soon as nothing that it waits for is under way."""
        state = dialogue.state
        while state.waiting and not state.waiting[0].awaited & {frame.flow for frame in state.stack}:
            waiting = state.waiting.pop(0)
            if waiting.flow in self.flows:
                self._apply(dialogue, commands.StartFlow(waiting.flow, waiting.slots, waiting.heard))

    # ------------------------------------------------------------------ commands

    def _apply(self, dialogue: Dialogue, command: commands.Command) -> None:
        dialogue.trace.begin(command)
        match command:
            case commands.StartFlow(flow, slots, heard):
                dialogue.heard = heard or dialogue.heard
                self._start(dialogue, flow, slots)
            case commands.SetSlots(slots):
                self._fill(dialogue, slots)
            case commands.ForgetSlots(names):
                self._take_back(dialogue, names)
            case commands.CancelFlow():
                self._cancel(dialogue)
            case commands.AskAgain(reply, facts, misfit):
                self._ask_again(dialogue, reply, facts, misfit=misfit)
            case commands.Utter(reply, facts, remind):
                dialogue.say(reply, **facts)
                if remind:
                    self._remind(dialogue)
            case commands.Repeat():
                self._repeat(dialogue)

    def _start(self, dialogue: Dialogue, name: str, slots: Mapping[str, object]) -> None:
        """Begin a flow, or, when it is under way, begin it anew; what it interrupts waits below it or ends.

        Asked for again while its own question is open, it keeps what its actions noted.
        """
        state, flow = dialogue.state, self.flows[name]
        keep = flow.text.uses if state.top is not None and state.top.flow == name else ()
        for frame in list(state.stack):
            if frame.flow == name or self._yields(frame, to=flow):
                state.stack.remove(frame)
                dialogue.trace.step(frame.flow, frame.step, "dropped", flow.name)
                self._forget(dialogue, frame, keep=keep)
        state.slots |= slots
        state.push(name, flow.first)
        self._advance(dialogue)

    def _yields(self, frame: Frame, *, to: Flow) -> bool:
        """Whether its question is dropped when somebody turns to that."""
        flow = self.flows.get(frame.flow)
        if flow is None or flow.text.resume == "never":
            return True
        return flow.text.resume == "after_asides" and not to.text.aside

    def _fill(self, dialogue: Dialogue, slots: Mapping[str, object]) -> None:
        """Take a detail; when it does not answer the open question, say that it was heard."""
        awaited = self.awaited(dialogue)
        dialogue.state.slots |= slots
        self._rewind(dialogue, slots)
        if awaited is not None and awaited not in slots:
            dialogue.lead = dialogue.words("utter_noted_on_the_way")
        self._advance(dialogue)

    def _take_back(self, dialogue: Dialogue, names: Iterable[str]) -> None:
        """Forget details: what is under way asks for them now, anything else when it needs them."""
        names = list(names)
        dialogue.state.slots |= dict.fromkeys(names)  # None: taken back, where no entry means never said
        if self._rewind(dialogue, names):
            self._advance(dialogue)
        else:
            dialogue.say("utter_forgotten" if names else "utter_what_to_change")
            self._remind(dialogue)

    def _rewind(self, dialogue: Dialogue, names: Iterable[str]) -> bool:
        """Details changed: take each flow again from where the first of them is asked, as it may decide what follows.

        Never forward: what lies between here and there is still to be asked.
        """
        changed, rewound = set(names), False
        for frame in dialogue.state.stack:
            steps = list(self.flows[frame.flow].steps.values()) if frame.flow in self.flows else []
            places = {step.name: place for place, step in enumerate(steps)}
            asks = [step.name for step in steps if step.kind == "collect" and step.subject in changed]
            if not asks or frame.step not in places or places[asks[0]] > places[frame.step]:
                continue
            if frame.step != asks[0]:
                frame.step, frame.asked = asks[0], ""
            rewound = True
        return rewound

    def _cancel(self, dialogue: Dialogue) -> None:
        frame = dialogue.state.top
        if frame is None:
            dialogue.say("utter_nothing_to_cancel")
            return
        self._leave(dialogue)
        own = f"utter_cancelled_{frame.flow}"
        dialogue.say(own if own in dialogue.replies else "utter_cancelled")
        self._remind(dialogue)

    def _ask_again(
        self, dialogue: Dialogue, reply: str, facts: Mapping[str, object], *, misfit: bool
    ) -> None:
        frame = dialogue.state.top
        assert frame is not None, "only an open question is asked again"
        frame.tries += misfit
        dialogue.unhandled |= misfit
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

    def _remind(self, dialogue: Dialogue) -> None:
        """After an aside: come back to the open question."""
        if self.awaited(dialogue) is not None:
            dialogue.coming_back = True
            self._advance(dialogue)

    # ------------------------------------------------------------------ steps

    def _advance(self, dialogue: Dialogue) -> None:
        """Do step after step until one has to wait for the person, or nothing is left."""
        for _ in range(STEPS_MAX):
            frame = dialogue.state.top
            if frame is None:
                return
            step = self._step(frame)
            if step is None:  # it is over, or was rewritten under a running conversation
                self._leave(dialogue)
                continue
            if not self._do(dialogue, frame, step):
                return
        raise RuntimeError(f"flow {dialogue.state.stack[-1].flow!r} goes in circles")

    def _do(self, dialogue: Dialogue, frame: Frame, step: Step) -> bool:
        """One step. False when it waits for an answer, or goes on elsewhere."""
        if dialogue.in_group and self._leads_to_private(step):
            dialogue.state.stack.clear()
            dialogue.lead_to_private()
            dialogue.trace.step(frame.flow, step.name, "led to the private chat")
            return False
        match step.kind:
            case "action":
                outcome = self._act(dialogue, str(step.subject))
                dialogue.trace.step(frame.flow, step.name, str(step.subject), outcome)
            case "collect":
                if not self._collect(dialogue, step):
                    return False
                frame.tries = 0
            case "set_slots":
                for pair in step.subject:
                    dialogue.state.slots |= pair
                dialogue.trace.step(frame.flow, step.name, "set_slots")
            case "link":
                linked = self.flows[str(step.subject)]
                dialogue.trace.step(frame.flow, step.name, "link", linked.name)
                self._leave(dialogue, keep=linked.slots)
                dialogue.state.push(linked.name, linked.first)
                return True
            case _:
                pass
        if dialogue.state.top is frame:  # an action may have changed the stack itself
            self._go_on(dialogue, frame, step)
        return True

    def _leads_to_private(self, step: Step) -> bool:
        """Whether it asks for something, or goes over to what is not for everybody to read."""
        match step.kind:
            case "collect":
                return True
            case "link" | "call":
                return not self.flows[str(step.subject)].text.public
            case _:
                return False

    def _go_on(self, dialogue: Dialogue, frame: Frame, step: Step) -> None:
        target = next(
            branch.target
            for branch in step.next
            if branch.condition is None or self._holds(dialogue, branch.condition)
        )
        frame.step = target
        if step.kind == "call":  # a flow called last comes back to END, and is left then
            called = self.flows[str(step.subject)]
            dialogue.trace.step(frame.flow, step.name, "call", called.name)
            dialogue.state.push(called.name, called.first)
        elif target == END:
            self._leave(dialogue)

    def _act(self, dialogue: Dialogue, name: str) -> str | None:
        """The outcome, which a mere sentence has not."""
        if name.startswith("utter_"):
            dialogue.say(name)
            return None
        try:
            outcome = self.actions[name].run(dialogue)
        except Refused as refused:  # the shop says no: tell why; flows handle what they expect by outcomes
            dialogue.say(refused.reply, **refused.facts)
            dialogue.outcome = "refused"
            return dialogue.outcome
        dialogue.outcome = outcome.name if outcome else None
        dialogue.facts = outcome.facts if outcome else {}
        return dialogue.outcome

    def _collect(self, dialogue: Dialogue, step: Step) -> bool:
        """True when the slot has a value that will do; otherwise the question was asked."""
        name, frame = str(step.subject), dialogue.state.stack[-1]

        def note(result: str) -> None:
            dialogue.trace.step(frame.flow, step.name, f"collect {name}", result)

        if step.text.ask_before_filling and frame.asked != step.name:
            dialogue.state.slots.pop(name, None)  # a "yes" said earlier was to something else
        if dialogue.slot(name) is not None:
            rejection = self._rejection(dialogue, step)
            if rejection is None:
                frame.asked = ""
                note("known")
                return True
            note(f"rejected with {rejection}")
            dialogue.lead = dialogue.words(rejection)
            del dialogue.state.slots[name]
        if not dialogue.more_to_come:
            self._ask(dialogue, frame, step)
        note("waits" if dialogue.more_to_come else "asked")
        return False

    def _rejection(self, dialogue: Dialogue, step: Step) -> str | None:
        """What to say when the value will not do."""
        for rejection in step.text.rejections:
            if self._holds(dialogue, Condition(rejection.if_)):
                return rejection.utter
        return None

    def _ask(self, dialogue: Dialogue, frame: Frame, step: Step) -> None:
        if dialogue.coming_back and frame.asked == step.name and not dialogue.lead:
            dialogue.lead = dialogue.words("utter_back_to_it")
        dialogue.state.choices = []
        frame.asked = step.name
        if (ask := f"ask_{step.subject}") in self.actions:
            self.actions[ask].run(dialogue)
        else:
            dialogue.say(step.text.utter or f"utter_ask_{step.subject}")

    def _holds(self, dialogue: Dialogue, condition: Condition) -> bool:
        return condition.holds(
            {"slots": dialogue.state.slots, "outcome": dialogue.outcome, "facts": dialogue.facts}
        )

    def _leave(self, dialogue: Dialogue, *, keep: Collection[str] = ()) -> None:
        frame = dialogue.state.stack.pop()
        dialogue.trace.step(frame.flow, frame.step, "left")
        self._forget(dialogue, frame, keep=keep)
        dialogue.coming_back = True

    def _forget(self, dialogue: Dialogue, frame: Frame, *, keep: Collection[str] = ()) -> None:
        """A flow's slots end with it, so that a number said here never means something there."""
        flow = self.flows.get(frame.flow)
        if flow is None:
            return
        kept = {*keep, *flow.text.persisted_slots}
        for name in flow.slots:
            if name not in kept and not (name in self.slots and self.slots[name].remember):
                dialogue.state.slots.pop(name, None)

    def _step(self, frame: Frame) -> Step | None:
        flow = self.flows.get(frame.flow)
        return flow.step(frame.step) if flow else None
