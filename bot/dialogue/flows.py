"""Flows: how conversations go, read from YAML in the vocabulary of Rasa's CALM flows and checked.

Reading compiles each flow into a flat table of steps; nested `then` lists become steps with names of
their own, so that a conversation can remember where it is by a name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.dialogue.conditions import BadCondition, Condition
from storage import yaml_files
from storage.yaml_files import Mistake, Mistakes

END = "END"
SURE = 0.55  # an intent this probable may begin a flow by itself


class FlowModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class BranchText(FlowModel):
    """`if … then …`, or `else …`; what follows is a step's name, END, or steps of its own."""

    if_: str | None = Field(default=None, alias="if")
    then: "str | list[StepText] | None" = None
    else_: "str | list[StepText] | None" = Field(default=None, alias="else")


class RejectionText(FlowModel):
    """Answers that will not do, and what is said then."""

    if_: str = Field(alias="if")
    utter: str


class StepText(FlowModel):
    """One step: exactly one of action, collect, set_slots, link, call, noop."""

    id: str | None = None
    action: str | None = None
    collect: str | None = None
    set_slots: list[dict[str, Any]] | None = None
    link: str | None = None
    call: str | None = None
    noop: bool | None = None
    utter: str | None = None  # with collect: the question; `utter_ask_<slot>` otherwise
    ask_before_filling: bool = False
    rejections: list[RejectionText] = Field(default_factory=list[RejectionText])
    next: str | list[BranchText] | None = None


class TriggerText(FlowModel):
    """An intent that starts the flow, when it is at least this probable; with `entity`, only beside such a detail."""

    intent: str
    entity: str | None = None
    confidence_threshold: float = SURE


class FlowText(FlowModel):
    """A flow as written."""

    name: str | None = None
    description: str
    nlu_trigger: list[TriggerText] = Field(default_factory=list[TriggerText])
    persisted_slots: list[str] = Field(default_factory=list[str])
    uses: list[str] = Field(default_factory=list[str])  # slots that its actions read; they end with the flow
    aside: bool = False  # a question or remark: what it interrupts goes on after it
    resume: Literal["always", "after_asides", "never"] = "always"  # whether it goes on when interrupted
    courtesy: bool = False  # hello, thanks: beside a wish they need no answer
    one_by_one: bool = False  # a message that names several products begins it for each of them
    public: bool = False  # asks and tells what anybody may read, so that it may go on in a group
    steps: list[StepText] = Field(min_length=1)


class FlowFile(FlowModel):
    version: str | None = None
    flows: dict[str, FlowText]


@dataclass(frozen=True, slots=True)
class Branch:
    """Where to go when `condition` holds (None: always)."""

    condition: Condition | None
    target: str


@dataclass(frozen=True, slots=True)
class Step:
    """A compiled step: what it does, and where it goes after."""

    name: str
    kind: str
    subject: Any
    text: StepText
    next: tuple[Branch, ...]
    line: int | None


@dataclass(frozen=True, slots=True)
class Flow:
    """A compiled flow."""

    name: str
    text: FlowText
    file: Path
    first: str
    steps: dict[str, Step]
    slots: tuple[str, ...] = field(default=())  # that it collects, sets or reads
    line: int | None = None

    def step(self, name: str) -> Step | None:
        return self.steps.get(name)


KINDS = ("action", "collect", "set_slots", "link", "call", "noop")


def read(paths: Iterable[Path]) -> dict[str, Flow]:
    """Every flow of these files. Raises Mistakes with all that is wrong, not only the first."""
    flows: dict[str, Flow] = {}
    mistakes: list[Mistake] = []
    for path in paths:
        try:
            read_here = list(_read_file(path))
            mistakes += [
                Mistake(path, flow.line, f"flow {flow.name!r} is also in {flows[flow.name].file}")
                for flow in read_here
                if flow.name in flows
            ]
            flows |= {flow.name: flow for flow in read_here}
        except Mistakes as found:
            mistakes += found.mistakes
    if mistakes:
        raise Mistakes(mistakes)
    return flows


