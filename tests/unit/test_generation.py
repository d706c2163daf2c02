"""What a language model may propose, and what of it counts."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.settings import ROOT, read_settings
from app.wiring import FLOWS, flow_files
from bot.actions import ACTIONS
from bot.dialogue import flows, slots
from bot.dialogue.proposed import FILLABLE, UNASKED_NEVER, ProposalReader
from bot.generation.endpoint import ChatEndpoint
from bot.generation.masking import masked
from bot.generation.proposals import (
    CommandGenerator,
    Proposed,
    ProposeFlow,
    ProposeMove,
    ProposeSlot,
    Situation,
)
from bot.generation.wording import AnswerWriter, strays
from nlu.entities.extraction import EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.json_service import JsonService
from nlu.understanding import Understanding
from storage.yaml_files import Mistakes
from tests.recorded_server import Recording, recording, replaying
from tests.unit.test_engine_choice import written

SITUATION = Situation("where on earth are my mugs", {"order_status": "where an order is"}, None, ())
SOURCE = "You can return what you bought within 30 days of receiving it. The label costs 4.50 EUR, but not on Sundays."
EXTRACTOR = EntityExtractor(
    "en", region="BE", vocabulary=Vocabulary(products={"mug": "Stoneware mug"}, colors=["Black"])
)


class Reading:
    """The real entities, and no intents."""

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        return Understanding(text, language or "en", (), EXTRACTOR.extract(text), refused=True)


def proposed(
    *answers: Recording, timeout_seconds: float = 5.0, key: str = ""
) -> tuple[tuple[Proposed, ...], Any, list[Any]]:
    """What a generator proposes, what its server was asked, and the log."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with replaying(*answers) as server, capture_logs() as logs:
        service = JsonService(
            "the language model", server.url, timeout_seconds=timeout_seconds, headers=headers
        )
        generator = CommandGenerator(ChatEndpoint(service, model="small"), Reading())
        found = generator.propose(SITUATION, language="en")
        service.close()
    return found, server.asked, logs


# ---------------------------------------------------------------------- asking


def test_a_model_is_asked_in_openais_form_and_its_commands_are_read() -> None:
    found, (asked,), _ = proposed(recording("chat_start_order_status"), key="geheim")
    assert found == (Proposed(ProposeFlow(command="start_flow", flow="order_status")),)
    assert asked.path == "/chat/completions"
    assert asked.headers["Authorization"] == "Bearer geheim"
    assert (asked.body["model"], asked.body["temperature"]) == ("small", 0)
    system, user = asked.body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert json.loads(user["content"]) == {
        "message": "where on earth are my mugs",
        "flows": {"order_status": "where an order is"},
        "open_question": None,
        "details": [],
    }


def test_a_value_is_understood_as_if_the_customer_had_written_it() -> None:
    (found,), _, _ = proposed(recording("chat_set_quantity"))
    assert isinstance(found.proposal, ProposeSlot)
    assert found.heard is not None
    assert found.heard.value("quantity") == 2


@pytest.mark.parametrize(
    "answer",
    [
        recording("chat_hostile_price"),
        recording("chat_hostile_injected"),
        recording("chat_hostile_more_fields"),
        recording("chat_429"),
        Recording({"error": "overloaded"}, status=503),
        Recording("no JSON"),
        Recording({"choices": []}),
        Recording({"choices": [{"message": {"content": None}}]}),
        Recording({"choices": [{"message": {"content": "x" * 9000}}]}),
        Recording({"choices": [{"message": {"content": '{"commands": [' + '{"command": "repeat"},' * 3 + '{"command": "skip"}]}'}}]}),
        Recording({"choices": [{"message": {"content": '{"commands": {"command": "repeat"}}'}}]}),
    ],
)  # fmt: skip
def test_anything_but_the_vocabulary_proposes_nothing_and_is_logged_without_words(answer: Recording) -> None:
    found, _, logs = proposed(answer)
    assert found == ()
    (line,) = logs
    assert line["event"] in {"generator.unavailable", "generator.unusable"}
    assert "mugs" not in str(logs)


def test_a_silent_model_is_not_waited_for() -> None:
    found, _, (line,) = proposed(Recording(silent=True), timeout_seconds=0.1)
    assert found == ()
    assert "ReadTimeout" in line["reason"]


def test_personal_details_are_masked_before_a_message_leaves() -> None:
    text = "I'm Ana Ruiz, ana@example.com, +32 470 12 34 56, Main Street 5, 9000 Ghent, card 4242 4242 4242 4242: the big one?"
    shown = masked(Reading().parse(text))
    for detail in ("Ruiz", "ana@", "470", "Main Street", "4242"):
        assert detail not in shown
    assert shown.endswith("the big one?")
    assert "[phone]" in shown
    assert masked(Understanding("my account is 123-456-789 012", "en")) == "my account is [number]"


# ---------------------------------------------------------------------- what may be a command


@pytest.fixture(scope="module")
def reader() -> ProposalReader:
    return ProposalReader(flows.read(flow_files()), slots.read(FLOWS / "slots.yml"))


