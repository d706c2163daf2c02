"""The ways through flows: steps that nothing leads to, and ways that never end."""

from collections.abc import Iterator, Mapping

from bot.dialogue.flows import END, Branch, Flow, Step
from storage.yaml_files import Mistake

Place = tuple[str, str]  # a flow and one of its steps


def check_paths(flows: Mapping[str, Flow]) -> list[Mistake]:
    """Steps that nobody can come to, and steps from which nobody comes to an end."""
    found = [mistake for flow in flows.values() for mistake in _unreachable(flow)]
    return found + list(_endless(flows))


def _unreachable(flow: Flow) -> Iterator[Mistake]:
    """The first step of each piece that is cut off; what follows it is mended with it."""
    cut_off = {name: step for name, step in flow.steps.items() if name not in _reached(flow)}
    led_to = {branch.target for step in cut_off.values() for branch in _branches(step)}
    heads = [name for name in cut_off if name not in led_to] or list(cut_off)[:1]
    for name in heads:
        text = f"flow {flow.name!r}, step {name!r}: nothing leads here: name it in a next, or remove it"
        yield Mistake(flow.file, flow.steps[name].line, text)


def _reached(flow: Flow) -> set[str]:
    reached, ahead = set[str](), [flow.first]
    while ahead:
        name = ahead.pop()
        if name in flow.steps and name not in reached:
            reached.add(name)
            ahead += [branch.target for branch in _branches(flow.steps[name])]
    return reached


def _branches(step: Step) -> tuple[Branch, ...]:
    """A link goes to another flow for good, whatever stands after it."""
    return () if step.kind == "link" else step.next


# ---------------------------------------------------------------------- ways that never end


def _endless(flows: Mapping[str, Flow]) -> Iterator[Mistake]:
    """A loop is told once in each flow that it runs through, at the first of its steps there."""
    ending = _ending(flows)
    told = set[Place]()
    for flow in flows.values():
        reached = _reached(flow)
        for name, step in flow.steps.items():
            place = (flow.name, name)
            if name not in reached or place in ending:
                continue
            loop = _loop_from(place, flows, ending)
            if place in loop and not told & set(loop):
                told |= set(loop)
                way = " → ".join(_called(each, flow) for each in [*loop[loop.index(place) :], place])
                text = f"goes round for ever ({way}): give one of these steps a branch to END"
                yield Mistake(flow.file, step.line, f"flow {flow.name!r}, step {name!r}: {text}")


def _ending(flows: Mapping[str, Flow]) -> set[Place]:
    """Every place from which an end can be reached. What is linked or called and is not there is told elsewhere."""
    ending, before = set[Place](), -1
    while len(ending) > before:
        before = len(ending)
        ending |= {
            (flow.name, name)
            for flow in flows.values()
            for name, step in flow.steps.items()
            if _ends(flow, step, flows, ending)
        }
    return ending


def _ends(flow: Flow, step: Step, flows: Mapping[str, Flow], ending: set[Place]) -> bool:
    if step.kind in {"link", "call"}:
        other = flows.get(str(step.subject))
        if other is not None and (other.name, other.first) not in ending:
            return False
        if step.kind == "link":
            return True
    return any(branch.target == END or (flow.name, branch.target) in ending for branch in step.next)


def _loop_from(place: Place, flows: Mapping[str, Flow], ending: set[Place]) -> list[Place]:
    """Where somebody goes round who starts there and never comes to an end."""
    way: list[Place] = []
    while place not in way:
        way.append(place)
        flow, name = flows[place[0]], place[1]
        step = flow.steps[name]
        other = flows.get(str(step.subject)) if step.kind in {"link", "call"} else None
        if other is not None and (other.name, other.first) not in ending:
            place = (other.name, other.first)
        else:
            place = (flow.name, step.next[0].target)
    return way[way.index(place) :]


def _called(place: Place, flow: Flow) -> str:
    return place[1] if place[0] == flow.name else f"{place[0]}/{place[1]}"
