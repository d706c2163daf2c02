"""`parley check`: a copy of the flows is broken in each way; the message names file, place and mend."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.checking import mistakes
from app.settings import ROOT
from app.wiring import FLOWS
from bot.dialogue import replies, slots
from nlu.entities.words import WORDS_FOLDER as ENTITY_WORDS

Break = Callable[[str], str]


def replaced(old: str, new: str) -> Break:
    """Put `new` for the first `old`, which has to be there."""

    def work(text: str) -> str:
        assert old in text, f"the flows have changed: no {old!r}"
        return text.replace(old, new, 1)

    return work


def appended(text: str) -> Break:
    return lambda before: f"{before.rstrip()}\n{text}\n"


@pytest.fixture
def check(tmp_path: Path) -> Callable[[str, Break], list[str]]:
    """Break one file of a copy; the mistakes that are found, without the copy's path."""
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    shutil.copytree(ROOT / "nlu" / "data", tmp_path / "data")

    def run(file: str, breaking: Break) -> list[str]:
        path = tmp_path / file
        path.write_text(breaking(path.read_text("utf-8")), "utf-8")
        found = mistakes(ROOT / "config.yml", flow_folder=tmp_path / "flows", data_folder=tmp_path / "data")
        return [str(mistake).replace(f"{tmp_path}/", "") for mistake in found]

    return run


def test_the_shops_own_files_fit_together() -> None:
    assert mistakes(ROOT / "config.yml") == []


FLOW = """
  broken:
    description: a flow with a mistake
    steps:
"""

