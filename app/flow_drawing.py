"""Draws flows as they were loaded: steps, branches with their conditions, questions, outcomes, links and calls.

As Mermaid text (which GitHub and many editors show) or as DOT (Graphviz).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from rapidfuzz import process

from app.options import DrawingFormat
from bot.dialogue.dialogue import DeclaredAction
from bot.dialogue.flows import END, Flow, Step

NEAR_MAX: Final = 3
NEAR_SCORE_MIN: Final = 55

Shape = Literal["start", "action", "reply", "question", "flow", "other", "end"]


class NoSuchFlow(LookupError):  # noqa: N818 - what it is
    """There is no flow of that name; the message tells the nearest."""


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the picture; `lines` are its words."""

    id: str
    shape: Shape
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow; a dotted one leaves the flow, or is gone only when the shop refuses."""

    source: str
    target: str
    label: str = ""
    dotted: bool = False


@dataclass(slots=True)
class Picture:
    """One flow's boxes and arrows."""

    title: str
    nodes: list[Node] = field(default_factory=list[Node])
    edges: list[Edge] = field(default_factory=list[Edge])


def draw(
    flows: Mapping[str, Flow],
    actions: Mapping[str, DeclaredAction],
    names: Sequence[str],
    *,
    form: DrawingFormat,
) -> str:
    """The named flows in that order, or all of them. Raises NoSuchFlow."""
    for name in names:
        if name not in flows:
            raise NoSuchFlow(_unknown(name, flows))
    chosen = list(dict.fromkeys(names)) or list(flows)
    starts = {name: f"f{number}" for number, name in enumerate(chosen)}
    pictures = [_picture(flows[name], starts, actions) for name in chosen]
    crossing = list(_crossing([flows[name] for name in chosen], starts))
    return (_mermaid if form == "mermaid" else _dot)(pictures, crossing)


def _unknown(name: str, flows: Mapping[str, Flow]) -> str:
    near = process.extract(name, list(flows), limit=NEAR_MAX, score_cutoff=NEAR_SCORE_MIN)
    known = [found for found, _, _ in near]
    hint = (
        f"Did you mean {' or '.join(map(repr, known))}?" if known else f"Flows: {', '.join(sorted(flows))}."
    )
    return f"There is no flow {name!r}. {hint}"


# ---------------------------------------------------------------------- boxes and arrows


def _picture(flow: Flow, starts: Mapping[str, str], actions: Mapping[str, DeclaredAction]) -> Picture:
    start = starts[flow.name]
    ids = {name: f"{start}s{number}" for number, name in enumerate(flow.steps)} | {END: f"{start}z"}
    picture = Picture(f"{flow.name}: {flow.text.description}")
    picture.nodes.append(Node(start, "start", (flow.name, *_triggers(flow))))
    picture.edges.append(Edge(start, ids[flow.first]))
    for step in flow.steps.values():
        picture.nodes.append(Node(ids[step.name], _shape(step), tuple(_words(step, actions))))
        picture.edges += _arrows(step, ids, actions)
    if any(edge.target == ids[END] for edge in picture.edges):
        picture.nodes.append(Node(ids[END], "end", (END,)))
    return picture


def _triggers(flow: Flow) -> Iterator[str]:
    for trigger in flow.text.nlu_trigger:
        beside = f" + {trigger.entity}" if trigger.entity else ""
        yield f"when {trigger.intent}{beside} ≥ {trigger.confidence_threshold:.2f}"


def _shape(step: Step) -> Shape:
    match step.kind:
        case "action":
            return "reply" if str(step.subject).startswith("utter_") else "action"
        case "collect":
            return "question"
        case "link" | "call":
            return "flow"
        case _:
            return "other"


def _words(step: Step, actions: Mapping[str, DeclaredAction]) -> Iterator[str]:
    match step.kind:
        case "action":
            yield str(step.subject)
            declared = actions.get(str(step.subject))
            if declared is not None and declared.outcomes:
                yield f"→ {' | '.join(declared.outcomes)}"
        case "collect":
            yield f"collect {step.subject}"
            own = f"ask_{step.subject}"
            yield own if own in actions else step.text.utter or f"utter_{own}"
            if step.text.ask_before_filling:
                yield "always asked"
            yield from (f"not if {each.if_}: {each.utter}" for each in step.text.rejections)
        case "set_slots":
            yield from (f"{name} := {value!r}" for pair in step.subject for name, value in pair.items())
        case "noop":
            yield step.name
        case kind:
            yield f"{kind} {step.subject}"


