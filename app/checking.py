"""`parley check`: everything that people wrote, read together, and each mistake named with its place and its mend."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl

from pydantic import BaseModel

from app.checking_paths import check_paths
from app.checking_replies import check_placeholders
from app.engines import check_rasa
from app.settings import read_secrets, read_settings
from app.wiring import FLOWS, TRAINING_DATA, flow_files
from bot.actions import ACTIONS
from bot.dialogue import flows as flow_reading
from bot.dialogue import replies as reply_files
from bot.dialogue import slots as slot_files
from bot.dialogue.conditions import Condition
from bot.dialogue.flows import Flow, Step
from bot.dialogue.replies import ButtonText, Replies
from bot.dialogue.slots import Slot
from bot.dialogue.understanding import BUILT_IN_INTENTS
from knowledge_base.wording import WORDS_FOLDER as QUESTION_WORDS
from knowledge_base.wording import Words as QuestionWords
from nlu import training_data
from nlu.entities.extraction import ENTITIES
from nlu.entities.words import WORDS_FOLDER as ENTITY_WORDS
from nlu.entities.words import Words as EntityWords
from nlu.training_data import TrainingData
from shop.delivery.options import DeliveryOption, DeliveryWords, PlaceWords
from shop.errors import Refused
from shop.profile import ShopProfile, ShopWords
from storage import yaml_files
from storage.yaml_files import Mistake, Mistakes

TAPS = {"cancel", "change"}  # what a button may ask for beside a flow
CONDITION_NAMES = ("slots", "outcome", "facts")


def mistakes(
    config: Path,
    *,
    flow_folder: Path = FLOWS,
    data_folder: Path = TRAINING_DATA,
    entity_words: Path = ENTITY_WORDS,
    question_words: Path = QUESTION_WORDS,
) -> list[Mistake]:
    """All of them; empty when everything fits together."""
    found: list[Mistake] = []
    for part in (lambda: read_settings(config), read_secrets):
        try:
            part()
        except Mistakes as more:
            found += more.mistakes
    try:
        settings = read_settings(config)
        languages = settings.languages
        flows = flow_reading.read(flow_files(flow_folder))
        slots = slot_files.read(flow_folder / "slots.yml")
        replies = reply_files.read(flow_folder / "replies", languages=languages)
    except Mistakes as more:
        return found + [mistake for mistake in more.mistakes if mistake not in found]
    found += check_flows(flows, slots, replies)
    found += check_paths(flows)
    found += check_replies(flows, slots, replies)
    found += check_placeholders(replies, slots)
    found += check_profile(config, settings.shop, languages[1:])
    taught: dict[Path, TrainingData] = {}
    for language in languages:
        folder = data_folder / language
        taught[folder], problems = training_data.read(folder)
        found += [Mistake(Path(problem.file), problem.line, problem.message) for problem in problems]
        found += check_training_data(taught[folder], flows, slots, flow_folder / "slots.yml")
        found += check_words(language, entity_words, question_words)
        found += check_called(language, slots, flow_folder / "slots.yml")
    found += check_lookups(taught) + check_engine(config, flows, slots)
    return list(dict.fromkeys(found))  # a flow's mistake is the same in each language


def check_engine(config: Path, flows: dict[str, Flow], slots: dict[str, Slot]) -> list[Mistake]:
    """Whether the Rasa server, where one is chosen, is there and knows every intent that is used."""
    try:
        settings, secrets = read_settings(config), read_secrets()
    except Mistakes:
        return []  # told already
    return check_rasa(settings, secrets, config, BUILT_IN_INTENTS | _intents_used(flows, slots))


def _intents_used(flows: dict[str, Flow], slots: dict[str, Slot]) -> set[str]:
    by_flows = {trigger.intent for flow in flows.values() for trigger in flow.text.nlu_trigger}
    return by_flows | {intent for slot in slots.values() for intent in _intents_of(slot)}


def _intents_of(slot: Slot) -> Sequence[str]:
    """What answers the question for that slot without naming a value."""
    return (*slot.affirmed_by, *slot.denied_by, *slot.given_by)


# ---------------------------------------------------------------------- flows


def check_flows(flows: dict[str, Flow], slots: dict[str, Slot], replies: Replies) -> list[Mistake]:
    """What the flows speak of, and whether it is there."""
    found = [mistake for flow in flows.values() for mistake in _check_flow(flow, slots)]
    found += _contested_intents(flows)
    return found + [
        mistake
        for flow in flows.values()
        for step in flow.steps.values()
        for mistake in _check_step(flow, step, flows, slots, replies)
    ]


def _check_flow(flow: Flow, slots: dict[str, Slot]) -> Iterator[Mistake]:
    for name in (*flow.text.uses, *flow.text.persisted_slots):
        if name not in slots:
            text = f"flow {flow.name!r}: there is no slot {name!r}{yaml_files.nearest(name, slots)}"
            yield Mistake(flow.file, flow.line, text)


def _contested_intents(flows: dict[str, Flow]) -> list[Mistake]:
    """An intent can begin one flow only, or several when each waits for another detail."""
    waiting: dict[tuple[str, str | None], list[Flow]] = defaultdict(list)
    for flow in flows.values():
        for trigger in flow.text.nlu_trigger:
            waiting[trigger.intent, trigger.entity].append(flow)
    return [
        Mistake(
            flow.file,
            flow.line,
            f"flow {flow.name!r}: intent {intent!r} begins flow {rivals[0].name!r} already; give one of them an entity",
        )
        for (intent, _), rivals in waiting.items()
        for flow in rivals[1:]
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
        case "set_slots":
            given = [name for pair in step.subject for name in pair]
            yield from (mistake(text) for text in _unknown_slots(given, slots))
        case "link" | "call" if step.subject not in flows:
            yield mistake(f"there is no flow {step.subject!r}{yaml_files.nearest(step.subject, flows)}")
        case _:
            pass
    yield from (mistake(text) for text in _check_conditions(step, slots))


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
    yield from _unknown_slots([step.subject], slots)
    question = step.text.utter or f"utter_ask_{step.subject}"
    if question not in replies and f"ask_{step.subject}" not in ACTIONS:
        yield f"nothing asks for {step.subject!r}: write the reply {question!r}"
    for rejection in step.text.rejections:
        if rejection.utter not in replies:
            yield f"there is no reply {rejection.utter!r}{yaml_files.nearest(rejection.utter, replies)}"


def _check_conditions(step: Step, slots: dict[str, Slot]) -> Iterator[str]:
    """The slots that its branches and rejections ask about."""
    conditions = [branch.condition for branch in step.next if branch.condition is not None]
    conditions += [Condition(rejection.if_) for rejection in step.text.rejections]
    names = [name.split(".") for condition in conditions for name in sorted(condition.names())]
    yield from _unknown_slots((name[1] for name in names if name[0] == "slots" and len(name) > 1), slots)
    for name in names:
        if name[0] not in CONDITION_NAMES:
            hint = (
                f": write slots.{name[0]}"
                if name[0] in slots
                else yaml_files.nearest(name[0], CONDITION_NAMES)
            )
            yield f"a condition speaks of {'.'.join(name)!r}, which is nothing here{hint}"


def _unknown_slots(names: Iterable[str], slots: dict[str, Slot]) -> Iterator[str]:
    return (
        f"there is no slot {name!r}{yaml_files.nearest(name, slots)}" for name in names if name not in slots
    )


# ---------------------------------------------------------------------- replies


def check_replies(flows: dict[str, Flow], slots: dict[str, Slot], replies: Replies) -> list[Mistake]:
    """What buttons lead to, whether every language says everything, and whether every refusal has its words."""
    found: list[Mistake] = []
    for language in replies.languages:
        for reply, wordings in replies.texts(language).items():
            wrong = [text for wording in wordings for text in _check_buttons(wording.buttons, flows, slots)]
            found += [replies.mistake(language, reply, text) for text in wrong]
        found += _check_language(replies, language)
    known = replies.keys(replies.main)
    found += [
        Mistake(
            FLOWS / "replies",
            None,
            f"{kind.__name__} is told with the reply {kind.reply!r}, which is missing",
        )
        for kind in _refusals(Refused)
        if kind.reply not in known
    ]
    return found


def _check_buttons(
    buttons: list[ButtonText], flows: dict[str, Flow], slots: dict[str, Slot]
) -> Iterator[str]:
    for button in buttons:
        kinds = (button.payload, button.url, button.share, button.private, button.invite)
        if sum(kind is not None for kind in kinds) != 1:
            yield f"button {button.title!r} needs exactly one of: payload, url, share, private, invite"
        if button.payload is not None:
            yield from (
                f"button {button.title!r}: {text}" for text in _check_payload(button.payload, flows, slots)
            )


def _check_payload(payload: str, flows: dict[str, Flow], slots: dict[str, Slot]) -> Iterator[str]:
    flow, _, given = payload.partition("?")
    if flow and flow not in flows and flow not in TAPS:
        yield f"there is no flow {flow!r}{yaml_files.nearest(flow, flows)}"
    details = parse_qsl(given)
    yield from _unknown_slots((value if flow == "change" else name for name, value in details), slots)


def _check_language(replies: Replies, language: str) -> list[Mistake]:
    main, own = replies.keys(replies.main), replies.keys(language)
    found = [
        replies.mistake(
            language, reply, f"the main language has no such reply{yaml_files.nearest(reply, main)}"
        )
        for reply in sorted(own - main)
    ]
    found += [
        replies.mistake(language, reply, text)
        for reply in sorted(own & main)
        for text in _unknown_names(replies, language, reply)
    ]
    return found + [
        replies.mistake(
            replies.main, reply, f"is missing in language {language!r}: write it in replies/{language}"
        )
        for reply in sorted(main - own)
    ]


def _refusals(kind: type[Refused]) -> Iterator[type[Refused]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _refusals(each)


def _unknown_names(replies: Replies, language: str, reply: str) -> Iterator[str]:
    """Facts that a sentence uses and its model in the main language does not: nobody would fill them in."""
    known = replies.names(replies.main, reply)
    for name in sorted(replies.names(language, reply) - known):
        yield f"the main language's sentence has no {{{{ {name} }}}}{yaml_files.nearest(name, known)}"


# ---------------------------------------------------------------------- languages


def check_words(language: str, entity_words: Path, question_words: Path) -> list[Mistake]:
    """The files of words that a language needs, and whether they can be read."""
    files: tuple[tuple[Path, type[BaseModel], str], ...] = (
        (entity_words / f"{language}.yml", EntityWords, "names, numbers, prices and addresses"),
        (question_words / f"{language}.yml", QuestionWords, "searches and questions"),
    )
    found: list[Mistake] = []
    for path, model, what in files:
        if not path.is_file():
            text = f"is missing: until it is there, {what} in {language!r} are read with English words"
            found.append(Mistake(path, None, text))
            continue
        try:
            yaml_files.parse(model, yaml_files.load(path), path)
        except Mistakes as more:
            found += more.mistakes
    return found


def check_called(language: str, slots: dict[str, Slot], slot_file: Path) -> list[Mistake]:
    """The words that people change each detail by."""
    return [
        Mistake(slot_file, None, f"slot {name!r}: 'called' has no words in {language!r}")
        for name, slot in slots.items()
        if slot.called and language not in slot.called
    ]


def check_profile(config: Path, shop: ShopProfile, languages: Iterable[str]) -> list[Mistake]:
    """What the shop says of itself, in each language beside the main one."""
    empty = ShopWords()
    return [
        Mistake(config, None, f"shop.translations.{language}: has no words for {what}")
        for language in languages
        for words in [shop.translations.get(language, empty)]
        for what, there in (
            ("promise", words.promise is not None or not shop.promise),
            ("hours", words.hours is not None or not shop.hours),
            *(
                (f"delivery.{what}", there)
                for option in shop.delivery
                for what, there in _delivery_words(option, words.delivery.get(option.code))
            ),
        )
        if not there
    ]


def _delivery_words(option: DeliveryOption, words: DeliveryWords | None) -> Iterator[tuple[str, bool]]:
    """What of an option wants words of its own, and whether it has them."""
    yield option.code, words is not None
    nothing: Mapping[str, PlaceWords] = {}
    for kind, places, said in (
        ("zones", option.zones, words.zones if words else nothing),
        ("points", {point.code: point for point in option.points}, words.points if words else nothing),
    ):
        for name, place in places.items() if words is not None else ():
            for part in PlaceWords.model_fields:
                needed = bool(getattr(place, part, None))
                there = getattr(said.get(name), part, None) is not None
                yield f"{option.code}.{kind}.{name}.{part}", there or not needed


def check_lookups(taught: Mapping[Path, TrainingData]) -> list[Mistake]:
    """Every language knows words of the kinds that the main one, which comes first, has lists of: colours, countries."""
    first, *others = taught
    return [
        Mistake(folder, None, f"has no lookup {kind!r}, which language {first.name!r} has")
        for folder in others
        for kind in sorted(taught[first].lookups.keys() - taught[folder].lookups)
    ]


# ---------------------------------------------------------------------- training data


def check_training_data(
    data: TrainingData, flows: dict[str, Flow], slots: dict[str, Slot], slot_file: Path
) -> list[Mistake]:
    """Intents that start nothing or are never taught."""
    found: list[Mistake] = []
    used = {trigger.intent: flow for flow in flows.values() for trigger in flow.text.nlu_trigger}
    taught = set(data.intents)
    for intent, flow in used.items():
        if intent not in taught:
            hint = yaml_files.nearest(intent, taught)
            text = f"flow {flow.name!r} waits for intent {intent!r}, which has no examples{hint}"
            found.append(Mistake(flow.file, flow.line, text))
    for name, slot in slots.items():
        for intent in _intents_of(slot):
            if intent not in taught:
                hint = yaml_files.nearest(intent, taught)
                text = f"slot {name!r}: intent {intent!r} has no examples{hint}"
                found.append(Mistake(slot_file, _line_of_slot(slot_file, name), text))
    first = {example.intent: example for example in reversed(data.examples)}
    found += [
        Mistake(
            Path(first[intent].file),
            first[intent].line,
            f"no flow uses intent {intent!r}: add an nlu_trigger, or take its examples away",
        )
        for intent in sorted(taught - set(used) - BUILT_IN_INTENTS)
    ]
    return found + _unknown_entities(data, flows, slots, slot_file)


def _unknown_entities(
    data: TrainingData, flows: dict[str, Flow], slots: dict[str, Slot], slot_file: Path
) -> list[Mistake]:
    """Details that examples, flows or slots speak of, and that nothing finds in a message."""
    known = {*ENTITIES, *data.lookups, *data.regexes}

    def hint(entity: str) -> str:
        return (
            f"which nothing finds in a message{yaml_files.nearest(entity, known)} Or teach it: add a lookup"
        )

    found = [
        Mistake(Path(example.file), example.line, f"names the entity {each.entity!r}, {hint(each.entity)}")
        for example in data.examples
        for each in example.annotations
        if each.entity not in known
    ]
    found += [
        Mistake(
            flow.file, flow.line, f"flow {flow.name!r} waits for entity {each.entity!r}, {hint(each.entity)}"
        )
        for flow in flows.values()
        for each in flow.text.nlu_trigger
        if each.entity is not None and each.entity not in known
    ]
    return found + [
        Mistake(
            slot_file,
            _line_of_slot(slot_file, name),
            f"slot {name!r}: entity {slot.entity!r}, {hint(slot.entity)}",
        )
        for name, slot in slots.items()
        if slot.entity is not None and slot.entity not in known
    ]


def _line_of_slot(slot_file: Path, name: str) -> int | None:
    return yaml_files.line_of(yaml_files.load(slot_file), ["slots", name])
