"""From what came in to what to do: an event and the conversation's state become commands."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from bot import conversations
from bot.dialogue import slots as slot_reading
from bot.dialogue.commands import (
    AskAgain,
    CancelFlow,
    Command,
    ForgetSlots,
    Repeat,
    SetSlots,
    StartFlow,
    Utter,
)
from bot.dialogue.dialogue import Dialogue
from bot.dialogue.flows import SURE, Flow, TriggerText
from bot.dialogue.hearing import Heard, asks_what, follows_up, says_as_before
from bot.dialogue.items import items_of
from bot.dialogue.slots import Slot, Unfit, diallable
from bot.dialogue.state import Choice, Waiting
from bot.dialogue.tokens import ForgedToken, TokenContent, unpack_id
from bot.events import SharedContact, SharedLocation, Tapped
from nlu.understanding import Entity, Understanding
from shop.customers.model import DETAILS, PIN

ONE_WISH = 0.9  # a message so clearly of one kind is not taken apart
VERY_SURE = 0.8  # an aside so probable leads away from a question even without a question mark
DOUBT_MIN = 0.2  # a wish less probable is not worth asking about
DOUBTS_MAX = 3
FEW_WORDS = 3  # of an answer; more of them may be a wish
HOW_IT_IS = frozenset({*slot_reading.LOOKS, "not_color"})
"""Entities that say how a product shall be."""
CANDIDATES = "candidates"
"""The slot that holds what may be chosen, as {the slot asked for: values}; actions that ask read it."""

BUILT_IN_INTENTS = frozenset({
    "affirm", "cancel", "correct", "deny", "inform", "repeat", "skip", "wait", "why"
})  # fmt: skip
"""Intents that this module understands by itself, whatever flow is under way."""


@dataclass(frozen=True, slots=True)
class _OpenQuestion:
    """What is asked, what the message is as an answer to it, and which other details the message changes."""

    name: str
    slot: Slot
    value: slot_reading.Filled
    changes: dict[str, Any]

    @property
    def fits(self) -> bool:
        return self.value is not None and not isinstance(self.value, Unfit)


class Reader:
    """Knows the flows and slots, and reads messages against them."""

    def __init__(
        self,
        flows: Mapping[str, Flow],
        slots: Mapping[str, Slot],
        goods_named: Callable[[Dialogue, Understanding], frozenset[UUID]],
    ) -> None:
        """`goods_named` finds the products that words name; none where they only describe."""
        self._goods_named = goods_named
        self._slots = dict(slots)
        self._flows = flows
        self._triggers: dict[str, list[tuple[Flow, TriggerText]]] = defaultdict(list)
        for flow in flows.values():
            for trigger in flow.text.nlu_trigger:
                self._triggers[trigger.intent].append((flow, trigger))
        for (
            triggers
        ) in self._triggers.values():  # the one that wants a detail goes before the one that does not
            triggers.sort(key=lambda pair: pair[1].entity is None)

    # ------------------------------------------------------------------ words

    def read_words(self, dialogue: Dialogue, heard: Heard, awaited: str | None) -> list[Command]:
        """What the person's words ask for."""
        whole, because = heard.whole, dialogue.trace.because
        token = dialogue.state.labels.get(whole.text.strip().casefold())
        if token is not None:
            return because("label", self.read_tap(dialogue, Tapped(token=token), awaited))
        if awaited is not None and self._slots[awaited].type == "verbatim":
            return because("verbatim", self._read_verbatim(whole, awaited))
        heard, whole = self._on_topic(dialogue, heard)
        self._remember(dialogue, whole)
        if leaving := self._read_leaving(dialogue, heard):
            return because("leaving", leaving)
        if items := self._read_items(dialogue, heard):
            return because("items", items)
        if awaited is not None:
            return self._read_in_question(dialogue, heard, awaited)
        return (
            because("about_the_talk", self._about_the_talk(dialogue, whole, None))
            or because("wishes", self._read_wishes(heard))
            or self._read_freely(dialogue, whole)
        )

    def _read_verbatim(self, heard: Understanding, awaited: str) -> list[Command]:
        """Words that are kept as they are: a "happy birthday, Tom" is no greeting, and Tom is not the customer.

        Only few words that clearly leave the question do.
        """
        few = len(heard.text.split()) <= FEW_WORDS
        if few and heard.intent in {"cancel", "skip"} and heard.confidence >= VERY_SURE:
            return [CancelFlow()]
        value = slot_reading.answer(self._slots[awaited], heard, [])
        if isinstance(value, Unfit):
            facts = {"most": slot_reading.VERBATIM_LETTERS_MAX, "letters": len(heard.text)}
            return [AskAgain(value.reply, facts)]
        return [SetSlots({awaited: value})] if value else [AskAgain("utter_unfit")]

    def _on_topic(self, dialogue: Dialogue, heard: Heard) -> tuple[Heard, Understanding]:
        """What the question before was about, "and how long does that take?" still is.

        Only for the very next message, and for what begins a flow by an entity that the message itself lacks.
        """
        topic, dialogue.state.topic = dialogue.state.topic, {}
        whole = heard.whole
        wanted = {trigger.entity for _, trigger in self._triggers.get(whole.intent or "", ())}
        kept = [
            Entity(name=name, value=value, text="", start=0, end=0)
            for name, values in topic.items()
            if name in wanted and whole.value(name) is None
            for value in values
        ]
        if not kept or not follows_up(whole):
            return heard, whole
        whole = dialogue.heard = replace(whole, entities=(*whole.entities, *kept))
        return replace(heard, whole=whole), whole

    def _read_leaving(self, dialogue: Dialogue, heard: Heard) -> list[Command]:
        """What is under way is left for something else, or with a remark: "forget it, show me aprons instead"."""
        leaves = [
            place
            for place, part in enumerate(heard.parts)
            if part.intent == "cancel" and part.confidence >= VERY_SURE and not part.entities
        ]
        if not leaves or not dialogue.state.stack:
            return []
        return [CancelFlow(), *self._clear_wishes(heard.parts[leaves[-1] + 1 :])]

    def _read_items(self, dialogue: Dialogue, heard: Heard) -> list[Command]:
        """Several things for the cart in one message, each with its own number and looks; then what else is wanted."""
        triggers = self._triggers.get(heard.whole.intent or "", ())
        flow = next((flow.name for flow, _ in triggers if flow.text.one_by_one), None)
        if flow is None or len(heard.parts) < 2:
            return []
        items = items_of(heard.parts, partial(self._goods_named, dialogue))
        others = [part for place, part in enumerate(heard.parts) if items and place > max(items)]
        wishes = (wish for wish in self._clear_wishes(others) if wish.flow != flow)
        begun = (replace(self._begin(flow, part), heard=part) for part in items.values())
        return [*begun, *self._meant(wishes)]

    def _read_in_question(self, dialogue: Dialogue, heard: Heard, awaited: str) -> list[Command]:
        """A question is open: the words may answer it, change something, ask something else, or several of these."""
        slot, whole, because = self._slots[awaited], heard.whole, dialogue.trace.because
        value = slot_reading.answer(slot, whole, dialogue.state.choices)
        open_question = _OpenQuestion(awaited, slot, value, self._changes(dialogue, whole, besides=awaited))
        return (
            because("yes_or_no", self._read_yes_or_no(open_question))
            or because("about_the_talk", self._about_the_talk(dialogue, whole, awaited))
            or because("parts", self._read_parts(dialogue, heard, open_question))
            or because("as_before", self._read_as_before(dialogue, whole, awaited))
            or because("request", self._read_request(dialogue, whole, open_question))
            or self._read_answer(dialogue, whole, open_question)
        )

    def _read_yes_or_no(self, question: _OpenQuestion) -> list[Command]:
        """A "no, express" to a summary is no "no": it is a change, and the summary is shown anew."""
        if question.slot.type != "boolean" or not question.fits:
            return []
        return [SetSlots(question.changes or {question.name: question.value})]

    def _read_request(
        self, dialogue: Dialogue, heard: Understanding, question: _OpenQuestion
    ) -> list[Command]:
        """Something else is wanted, and the words are no answer, or clearly more of a request than one."""
        request = self._request(heard)
        if request is None or self._is_detail(request, question.changes) or self._is_given(dialogue, heard):
            return []
        anew = request.flow == self._top(dialogue)
        fits = question.fits or self._is_nearly_chosen(heard, dialogue.state.choices)
        wanted = anew or not fits or question.slot.is_free_text
        return [request] if wanted or self._leads_away(dialogue, request, heard, question.slot) else []

    @staticmethod
    def _is_nearly_chosen(heard: Understanding, choices: list[Choice]) -> bool:
        """Whether few words leave only some of the choices: "stoneware", of eight mugs."""
        return len(heard.text.split()) <= FEW_WORDS and bool(slot_reading.narrowed(heard, choices))

    def _read_answer(
        self, dialogue: Dialogue, heard: Understanding, question: _OpenQuestion
    ) -> list[Command]:
        choices, because = dialogue.state.choices, dialogue.trace.because
        if question.fits and choices and self._asks(heard):
            return because("about_a_choice", [self._begin("pattern_unsure", heard)])
        if question.fits:
            chosen = [choice for choice in choices if choice.value == question.value]
            told = {**self._besides(heard, chosen, question.changes), question.name: question.value}
            return because("answer", [SetSlots(told)])
        if fewer := slot_reading.narrowed(heard, choices):
            left = {question.name: [choice.value for choice in fewer]}
            told = {**self._besides(heard, fewer, question.changes), CANDIDATES: left}
            return because("narrowed", [SetSlots(told)])
        if question.changes:
            return because("detail", [SetSlots(question.changes)])
        return because("no_answer", [self._unanswered(dialogue, heard, question)])

    @staticmethod
    def _asks(heard: Understanding) -> bool:
        """Whether it asks about something and chooses nothing: "what is express?"."""
        return "?" in heard.text and asks_what(heard)

    def _leads_away(self, dialogue: Dialogue, request: StartFlow, heard: Understanding, slot: Slot) -> bool:
        """Whether words that could be the answer are rather a question: "how much is express?"."""
        if not self._is_aside(request) or heard.value("comparative") is not None:
            return False
        if "?" in heard.text:
            return True
        points = bool(dialogue.state.choices) and heard.value("ordinal") is not None
        if points and len(heard.text.split()) <= FEW_WORDS:  # "the second" says which, and asks nothing
            return False
        return heard.intent not in slot.given_by and heard.confidence >= VERY_SURE

    def _read_parts(self, dialogue: Dialogue, heard: Heard, question: _OpenQuestion) -> list[Command]:
        """Several details, or details and a request, in the parts of one message: all of them are heard."""
        told: dict[str, Any] = {}
        requests: list[StartFlow] = []
        for part in heard.parts:
            request = self._request(part)
            told_only = self._is_given(dialogue, part) or self._describes_a_choice(part, question)
            if request is None or request.flow == self._top(dialogue) or told_only:
                told |= self._told_by(dialogue, part, question, told)
            else:
                requests.append(replace(request, heard=part))
        if question.name not in told or (question.fits and not requests):
            return []
        return [SetSlots(told), *requests]

    @staticmethod
    def _describes_a_choice(part: Understanding, question: _OpenQuestion) -> bool:
        """Whether it says, while something is chosen, only how it shall be: the "not rust" of "forest, not rust"."""
        looks = bool(part.entities) and all(entity.name in HOW_IT_IS for entity in part.entities)
        return question.slot.type == "id" and question.fits and looks

    def _is_given(self, dialogue: Dialogue, part: Understanding) -> bool:
        """Whether it gives a detail, in words that may also ask about it: "pickup"."""
        details = (self._slots[name] for name in self._slots_of(self._top(dialogue) or ""))
        return "?" not in part.text and any(
            part.intent in slot.given_by and slot_reading.volunteered(slot, part) is not None
            for slot in details
        )

    def _told_by(
        self, dialogue: Dialogue, part: Understanding, question: _OpenQuestion, told: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What a part gives: another detail of the flow that it can only be, or the answer."""
        for name in self._slots_of(self._top(dialogue) or ""):
            value = slot_reading.volunteered(self._slots[name], part) if name not in told else None
            if value is not None:
                return {name: slot_reading.completed(dialogue.slot(name), value)}
        if question.name in told:
            return {}
        value = slot_reading.answer(question.slot, part, dialogue.state.choices)
        return {} if value is None or isinstance(value, Unfit) else {question.name: value}

    def _top(self, dialogue: Dialogue) -> str | None:
        return dialogue.state.top.flow if dialogue.state.top else None

    def _read_wishes(self, heard: Heard) -> list[Command]:
        """Different wishes in the parts of one message: "add it and check out". Each part has to be a clear one.

        What is clear as a whole is not taken apart, unless it is two questions, or a question beside one wish.
        """
        if heard.is_long and heard.whole.confidence < ONE_WISH:
            return self._meant(self._clear_wishes(heard.parts))  # among greetings, stories and details
        sure = ONE_WISH if heard.whole.confidence >= ONE_WISH else VERY_SURE
        wishes = self._clear_wishes(heard.parts, sure)
        if len(wishes) < len(heard.parts):
            return []
        others = [wish for wish in wishes if not self._is_aside(wish)]
        beside_a_question = len(others) == 1 and "?" in heard.whole.text
        if sure == ONE_WISH and others and not beside_a_question:
            return []
        meant = self._meant(wishes)
        return meant if len(meant) > 1 else []

    def _clear_wishes(self, parts: Sequence[Understanding], sure: float = VERY_SURE) -> list[StartFlow]:
        """What the parts ask for that are clear, each said by its own part."""
        wishes = ((self._request(part), part) for part in parts if part.confidence >= sure)
        return [replace(wish, heard=part) for wish, part in wishes if wish is not None]

    def _meant(self, wishes: Iterable[StartFlow]) -> list[Command]:
        """One of each kind; courtesies need no answer beside a wish."""
        asked = {wish.flow: wish for wish in wishes}
        return [wish for wish in asked.values() if not self._flows[wish.flow].text.courtesy]

    def _read_freely(self, dialogue: Dialogue, heard: Understanding) -> list[Command]:
        """Nothing is open: the words begin something."""
        because = dialogue.trace.because
        if (said := slot_reading.yes_or_no(heard)) is not None:
            return because("to_an_offer", [self._to_no_question(dialogue, "yes" if said else "no")])
        if request := self._request(heard):
            return because("request", [request])
        if not re.search(r"\w", heard.text):
            return because("no_words", [Utter("utter_no_words")])
        dialogue.state.doubts = [] if dialogue.in_group else self._doubts(dialogue, heard)
        pattern = "pattern_detail" if heard.entities else "pattern_unsure"
        return because("lone_detail" if heard.entities else "unsure", [self._begin(pattern, heard)])

    # ------------------------------------------------------------------ what words mean

    def _about_the_talk(self, dialogue: Dialogue, heard: Understanding, awaited: str | None) -> list[Command]:
        """Words about the conversation itself: cancel, again, wait, why, change that."""
        if heard.confidence < SURE:
            return []
        if heard.intent == "correct":
            return self._correction(dialogue, heard, awaited)
        command: Command | None = None
        match heard.intent:
            case "cancel":
                command = self._cancel(dialogue)
            case "repeat":
                command = Repeat()
            case "wait":
                command = Utter("utter_take_your_time", remind=False)
            case "why" | "skip" if awaited is not None:
                command = self._reason(dialogue, awaited)
            case "skip" if dialogue.state.search is not None:  # "next", with a list in sight
                command = StartFlow("show_more")
            case _:
                pass
        return [command] if command is not None else []

    def _cancel(self, dialogue: Dialogue) -> Command:
        """A cancel with nothing under way means the order, if there is a flow for that."""
        return CancelFlow() if dialogue.state.stack else StartFlow("cancel_order")

    def _reason(self, dialogue: Dialogue, awaited: str) -> Command:
        """Why we ask; asking is no misfit, and may be done as often as anyone likes."""
        own = f"utter_why_{awaited}"
        return AskAgain(own if own in dialogue.replies else "utter_why", misfit=False)

    def _correction(self, dialogue: Dialogue, heard: Understanding, awaited: str | None) -> list[Command]:
        """A detail given anew, or one that is named and shall be asked again."""
        details = self._changes(dialogue, heard, besides="")
        if awaited is not None and not self._slots[awaited].is_free_text:
            value = slot_reading.answer(self._slots[awaited], heard, dialogue.state.choices)
            if value is not None and not isinstance(value, Unfit):
                details[awaited] = value
        # While something is chosen, the words are all about that.
        choosing = awaited is not None and self._slots[awaited].type == "id"
        elsewhere = [] if choosing else self._corrected_elsewhere(heard, details)
        if details and dialogue.state.stack:
            return [SetSlots(details), *elsewhere]
        if elsewhere:
            return elsewhere
        if request := self._request(heard):
            return [request]
        said = set(re.findall(r"\w+", heard.text.casefold()))
        named = tuple(
            name for name, slot in self._slots.items() if said & set(slot.called.get(heard.language, ()))
        )
        return [ForgetSlots(named)]

    def _corrected_elsewhere(self, heard: Understanding, details: Mapping[str, Any]) -> list[Command]:
        """The flows that correct what no question is about: the number and the colour in "sorry, 3, blue"."""
        taken = {self._slots[name].entity for name in details}
        flows = [
            flow.name
            for flow, trigger in self._triggers.get(heard.intent or "", ())
            if trigger.entity and trigger.entity not in taken and heard.value(trigger.entity) is not None
        ]
        return [self._begin(name, heard) for name in dict.fromkeys(flows)]

    def _to_no_question(self, dialogue: Dialogue, said: str) -> Command:
        """A yes or no where nothing was asked: it presses the button that was offered with such words."""
        token = dialogue.state.offers.get(said)
        if token is None:
            return Utter("utter_yes_to_nothing" if said == "yes" else "utter_no_to_nothing")
        return self.read_tap(dialogue, Tapped(token=token), None)[0]

    def _read_as_before(self, dialogue: Dialogue, heard: Understanding, awaited: str) -> list[Command]:
        """What they gave us for an earlier order; where there was none, it is asked again."""
        if awaited not in DETAILS or not says_as_before(heard) or self._asks(heard):
            return []
        known = getattr(dialogue.customer, awaited)
        return [SetSlots({awaited: known}) if known else AskAgain("utter_nothing_from_before", misfit=False)]

    def _unanswered(self, dialogue: Dialogue, heard: Understanding, question: _OpenQuestion) -> Command:
        """The words were no answer: a yes to an offer made beside the question, a refusal, or a misfit."""
        said = slot_reading.yes_or_no(heard)
        if said and (token := dialogue.state.offers.get("yes")):
            return self.read_tap(dialogue, Tapped(token=token), question.name)[0]
        if said is False:
            return self._reason(dialogue, question.name)
        if isinstance(question.value, Unfit):
            return AskAgain(question.value.reply)
        own = f"utter_{question.name}_unfit"
        return AskAgain(own if own in dialogue.replies else "utter_unfit")

    def _request(self, heard: Understanding) -> StartFlow | None:
        """The flow that the message most probably asks for, with the details it gives for it."""
        shares = self._shares(heard)
        if not shares:
            return None
        flow, (probability, threshold) = max(shares.items(), key=lambda pair: pair[1][0])
        return self._begin(flow, heard) if probability >= threshold else None

    def _shares(self, heard: Understanding) -> dict[str, tuple[float, float]]:
        """How probable each flow is, by all the intents that begin it, and how probable it has to be."""
        shares: dict[str, tuple[float, float]] = {}
        for guess in () if heard.refused else heard.intents:
            for flow, trigger in self._triggers.get(guess.name, ()):
                if trigger.entity is None or heard.value(trigger.entity) is not None:
                    before, least = shares.get(flow.name, (0.0, 1.0))
                    shares[flow.name] = (
                        before + guess.probability,
                        min(least, trigger.confidence_threshold),
                    )
                    break
        return shares

    def _doubts(self, dialogue: Dialogue, heard: Understanding) -> list[Waiting]:
        """The wishes that are about as probable as each other, the most probable first; none where one stands out.

        Only those that there are words for, to ask about: `utter_means_<flow>`.
        """
        shares = {flow: probability for flow, (probability, _) in self._shares(heard).items()}
        probable = [
            flow
            for flow in sorted(shares, key=lambda name: -shares[name])
            if shares[flow] >= DOUBT_MIN and f"utter_means_{flow}" in dialogue.replies
        ]
        if len(probable) < 2:
            return []
        begun = (self._begin(flow, heard) for flow in probable[:DOUBTS_MAX])
        return [Waiting(flow=each.flow, slots=each.slots, heard=heard) for each in begun]

    def _begin(self, flow: str, heard: Understanding) -> StartFlow:
        return StartFlow(flow, slot_reading.mentioned(self._slots, set(self._flows[flow].slots), heard))

    def _is_aside(self, request: StartFlow) -> bool:
        return self._flows[request.flow].text.aside

    def _is_detail(self, request: StartFlow, changes: Mapping[str, Any]) -> bool:
        """Whether all that it asks for is a detail of what is under way: "make it 3" while a mug is being chosen."""
        return bool(request.slots) and request.slots.items() <= changes.items()

    def _besides(self, heard: Understanding, chosen: list[Choice], changes: dict[str, Any]) -> dict[str, Any]:
        """The details that were not said by the words that made the choice, nor by a bare "2"."""
        whole = heard.text.strip(" .)")
        consumed = {
            e.name for e in heard.entities if e.text == whole or slot_reading.is_among(e.text, chosen)
        }
        return {name: told for name, told in changes.items() if self._slots[name].entity not in consumed}

    def _remember(self, dialogue: Dialogue, heard: Understanding) -> None:
        """A name, phone number, address or delivery wish said at any time is not asked for again.

        A way of delivery that is merely asked about is not chosen by that.
        """
        request = self._request(heard)
        asks = (request is not None and self._is_aside(request)) or self._asks(heard)
        names = {
            name
            for name, slot in self._slots.items()
            if slot.remember and not (asks and slot.type == "choice")
        }
        told = {
            name: slot_reading.completed(dialogue.slot(name), value)
            for name, value in slot_reading.mentioned(self._slots, names, heard).items()
        }
        dialogue.noted = frozenset(name for name, value in told.items() if dialogue.slot(name) != value)
        dialogue.state.slots |= told

    def _changes(self, dialogue: Dialogue, heard: Understanding, *, besides: str) -> dict[str, Any]:
        """Other slots of the flows under way that the message gives another value."""
        wanted = {
            name
            for frame in dialogue.state.stack
            if frame.flow in self._flows
            for name in self._flows[frame.flow].slots
        }
        told = slot_reading.mentioned(self._slots, wanted - {besides}, heard)
        values = {name: slot_reading.completed(dialogue.slot(name), value) for name, value in told.items()}
        changed = {name: value for name, value in values.items() if dialogue.slot(name) != value}
        return changed | {name: dialogue.slot(name) for name in dialogue.noted & wanted - {besides}}

    # ------------------------------------------------------------------ buttons and the rest

    def read_tap(self, dialogue: Dialogue, tapped: Tapped, awaited: str | None) -> list[Command]:
        """What a button asks for, once its signature is checked. A stale one gets a kind answer."""
        before, dialogue.state.tapped = dialogue.state.tapped, tapped.token
        try:
            place = conversations.place_of(dialogue.conversation)
            content = dialogue.tokens.read(tapped.token, conversation=place)
        except ForgedToken:
            return [StartFlow("pattern_stale_button")]
        slots = {name: _unpacked(value) for name, value in content.slots.items()}
        if content.flow is None:
            return self._read_answer_tap(dialogue, content, slots, awaited, again=before == tapped.token)
        if content.flow == "cancel":
            return [self._cancel(dialogue)]
        if content.flow == "change":
            return self._read_change_tap(dialogue, tuple(content.slots.values()))
        if content.flow not in self._flows:
            return [StartFlow("pattern_stale_button")]
        return [StartFlow(content.flow, slots)]

    def _read_answer_tap(
        self,
        dialogue: Dialogue,
        content: TokenContent,
        slots: dict[str, Any],
        awaited: str | None,
        *,
        again: bool,
    ) -> list[Command]:
        frame = dialogue.state.top
        if frame is None or frame.id != content.frame or awaited not in slots:
            return [StartFlow("pattern_stale_button", {"tapped_again": again})]
        if self._slots[awaited].type == "boolean":
            slots[awaited] = slots[awaited] == "yes"
        return [SetSlots(slots)]

    def _read_change_tap(self, dialogue: Dialogue, names: tuple[str, ...]) -> list[Command]:
        """A detail may be changed by button as long as something that asks for it is under way."""
        asked = {name for frame in dialogue.state.stack for name in self._slots_of(frame.flow)}
        return [ForgetSlots(names)] if asked & set(names) else [StartFlow("pattern_stale_button")]

    def _slots_of(self, flow: str) -> tuple[str, ...]:
        return self._flows[flow].slots if flow in self._flows else ()

    def read_card(
        self, dialogue: Dialogue, card: SharedContact | SharedLocation, awaited: str | None
    ) -> list[Command]:
        """Something of theirs, sent with a tap instead of written: a phone number, or a place."""
        if isinstance(card, SharedContact):
            return self._read_contact(dialogue, card, awaited)
        return self._read_location(dialogue, card, awaited)

    def _read_contact(self, dialogue: Dialogue, contact: SharedContact, awaited: str | None) -> list[Command]:
        """A contact card answers the question for a phone number; otherwise it is kept for later."""
        phone = diallable(contact.phone, region=dialogue.profile.country)
        if phone is None:
            return [AskAgain("utter_phone_unfit") if awaited == "phone" else Utter("utter_phone_unfit")]
        if awaited == "phone":
            return [SetSlots({"phone": phone})]
        dialogue.state.slots["phone"] = phone
        return [Utter("utter_phone_kept")]

    def _read_location(
        self, dialogue: Dialogue, location: SharedLocation, awaited: str | None
    ) -> list[Command]:
        """A point on the map says where to bring it, and belongs to the address; what is on the label is words."""
        pin = {PIN: f"{location.latitude:.5f},{location.longitude:.5f}"}
        if awaited is not None and self._slots[awaited].type == "address":
            return [SetSlots({awaited: slot_reading.completed(dialogue.slot(awaited), pin)})]
        dialogue.state.slots["address"] = slot_reading.completed(dialogue.slot("address"), pin)
        return [Utter("utter_location_kept")]


def _unpacked(value: str) -> Any:
    """Ids come packed; everything else is a word."""
    unpacked = unpack_id(value) if len(value) == 22 else None
    return str(unpacked) if unpacked else value
