"""`parley check`: everything that people wrote, read together, and each mistake named with its place and its mend."""

from collections.abc import Iterator
from pathlib import Path

from app.settings import read_secrets, read_settings
from app.wiring import FLOWS, TRAINING_DATA
from bot.dialogue import flows as flow_files
from bot.dialogue import replies as reply_files
from bot.dialogue import slots as slot_files
from bot.dialogue.conditions import Condition
from bot.dialogue.dialogue import ACTIONS
from bot.dialogue.flows import Flow, Step
from bot.dialogue.replies import Replies
from bot.dialogue.slots import Slot
from bot.dialogue.understanding import BUILT_IN_INTENTS
from nlu import training_data
from storage import yaml_files
from storage.yaml_files import Mistake, Mistakes


def mistakes(config: Path) -> list[Mistake]:
    """All of them; empty when everything fits together."""
    found: list[Mistake] = []
    language = "en"
    for part in (lambda: read_settings(config), read_secrets):
        try:
            part()
        except Mistakes as more:
            found += more.mistakes
    try:
        language = read_settings(config).language
        paths = [path for path in sorted(FLOWS.glob("*.yml")) if path != FLOWS / "slots.yml"]
        flows = flow_files.read(paths)
        slots = slot_files.read(FLOWS / "slots.yml")
        replies = reply_files.read(FLOWS / "replies", main=language)
    except Mistakes as more:
        return found + [mistake for mistake in more.mistakes if mistake not in found]
    found += check_flows(flows, slots, replies)
    found += check_training_data(TRAINING_DATA / language, flows)
    return found


def check_flows(flows: dict[str, Flow], slots: dict[str, Slot], replies: Replies) -> list[Mistake]:
    """What the flows speak of, and whether it is there."""
    return [
        mistake
        for flow in flows.values()
        for step in flow.steps.values()
        for mistake in _check_step(flow, step, flows, slots, replies)
    ]


def _check_step(
    flow: Flow, step: Step, flows: dict[str, Flow], slots: dict[str, Slot], replies: Replies
) -> Iterator[Mistake]:
    def mistake(text: str) -> Mistake:
        return Mistake(flow.file, step.line, f"flow {flow.name!r}, step {step.name!r}: {text}")

    known_replies = replies.keys(replies.main)
    match step.kind:
        case "action" if step.subject.startswith("utter_"):
            if step.subject not in known_replies:
                yield mistake(
                    f"there is no reply {step.subject!r}{yaml_files.nearest(step.subject, known_replies)}"
                )
        case "action":
            yield from (mistake(text) for text in _check_action(step))
        case "collect":
            yield from (mistake(text) for text in _check_collect(step, slots, known_replies))
        case "link" | "call" if step.subject not in flows:
            yield mistake(f"there is no flow {step.subject!r}{yaml_files.nearest(step.subject, flows)}")
        case _:
            pass


def _check_action(step: Step) -> Iterator[str]:
    declared = ACTIONS.get(step.subject)
    if declared is None:
        yield f"there is no action {step.subject!r}{yaml_files.nearest(step.subject, ACTIONS)}"
        return
    named = {outcome for branch in step.next if branch.condition for outcome in _outcomes(branch.condition)}
    for outcome in sorted(named - set(declared.outcomes)):
        yield f"{step.subject!r} never ends with {outcome!r}{yaml_files.nearest(outcome, declared.outcomes)}"
    has_else = isinstance(step.text.next, list) and any(branch.if_ is None for branch in step.text.next)
    if declared.outcomes and not has_else:
        for outcome in declared.outcomes:
            if outcome not in named:
                yield f"the outcome {outcome!r} of {step.subject!r} is not handled: add a branch for it, or an else"


def _outcomes(condition: Condition) -> set[str]:
    """The words that the condition compares `outcome` with."""
    return condition.compared_with("outcome")


def _check_collect(step: Step, slots: dict[str, Slot], replies: set[str]) -> Iterator[str]:
    if step.subject not in slots:
        yield f"there is no slot {step.subject!r}{yaml_files.nearest(step.subject, slots)}"
    question = step.text.utter or f"utter_ask_{step.subject}"
    if question not in replies and f"ask_{step.subject}" not in ACTIONS:
        yield f"nothing asks for {step.subject!r}: write the reply {question!r}"
    for rejection in step.text.rejections:
        if rejection.utter not in replies:
            yield f"there is no reply {rejection.utter!r}{yaml_files.nearest(rejection.utter, replies)}"


def check_training_data(folder: Path, flows: dict[str, Flow]) -> list[Mistake]:
    """Broken files, and intents that start nothing or are never taught."""
    data, problems = training_data.read(folder)
    found = [Mistake(Path(problem.file), problem.line, problem.message) for problem in problems]
    used = {trigger.intent: flow for flow in flows.values() for trigger in flow.text.nlu_trigger}
    taught = set(data.intents)
    for intent, flow in used.items():
        if intent not in taught:
            hint = yaml_files.nearest(intent, taught)
            found.append(
                Mistake(
                    flow.file,
                    None,
                    f"flow {flow.name!r} waits for intent {intent!r}, which has no examples{hint}",
                )
            )
    unused = sorted(taught - set(used) - BUILT_IN_INTENTS)
    found += [
        Mistake(folder, None, f"no flow uses intent {intent!r}: add an nlu_trigger") for intent in unused
    ]
    return found
