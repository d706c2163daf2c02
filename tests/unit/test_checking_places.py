"""`parley check` names the very line of a mistake, and what mends it: each mistake is planted on a marked line."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.checking import mistakes
from app.settings import ROOT
from nlu.entities.extraction import ENTITIES, EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.training_data import load

Plant = Callable[[str], str]
HERE = "HERE"
"""Marks the line that has to be named; it is taken away before the file is read."""

FLOW = """
  planted:
    description: a flow with a mistake
    steps:
"""


def end(text: str) -> Plant:
    return lambda before: f"{before.rstrip()}\n{text}\n"


def swap(old: str, new: str) -> Plant:
    def work(text: str) -> str:
        assert old in text, f"the files have changed: no {old!r}"
        return text.replace(old, new, 1)

    return work


CART, REPLIES, BUYING, SLOTS = (
    "flows/cart.yml",
    "flows/replies/en/shop.yml",
    "data/en/buying.yml",
    "flows/slots.yml",
)

PLANTED: dict[str, tuple[str, Plant, str]] = {
    "a tab": (CART, end("  planted:\n\tdescription: x HERE"), "indent with spaces"),
    "a colon in a text": (REPLIES, end("  utter_planted:\n    - text: so: it is HERE"), "put quotes around"),
    "an open bracket": (CART, end("  planted: {description: x\n  other: HERE"), "was not closed"),
    "one flow twice in a file": (
        CART, end("  view_cart: HERE\n    description: again\n    steps: [{action: leave_checkout}]"),
        "'view_cart' is there twice: rename or remove one",
    ),
    "one key twice in a flow": (
        CART, end(FLOW + "      - action: leave_checkout\n    description: HERE again"),
        "'description' is there twice: rename or remove one",
    ),
    "one reply twice in a file": (
        REPLIES, end('  utter_greet: HERE\n    - text: "Hi!"'), "'utter_greet' is there twice: rename or remove one"
    ),
    "one example in two intents": (
        BUYING, end("- intent: view_cart\n  examples: |\n    - checkout please now\n- intent: checkout\n  examples: |\n    - checkout please nowHERE"),
        "is an example of 'checkout' here and of 'view_cart' in data/en/buying.yml",
    ),
    "an intent that no flow uses": (
        BUYING, end("- intent: planted\n  examples: |\n    - plant somethingHERE\n    - please plant"),
        "no flow uses intent 'planted': add an nlu_trigger",
    ),
    "an entity that nothing finds": (
        BUYING, end("- intent: checkout\n  examples: |\n    - pay in [euros](curency) HERE"),
        "names the entity 'curency', which nothing finds in a message — did you mean",
    ),
    "a flow that waits for an unknown entity": (
        CART, end("  planted: HERE\n    description: x\n    nlu_trigger: [{intent: view_cart, entity: colour}]\n    steps: [{action: leave_checkout}]"),
        "flow 'planted' waits for entity 'colour', which nothing finds in a message — did you mean 'color'?",
    ),
    "a slot filled by an unknown entity": (
        SLOTS, swap("  quantity: {type: integer, entity: quantity}", "  quantity: {type: integer, entity: quantitty} HERE"),
        "slot 'quantity': entity 'quantitty', which nothing finds in a message — did you mean 'quantity'?",
    ),
    "a slot given by an unknown intent": (
        SLOTS, swap("affirmed_by: [checkout]}", "affirmed_by: [chekout]} HERE"),
        "slot 'confirm': intent 'chekout' has no examples — did you mean 'checkout'?",
    ),
    "a question for an unknown slot": (
        CART, end(FLOW + "      - action: leave_checkout\n      - collect: adress HERE"),
        "flow 'planted', step '1_collect': there is no slot 'adress' — did you mean 'address'?",
    ),
    "an unknown action": (
        CART, end(FLOW + "      - action: show_crat HERE"),
        "flow 'planted', step '0_action': there is no action 'show_crat' — did you mean 'show_cart'?",
    ),
    "an unhandled outcome": (
        CART, end(FLOW + '      - action: look_into_cart HERE\n        next: [{if: outcome = "full", then: END}]'),
        "step '0_action': the outcome 'empty' of 'look_into_cart' is not handled: add a branch for it, or an else",
    ),
    "a step that nothing leads to": (
        CART, end(FLOW + "      - {action: leave_checkout, next: END}\n      - id: lost HERE\n        action: leave_checkout\n      - action: utter_kept"),
        "flow 'planted', step 'lost': nothing leads here: name it in a next, or remove it",
    ),
    "steps after a link": (
        CART, end(FLOW + "      - link: view_cart\n      - id: lost HERE\n        action: leave_checkout"),
        "step 'lost': nothing leads here",
    ),
    "a next to nothing": (
        CART, end(FLOW + "      - action: leave_checkout HERE\n        next: paying"),
        "step '0_action' goes to 'paying', which is not there",
    ),
    "a link to nothing": (
        CART, end(FLOW + "      - link: chekout HERE"), "step '0_link': there is no flow 'chekout' — did you mean 'checkout'?"
    ),
    "a call to nothing": (
        CART, end(FLOW + "      - call: chekout HERE"), "step '0_call': there is no flow 'chekout' — did you mean 'checkout'?"
    ),
    "a loop without a way out": (
        CART, end(FLOW + "      - id: one HERE\n        action: leave_checkout\n      - id: two\n        collect: name\n        next: one"),
        "flow 'planted', step 'one': goes round for ever (one → two → one): give one of these steps a branch to END",
    ),
    "flows that link each other for ever": (
        CART, end("  ping:\n    description: a\n    steps:\n      - link: pong HERE\n  pong:\n    description: b\n    steps:\n      - link: ping"),
        "flow 'ping', step '0_link': goes round for ever (0_link → pong/0_link → 0_link)",
    ),
    "a condition of wrong form": (
        CART, end(FLOW + "      - action: leave_checkout\n        next:\n          - if: slots.name == HERE\n            then: END"),
        "flow 'planted': 'slots.name ==' is no condition",
    ),
    "a condition about an unknown slot": (
        CART, end(FLOW + "      - action: leave_checkout HERE\n        next: [{if: slots.nam, then: END}, {else: END}]"),
        "step '0_action': there is no slot 'nam' — did you mean 'name'?",
    ),
    "a condition that forgot slots.": (
        CART, end(FLOW + "      - action: leave_checkout HERE\n        next: [{if: quantity > 1, then: END}, {else: END}]"),
        "a condition speaks of 'quantity', which is nothing here: write slots.quantity",
    ),
    "a reply with an unknown placeholder": (
        REPLIES, end('  utter_planted: HERE\n    - text: "That is {{ totl | money }}."'),
        "reply 'utter_planted': nothing fills in {{ totl }} — did you mean 'total'?",
    ),
    "a reply with a placeholder unlike any": (
        REPLIES, end('  utter_planted: HERE\n    - text: "{{ xyzzyplugh }}"'),
        "nothing fills in {{ xyzzyplugh }}: have an action tell it, or take it out",
    ),
    "a reply about an unknown slot": (
        REPLIES, end('  utter_planted: HERE\n    - text: "{{ slots.adress }}"'), "there is no slots.adress — did you mean 'address'?"
    ),
    "a button about an unknown part of the shop": (
        REPLIES, end('  utter_planted: HERE\n    - text: "Hi"\n      buttons: [{title: "{{ shop.nam }}", payload: browse}]'),
        "there is no shop.nam — did you mean 'name'?",
    ),
    "two steps of one name": (
        CART, end(FLOW + "      - {id: twin, action: leave_checkout}\n      - {id: twin, action: leave_checkout} HERE"),
        "flow 'planted': two steps are called 'twin'",
    ),
    "a flow in another file already": (
        "flows/orders.yml", end("  view_cart: HERE\n    description: again\n    steps: [{action: leave_checkout}]"),
        "flow 'view_cart' is also in flows/cart.yml",
    ),
    "a sentence that a translation lacks": (
        REPLIES, end('  utter_planted: HERE\n    - text: "Hi"'), "reply 'utter_planted': is missing in language '",
    ),
}  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path) -> Callable[[str, Plant], tuple[list[str], int]]:
    """Plant a mistake in a copy: what is found, and the number of the marked line."""
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    shutil.copytree(ROOT / "nlu" / "data", tmp_path / "data")
    english = tmp_path / "flows" / "replies" / "en"
    if not any(folder != english for folder in english.parent.iterdir()):
        shutil.copytree(english, english.with_name("de"))

    def run(file: str, plant: Plant) -> tuple[list[str], int]:
        path = tmp_path / file
        text = plant(path.read_text("utf-8"))
        line = next(number for number, each in enumerate(text.splitlines(), start=1) if HERE in each)
        path.write_text(text.replace(f" {HERE}", "").replace(HERE, ""), "utf-8")
        found = mistakes(ROOT / "config.yml", flow_folder=tmp_path / "flows", data_folder=tmp_path / "data")
        return [str(mistake).replace(f"{tmp_path}/", "") for mistake in found], line

    return run


@pytest.mark.parametrize(("file", "plant", "told"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_mistake_is_named_on_its_line_with_its_mend(
    planted: Callable[[str, Plant], tuple[list[str], int]], file: str, plant: Plant, told: str
) -> None:
    found, line = planted(file, plant)
    named = [message for message in found if message.startswith(f"{file}:{line}: ") and told in message]
    assert len(named) == 1, found


def test_every_entity_that_is_found_is_known_by_name() -> None:
    data = load(ROOT / "nlu" / "data" / "en")
    vocabulary = Vocabulary(
        colors=["black"],
        sizes=["M"],
        materials=["wood"],
        categories=["Mugs"],
        products={"cup": "Camping cup"},
    )
    extractor = EntityExtractor("en", vocabulary=vocabulary, data=data)
    texts = [example.text for example in data.examples] + [
        "my name is Anna Berg, anna@example.com, +49 30 1234567, Main Street 5, 10115 Berlin",
        "2 camping cups size M in black, not blue, of wood, express, between 10 and 20 euros, coupon SAVE10",
        "order 7K3Q9T, the second one, cheaper mugs",
    ]
    found = {entity.name for text in texts for entity in extractor.extract(text)}
    assert found - set(data.lookups) - set(data.regexes) - ENTITIES == set(), "ENTITIES lacks these"
    assert ENTITIES - found == set(), "nothing finds these"


def test_checking_the_whole_shop_takes_seconds() -> None:
    started = time.process_time()
    assert mistakes(ROOT / "config.yml") == []
    assert time.process_time() - started < 20