BROKEN = {
    "an unknown action": (
        "flows/cart.yml",
        appended(FLOW + "      - action: show_crat"),
        ["flows/cart.yml:", "flow 'broken'", "there is no action 'show_crat'", "did you mean 'show_cart'?"],
    ),
    "an unknown reply": (
        "flows/cart.yml",
        appended(FLOW + "      - action: utter_cart_emty"),
        ["there is no reply 'utter_cart_emty'", "did you mean 'utter_cart_empty'?"],
    ),
    "an unknown slot": (
        "flows/cart.yml",
        appended(FLOW + "      - collect: adress"),
        ["there is no slot 'adress'", "did you mean 'address'?"],
    ),
    "a question that nobody wrote": (
        "flows/cart.yml",
        appended(FLOW + "      - collect: tapped_again"),
        ["nothing asks for 'tapped_again'", "write the reply 'utter_ask_tapped_again'"],
    ),
    "an unknown flow": (
        "flows/cart.yml",
        appended(FLOW + "      - link: chekout"),
        ["there is no flow 'chekout'", "did you mean 'checkout'?"],
    ),
    "a step that is not there": (
        "flows/cart.yml",
        appended(FLOW + "      - {action: leave_checkout, next: paying}"),
        ["goes to 'paying', which is not there"],
    ),
    "a step of two kinds": (
        "flows/cart.yml",
        appended(FLOW + "      - {action: leave_checkout, collect: name}"),
        ["needs exactly one of: action, collect, set_slots, link, call, noop"],
    ),
    "an unknown key": (
        "flows/cart.yml",
        appended(FLOW + "      - {acton: leave_checkout}"),
        ["unknown key", "acton", "did you mean 'action'?"],
    ),
    "a flow without steps": (
        "flows/cart.yml",
        appended("  broken:\n    description: nothing\n    steps: []"),
        ["flows/cart.yml:", "steps"],
    ),
    "a condition that is none": (
        "flows/cart.yml",
        appended(FLOW + "      - {action: leave_checkout, next: [{if: slots.name ==, then: END}]}"),
        ["'slots.name ==' is no condition"],
    ),
    "a condition about an unknown slot": (
        "flows/cart.yml",
        appended(FLOW + "      - {action: leave_checkout, next: [{if: slots.nam, then: END}, {else: END}]}"),
        ["there is no slot 'nam'", "did you mean 'name'?"],
    ),
    "a rejection without words": (
        "flows/cart.yml",
        appended(FLOW + "      - {collect: name, rejections: [{if: slots.name, utter: utter_no}]}"),
        ["there is no reply 'utter_no'"],
    ),
    "a slot set that is not there": (
        "flows/cart.yml",
        appended(FLOW + "      - set_slots: [{quantiti: 1}]"),
        ["there is no slot 'quantiti'", "did you mean 'quantity'?"],
    ),
    "an outcome that is not handled": (
        "flows/cart.yml",
        appended(FLOW + '      - {action: look_into_cart, next: [{if: outcome = "full", then: END}]}'),
        ["the outcome 'empty' of 'look_into_cart' is not handled", "add a branch for it, or an else"],
    ),
    "an outcome that never comes": (
        "flows/cart.yml",
        appended(
            FLOW + '      - {action: look_into_cart, next: [{if: outcome = "fulll", then: END}, {else: END}]}'
        ),
        ["'look_into_cart' never ends with 'fulll'", "did you mean 'full'?"],
    ),
    "two steps of one name": (
        "flows/cart.yml",
        appended(
            FLOW + "      - {id: twin, action: leave_checkout}\n      - {id: twin, action: leave_checkout}"
        ),
        ["two steps are called 'twin'"],
    ),
    "a slot used that is not there": (
        "flows/cart.yml",
        replaced("uses: [candidates,", "uses: [candidate,"),
        ["flow 'add_to_cart'", "there is no slot 'candidate'", "did you mean 'candidates'?"],
    ),
    "one flow in two files": (
        "flows/checkout.yml",
        appended("  view_cart:\n    description: again\n    steps: [{action: leave_checkout}]"),
        ["flows/checkout.yml:", "flow 'view_cart' is also in", "flows/cart.yml"],
    ),
    "two flows that wait for one intent": (
        "flows/cart.yml",
        replaced(
            "nlu_trigger: [{intent: view_cart}]", "nlu_trigger: [{intent: view_cart}, {intent: checkout}]"
        ),
        [
            "flow 'checkout'",
            "intent 'checkout' begins flow 'view_cart' already",
            "give one of them an entity",
        ],
    ),
    "an intent that nobody taught": (
        "flows/cart.yml",
        replaced("{intent: view_cart}", "{intent: veiw_cart}"),
        ["flow 'view_cart' waits for intent 'veiw_cart', which has no examples", "did you mean 'view_cart'?"],
    ),
    "an intent that nothing waits for": (
        "flows/cart.yml",
        replaced("nlu_trigger: [{intent: view_cart}]", "nlu_trigger: []"),
        ["no flow uses intent 'view_cart': add an nlu_trigger"],
    ),
    "a slot affirmed by an unknown intent": (
        "flows/slots.yml",
        replaced("affirmed_by: [checkout]", "affirmed_by: [chekout]"),
        ["flows/slots.yml", "slot 'confirm': intent 'chekout' has no examples", "did you mean 'checkout'?"],
    ),
    "a slot of an unknown kind": (
        "flows/slots.yml",
        replaced("type: phone", "type: telephone"),
        ["flows/slots.yml:", "phone"],
    ),
    "a reply that does not parse": (
        "flows/replies/en/shop.yml",
        replaced("{% if shop.promise %}", "{% if shop.promise }"),
        ["flows/replies/en/shop.yml:", "reply 'utter_greet'"],
    ),
    "a reply with an unknown filter": (
        "flows/replies/en/shop.yml",
        replaced("subtotal | money", "subtotal | mony"),
        ["flows/replies/en/shop.yml:", "mony"],
    ),
    "a broken button label": (
        "flows/replies/en/shop.yml",
        replaced('title: "Browse the shop"', 'title: "{{ Browse the shop"'),
        ["flows/replies/en/shop.yml:", "reply 'utter_greet'"],
    ),
    "a button that leads nowhere": (
        "flows/replies/en/shop.yml",
        replaced("payload: browse", "payload: browes"),
        ["reply 'utter_greet'", "there is no flow 'browes'", "did you mean 'browse'?"],
    ),
    "a button that answers an unknown slot": (
        "flows/replies/en/shop.yml",
        replaced("?confirm_empty=yes", "?confirm_emty=yes"),
        [
            "reply 'utter_ask_confirm_empty'",
            "there is no slot 'confirm_emty'",
            "did you mean 'confirm_empty'?",
        ],
    ),
    "a button that does nothing": (
        "flows/replies/en/shop.yml",
        replaced(", payload: browse}", "}"),
        ["button 'Browse the shop' needs exactly one of: payload, url, share, private"],
    ),
    "one reply twice": (
        "flows/replies/en/patterns.yml",
        appended('  utter_greet:\n    - text: "Hi!"'),
        ["reply 'utter_greet' is in another file of this language too"],
    ),
    "a refusal without words": (
        "flows/replies/en/shop.yml",
        replaced("utter_too_many:", "utter_far_too_many:"),
        ["TooMany is told with the reply 'utter_too_many', which is missing"],
    ),
    "broken training data": (
        "data/en/buying.yml",
        replaced("    - 2 of them please", "    - 2 of [them](quantity please"),
        ["data/en/buying.yml:", "broken annotation"],
    ),
    "not YAML at all": ("flows/cart.yml", appended("  : ["), ["flows/cart.yml:", "is not valid YAML"]),
}