def _arrows(step: Step, ids: Mapping[str, str], actions: Mapping[str, DeclaredAction]) -> Iterator[Edge]:
    """Where it goes on to. A link comes back never, so it has none."""
    if step.kind == "link":
        return
    several = len(step.next) > 1
    for branch in step.next:
        source, target = ids[step.name], ids[branch.target]
        if branch.condition is not None:
            yield Edge(source, target, branch.condition.text)
        elif several and _only_when_refused(step, actions):
            yield Edge(source, target, "refused", dotted=True)
        else:
            yield Edge(source, target, "else" if several else "")


def _only_when_refused(step: Step, actions: Mapping[str, DeclaredAction]) -> bool:
    """Whether every outcome has its branch, so that what is left over is the shop's refusal alone."""
    written = step.text.next
    if isinstance(written, list) and any(branch.if_ is None for branch in written):
        return False
    declared = actions.get(str(step.subject)) if step.kind == "action" else None
    compared = (branch.condition.compared_with("outcome") for branch in step.next if branch.condition)
    handled = {outcome for each in compared for outcome in each}
    return declared is not None and bool(declared.outcomes) and set(declared.outcomes) <= handled


def _crossing(flows: Iterable[Flow], starts: Mapping[str, str]) -> Iterator[Edge]:
    """Links and calls to flows that are in the picture too."""
    for flow in flows:
        for number, step in enumerate(flow.steps.values()):
            if step.kind in {"link", "call"} and str(step.subject) in starts:
                yield Edge(f"{starts[flow.name]}s{number}", starts[str(step.subject)], step.kind, dotted=True)


# ---------------------------------------------------------------------- Mermaid

MERMAID_SHAPES: Final[dict[Shape, tuple[str, str]]] = {
    "start": ("([", "])"),
    "action": ("[", "]"),
    "reply": ("(", ")"),
    "question": ("{{", "}}"),
    "flow": ("[[", "]]"),
    "other": ("[/", "/]"),
    "end": ("((", "))"),
}


def _mermaid(pictures: Iterable[Picture], crossing: Iterable[Edge]) -> str:
    """https://mermaid.js.org/syntax/flowchart.html: words in quotes, with entity codes for what would end them."""
    lines = ["flowchart TD"]
    for number, picture in enumerate(pictures):
        lines.append(f"  subgraph flow{number}[{_in_quotes([picture.title])}]")
        for node in picture.nodes:
            opening, closing = MERMAID_SHAPES[node.shape]
            lines.append(f"    {node.id}{opening}{_in_quotes(node.lines)}{closing}")
        lines += [f"    {_mermaid_arrow(edge)}" for edge in picture.edges]
        lines.append("  end")
    return "\n".join(lines + [f"  {_mermaid_arrow(edge)}" for edge in crossing])


def _mermaid_arrow(edge: Edge) -> str:
    arrow = "-.->" if edge.dotted else "-->"
    label = f"|{_in_quotes([edge.label])}|" if edge.label else ""
    return f"{edge.source} {arrow}{label} {edge.target}"


def _in_quotes(lines: Iterable[str]) -> str:
    return f'"{"<br/>".join(map(_escaped, lines))}"'


def _escaped(words: str) -> str:
    return re.sub(r'[#"<>&`]', lambda found: f"#{ord(found.group())};", " ".join(words.split()))


# ---------------------------------------------------------------------- DOT

DOT_SHAPES: Final[dict[Shape, str]] = {
    "start": "shape=oval",
    "action": "shape=box",
    "reply": "shape=box, style=rounded",
    "question": "shape=hexagon",
    "flow": "shape=component",
    "other": "shape=parallelogram",
    "end": "shape=doublecircle",
}


def _dot(pictures: Iterable[Picture], crossing: Iterable[Edge]) -> str:
    """https://graphviz.org/doc/info/lang.html: double-quoted strings, with quotes and backslashes escaped."""
    lines = ["digraph flows {", "  rankdir=TB;"]
    for number, picture in enumerate(pictures):
        lines += [f"  subgraph cluster_{number} {{", f"    label={_dot_string([picture.title])};"]
        lines += [
            f"    {node.id} [{DOT_SHAPES[node.shape]}, label={_dot_string(node.lines)}];"
            for node in picture.nodes
        ]
        lines += [f"    {_dot_arrow(edge)}" for edge in picture.edges]
        lines.append("  }")
    return "\n".join([*lines, *(f"  {_dot_arrow(edge)}" for edge in crossing), "}"])


def _dot_arrow(edge: Edge) -> str:
    style = "dashed" if edge.dotted else "solid"
    return f"{edge.source} -> {edge.target} [style={style}, label={_dot_string([edge.label])}];"


def _dot_string(lines: Iterable[str]) -> str:
    escaped = (" ".join(line.split()).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