def test_what_changes_orders_is_never_begun_by_a_proposal(reader: ProposalReader) -> None:
    assert {"order_status", "checkout", "cancel_order", "search_products", "add_to_cart", "pattern_human_handoff"} <= set(reader.startable)  # fmt: skip
    closed = {
        "correct_order",
        "reopen_order",
        "change_quantity",
        "remove_from_cart",
        "swap",
        "set_address",
        "welcome",
    }
    assert not closed & set(reader.startable)


def test_each_action_that_changes_something_is_known() -> None:
    assert set(ACTIONS) >= UNASKED_NEVER
    telling = (
        "cancel",
        "place_order",
        "withdraw",
        "remove",
        "empty",
        "change",
        "swap",
        "keep",
        "delete",
        "refund",
        "leave",
        "forget",
    )
    assert {name for name in ACTIONS if name.startswith(telling)} <= UNASKED_NEVER


def test_no_slot_of_money_stock_orders_or_people_may_be_filled() -> None:
    known = slots.read(FLOWS / "slots.yml")
    open_to_proposals = {name for name, slot in known.items() if slot.type in FILLABLE and slot.entity}
    assert open_to_proposals == {"quantity", "delivery", "return_units", "change_units"}, (
        "how many: what is done with it, a person decides"
    )


# ---------------------------------------------------------------------- wording


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("You can return what you bought within 30 days of receiving it; the label costs 4.50 EUR, but not on Sundays.", None),
        ("Sure: within 30 calendar days of receiving it you can return what you bought. The label costs 4.50 EUR, not on Sundays.", None),
        ("You can return it within 60 days of receiving it. The label costs 4.50 EUR, not on Sundays.", "a number"),
        ("You can return what you bought within 4 days, 50 of receiving it, not on Sundays. EUR 30", "a number"),
        ("You can return what you bought within thirty-one days of receiving it, not on Sundays.", "a number in words"),
        ("You can return what you bought within 30 weeks of receiving it. The label costs 4.50 EUR, not on Sundays.", "a number of something"),
        ("Within days of receiving it the label for what you return costs 30 EUR, not on Sundays.", "a number of something"),
        ("Return what you bought within 30 days at https://evil.example, not on Sundays. The label costs 4.50 EUR.", "a link"),
        ("Return what you bought within 30 days via @evilbot, but not on Sundays. The label costs 4.50 EUR.", "a link"),
        ("You can return what you bought within 30 days of receiving it, not on Mondays.", "a date"),
        ("You can return the Stoneware mug within 30 days of receiving it, not on Sundays.", "a detail"),
        ("You can return what you bought within 30 days of receiving it, also on Sundays.", "a negation"),
        ("You cannot return what you bought within 30 days of receiving it, not on Sundays.", "a negation"),
        ("You can return what you bought 30 days from receiving it, unless broken, not on Sundays.", "a limit"),
        ("Bananas ripen quickly within sunny kitchens, not so in fridges; enjoy tropical holidays everywhere.", "other words"),
        ("Return it within 30 days, not on Sundays. " * 6, "much longer"),
        ("You can return what you bought within 30 days <b>of</b> receiving it, not on Sundays.", "markup"),
        ("!!!", "a negation"),
    ],
)  # fmt: skip
def test_a_wording_keeps_to_its_source(text: str, reason: str | None) -> None:
    assert strays(text, SOURCE, language="en", read=Reading().parse) == reason


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (recording("chat_wording_kept"), True),
        (recording("chat_wording_strays"), False),
        (recording("chat_hostile_injected"), False),
        (recording("chat_429"), False),
    ],
)
def test_words_are_taken_only_when_they_keep_to_the_answer(answer: Recording, taken: bool) -> None:
    source = "You can return what you bought within 30 days of receiving it. No reason is needed."
    with replaying(answer) as server:
        service = JsonService("the language model", server.url, timeout_seconds=5)
        writer = AnswerWriter(ChatEndpoint(service, model="small"), Reading())
        text = writer.reword(source, question="may I return it?", language="en")
        assert (text is not None) is taken
        assert writer.reword(source, question="?", language="xx") is None, "a language that cannot be checked"
        service.close()
    assert len(server.asked) == 1


# ---------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("generator: {enabled: true}", "'generator': .*needs its url and its model"),
        ("generator: {enabled: true, model: m, url: 'http://models.example/v1'}", "by https:// only"),
        ("generator: {enabled: true, model: m, url: 'https://key@models.example/v1'}", "secrets come from the environment"),
        ("generator: {use: [prices]}", "'generator.use.0'"),
        ("generator: {key: x}", "unknown key 'generator.key'"),
    ],
)  # fmt: skip
def test_a_mistake_in_its_settings_is_named(tmp_path: Any, section: str, message: str) -> None:
    with pytest.raises(Mistakes, match=message):
        read_settings(written(tmp_path, section))


def test_it_is_off_unless_it_is_wanted() -> None:
    assert not read_settings(ROOT / "config.yml").generator.enabled


def test_moves_have_no_details() -> None:
    with pytest.raises(ValueError, match="extra"):
        ProposeMove.model_validate({"command": "cancel", "order": "1"})