def _read_file(path: Path) -> Iterator[Flow]:
    content = yaml_files.load(path)
    file = yaml_files.parse(FlowFile, content, path)
    for name, text in file.flows.items():
        yield _Compiler(name, text, path, content).compile()


class _Compiler:
    """Flattens one flow."""

    def __init__(self, name: str, text: FlowText, path: Path, content: Any) -> None:
        self._name, self._text, self._path, self._content = name, text, path, content
        self._steps: dict[str, Step] = {}
        self._mistakes: list[Mistake] = []

    def compile(self) -> Flow:
        first = self._block(self._text.steps, ["flows", self._name, "steps"], after=END, prefix="")
        self._check_targets()
        if self._mistakes:
            raise Mistakes(self._mistakes)
        collected = [step.subject for step in self._steps.values() if step.kind == "collect"]
        given = [
            slot
            for step in self._steps.values()
            if step.kind == "set_slots"
            for pair in step.subject
            for slot in pair
        ]
        slots = tuple(dict.fromkeys(collected + given + self._text.uses))
        line = yaml_files.line_of(self._content, ["flows", self._name])
        return Flow(self._name, self._text, self._path, first, self._steps, slots, line)

    def _block(self, steps: list[StepText], where: list[str | int], *, after: str, prefix: str) -> str:
        """Compile a list of steps that goes on to `after`; the name of its first."""
        names = [step.id or f"{prefix}{index}_{_kind(step) or 'step'}" for index, step in enumerate(steps)]
        for index, step in enumerate(steps):
            following = names[index + 1] if index + 1 < len(steps) else after
            self._step(step, names[index], [*where, index], following)
        return names[0] if names else after

    def _step(self, text: StepText, name: str, where: list[str | int], following: str) -> None:
        line = yaml_files.line_of(self._content, where)
        kind = _kind(text)
        if kind is None:
            self._mistake(line, f"step {name!r} needs exactly one of: {', '.join(KINDS)}")
            return
        if name in self._steps:
            self._mistake(line, f"two steps are called {name!r}")
        self._steps[name] = Step(  # entered before its branches, so that they may go back to it
            name, kind, getattr(text, kind), text, (), line
        )
        branches = tuple(self._branches(text, name, where, following))
        self._steps[name] = Step(name, kind, getattr(text, kind), text, branches, line)
        for rejection in text.rejections:
            self._condition(rejection.if_, line)

    def _branches(
        self, text: StepText, name: str, where: list[str | int], following: str
    ) -> Iterator[Branch]:
        if text.next is None:
            yield Branch(None, following)
            return
        if isinstance(text.next, str):
            yield Branch(None, text.next)
            return
        for index, branch in enumerate(text.next):
            place = [*where, "next", index]
            target = branch.then if branch.if_ is not None else branch.else_
            if isinstance(target, list):
                inner = [*place, "then" if branch.if_ is not None else "else"]
                goes_to = self._block(target, inner, after=following, prefix=f"{name}_{index}_")
            else:
                goes_to = target or following
            condition = self._condition(branch.if_, yaml_files.line_of(self._content, place))
            yield Branch(condition, goes_to)
        if all(branch.if_ is not None for branch in text.next):
            yield Branch(None, following)

    def _condition(self, text: str | None, line: int | None) -> Condition | None:
        if text is None:
            return None
        try:
            return Condition(text)
        except BadCondition as error:
            self._mistake(line, str(error))
            return None

    def _check_targets(self) -> None:
        for step in self._steps.values():
            for branch in step.next:
                if branch.target != END and branch.target not in self._steps:
                    hint = yaml_files.nearest(branch.target, self._steps)
                    self._mistake(
                        step.line, f"step {step.name!r} goes to {branch.target!r}, which is not there{hint}"
                    )

    def _mistake(self, line: int | None, message: str) -> None:
        self._mistakes.append(Mistake(self._path, line, f"flow {self._name!r}: {message}"))


def _kind(step: StepText) -> str | None:
    """The one thing the step does; None when it does nothing or several things."""
    kinds = [kind for kind in KINDS if getattr(step, kind) is not None]
    return kinds[0] if len(kinds) == 1 else None