@pytest.mark.parametrize(("file", "breaking", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_a_mistake_is_named_with_its_place_and_its_mend(
    check: Callable[[str, Break], list[str]], file: str, breaking: Break, told: list[str]
) -> None:
    found = check(file, breaking)
    assert any(all(part in message for part in told) for message in found), found


def test_a_language_that_lacks_a_sentence_or_has_one_too_many_is_named(
    check: Callable[[str, Break], list[str]],
) -> None:
    found = check("flows/replies/es/shop.yml", replaced("utter_goodbye:", "utter_goodby:"))
    assert any("reply 'utter_goodbye': is missing in language 'es'" in message for message in found)
    assert any(
        "flows/replies/es/shop.yml:" in message
        and "the main language has no such reply — did you mean 'utter_goodbye'?" in message
        for message in found
    )


def test_a_translated_sentence_that_wants_other_facts_is_named(
    check: Callable[[str, Break], list[str]],
) -> None:
    found = check(
        "flows/replies/es/shop.yml",
        replaced("suma <b>{{ subtotal | money }}", "suma <b>{{ subtota | money }}"),
    )
    assert any(
        "flows/replies/es/shop.yml:" in message
        and "the main language's sentence has no {{ subtota }} — did you mean 'subtotal'?" in message
        for message in found
    )


def test_what_a_new_language_still_needs_is_told(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text((ROOT / "config.yml").read_text("utf-8").replace("[en, es]", "[en, xx]"), "utf-8")
    assert [str(mistake) for mistake in mistakes(config)] == [
        f"{FLOWS / 'replies'}: there are no replies in language 'xx': make a folder xx"
    ]
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    shutil.copytree(tmp_path / "flows" / "replies" / "en", tmp_path / "flows" / "replies" / "xx")
    shutil.copytree(ROOT / "nlu" / "data", tmp_path / "data")
    (tmp_path / "data" / "xx").mkdir()
    (tmp_path / "data" / "xx" / "few.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - xello\n', "utf-8"
    )
    found = [
        str(mistake)
        for mistake in mistakes(config, flow_folder=tmp_path / "flows", data_folder=tmp_path / "data")
    ]
    for told in (
        "nlu/entities/words/xx.yml: is missing: until it is there, names, numbers, prices and addresses in 'xx'",
        "knowledge_base/words/xx.yml: is missing",
        "slot 'address': 'called' has no words in 'xx'",
        "waits for intent 'order_status', which has no examples",
        "data/xx: has no lookup 'country', which language 'en' has",
        "shop.translations.xx: has no words for hours",
        "shop.translations.xx: has no words for delivery.express",
    ):
        assert any(told in message for message in found), told


def test_languages_are_named_once_each(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text((ROOT / "config.yml").read_text("utf-8").replace("[en, es]", "[en, en]"), "utf-8")
    assert any("a language is named twice: en, en" in str(mistake) for mistake in mistakes(config))


def test_all_mistakes_of_all_flow_files_are_told_at_once(check: Callable[[str, Break], list[str]]) -> None:
    check("flows/cart.yml", appended(FLOW + "      - {action: a, next: nowhere}\n      - {acton: x}"))
    found = check("flows/checkout.yml", replaced("then: delivery", "then: delivry"))
    assert any("flows/cart.yml" in message for message in found)
    assert any(
        "goes to 'delivry', which is not there — did you mean 'delivery'?" in message for message in found
    )


PREFIXES = (
    *(
        "utter_cancelled_",
        "utter_coupon_",
        "utter_group_",
        "utter_means_",
        "utter_not_here_",
        "utter_notice_",
        "utter_payment_",
    ),
    *(
        "words_charge_",
        "words_deal_refused_",
        "words_extra_",
        "words_menu_",
        "words_news_",
        "words_paper_",
        "words_pay_",
    ),
    *("words_question_", "words_return_", "words_topic_"),
)


def test_every_sentence_is_said_somewhere_and_every_sentence_said_is_written() -> None:
    written = replies.read(FLOWS / "replies", languages=["en"]).keys("en")
    rooms = ("bot", "shop", "payments", "console")
    code = "\n".join(path.read_text("utf-8") for room in rooms for path in (ROOT / room).rglob("*.py"))
    named = set(re.findall(r"\b(?:utter|words)_[a-z0-9_]+[a-z0-9]\b", code))
    named |= set(
        re.findall(r"\butter_[a-z0-9_]+\b", "\n".join(path.read_text() for path in FLOWS.glob("*.yml")))
    )
    made = {
        made
        for slot in slots.read(FLOWS / "slots.yml")
        for made in (f"utter_ask_{slot}", f"utter_why_{slot}", f"utter_{slot}_unfit")
    }
    made |= {name for name in written if name.startswith(PREFIXES)}
    assert not written - named - made, "nobody says these"
    said = {name for name in named if f'"{name}"' in code}
    assert not said - written, "these are said but not written"


@pytest.mark.parametrize(
    ("breaking", "words"),
    [
        (replaced("  before_one:", "  befor_one:"), "befor_one"),
        (replaced("plurals: [[ves, f]", "plurals: [[ves]"), "plurals"),
        (replaced("numbers:", "numbers: ["), "is not valid YAML"),
        (replaced("asking: [what", "asking: what, [what"), "'asking'"),
    ],
)
def test_a_broken_file_of_words_is_named(tmp_path: Path, breaking: Break, words: str) -> None:
    shutil.copytree(ENTITY_WORDS, tmp_path / "words")
    file = tmp_path / "words" / "en.yml"
    file.write_text(breaking(file.read_text("utf-8")), "utf-8")
    found = [str(mistake) for mistake in mistakes(ROOT / "config.yml", entity_words=tmp_path / "words")]
    assert found
    assert all(each.startswith(str(file)) for each in found)
    assert words in "\n".join(found)
