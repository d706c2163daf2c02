"""Who may be written to when: the window, the human agent, and utility templates."""

from collections.abc import Sequence
from typing import Any

import pytest

from sandbox.clock import SimulatedClock
from sandbox.messenger import MessengerPerson, MessengerWorld
from sandbox.messenger.rules import RETIRED_TAGS
from tests.emulators.messenger_at_loopback import Graph, Json, postback, template

pytestmark = pytest.mark.anyio

DAY_SECONDS = 24 * 3600
OUTSIDE = (10, 2018278, "(#10) This message is sent outside of allowed window.")


def utility(
    name: str = "order_sent", *texts: str, language: str = "en_US", buttons: Sequence[Json] = ()
) -> Json:
    components: list[Json] = []
    if texts:
        parameters = [{"type": "text", "text": text} for text in texts]
        components.append({"type": "body", "parameters": parameters})
    if buttons:
        components.append({"type": "buttons", "parameters": list(buttons)})
    return {"template": {"name": name, "language": {"code": language}, "components": components}}


# ── the window ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["RESPONSE", "UPDATE"])
async def test_the_window_closes_a_day_after_the_person_last_acted(
    graph: Graph, bea: MessengerPerson, clock: SimulatedClock, kind: str
) -> None:
    clock.advance(DAY_SECONDS)
    await graph.send(bea, {"text": "just in time"}, messaging_type=kind)
    clock.advance(0.001)
    assert await graph.send_refused(bea, {"text": "too late"}, messaging_type=kind) == OUTSIDE


@pytest.mark.parametrize("act", ["say", "tap", "react", "open", "open_ad"])
async def test_whatever_a_person_does_opens_the_window_again(
    graph: Graph, bea: MessengerPerson, clock: SimulatedClock, act: str
) -> None:
    sent = await graph.send(bea, template({"template_type": "button", "text": "x", "buttons": [postback()]}))
    clock.advance(DAY_SECONDS + 1)
    match act:
        case "say":
            bea.say("still there?")
        case "tap":
            bea.tap("Buy")
        case "react":
            bea.react(sent["message_id"])
        case "open":
            bea.open("spring")
        case _:
            bea.open_ad("6037215840", "spring")
    await graph.send(bea, {"text": "here"})


async def test_reading_opens_no_window(graph: Graph, bea: MessengerPerson, clock: SimulatedClock) -> None:
    clock.advance(DAY_SECONDS + 1)
    bea.read()
    bea.open()
    assert await graph.send_refused(bea, {"text": "x"}) == OUTSIDE


async def test_a_human_agent_may_write_for_seven_days(
    graph: Graph, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    by_hand: Json = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    clock.advance(7 * DAY_SECONDS)
    await graph.send(bea, {"text": "I looked it up."}, **by_hand)
    clock.advance(1)
    assert await graph.send_refused(bea, {"text": "x"}, **by_hand) == OUTSIDE


@pytest.mark.parametrize("tag", RETIRED_TAGS)
async def test_the_tags_that_are_gone_are_refused(graph: Graph, bea: MessengerPerson, tag: str) -> None:
    code, _, words = await graph.send_refused(bea, {"text": "x"}, messaging_type="MESSAGE_TAG", tag=tag)
    assert (code, words) == (100, f'(#100) Param tag must be one of {{HUMAN_AGENT}} - got "{tag}".')


async def test_a_tag_belongs_to_a_tagged_message_alone(graph: Graph, bea: MessengerPerson) -> None:
    assert (await graph.send_refused(bea, {"text": "x"}, messaging_type="MESSAGE_TAG"))[0] == 100
    assert (await graph.send_refused(bea, {"text": "x"}, tag="HUMAN_AGENT"))[0] == 100


async def test_permissions_are_asked_for(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    messenger.add_template("order_sent", "en_US", "Order {{1}} is on its way.")
    messenger.permissions -= {"human_agent", "page_utility_messaging", "pages_manage_metadata"}
    by_hand: Json = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert (await graph.send_refused(bea, {"text": "x"}, **by_hand))[0] == 200
    wanted = utility("order_sent", "KQ-1")
    assert (await graph.send_refused(bea, wanted, messaging_type="UTILITY"))[0] == 200
    assert (await graph.refused("me/subscribed_apps", {"subscribed_fields": "messages"}))[0] == 200
    messenger.permissions.clear()
    assert (await graph.send_refused(bea, {"text": "x"}))[0] == 230


# ── utility templates ───────────────────────────────────────────────────────────────────────────────


async def test_an_approved_template_reaches_the_person_after_the_window(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    buttons = [
        {"type": "URL", "text": "Track", "url": "https://shop.example.com/orders/{{1}}"},
        {"type": "POSTBACK", "text": "Help", "payload": "HELP:{{1}}"},
    ]
    messenger.add_template("order_sent", "en_US", "Order {{1}} leaves {{2}}.", buttons=buttons)
    clock.advance(30 * DAY_SECONDS)
    filled = [{"type": "URL", "url": "KQ-1"}, {"type": "POSTBACK", "payload": "KQ-1"}]
    message = utility("order_sent", "KQ-1", "today", buttons=filled)
    await graph.send(bea, message, messaging_type="UTILITY")
    (card,) = bea.screen()[-1].cards
    assert card.title == "Order KQ-1 leaves today."
    assert bea.tap("Track").url == "https://shop.example.com/orders/KQ-1"
    assert bea.tap("Help").button.value == "HELP:KQ-1"


async def test_a_body_alone_is_a_text_and_under_a_header_it_is_a_card(
    graph: Graph, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    body = new_template()["components"][0]
    header = {
        "type": "HEADER",
        "format": "TEXT",
        "text": "{{1}} update",
        "example": {"header_text": ["Order"]},
    }
    await graph.post("me/message_templates", new_template(name="plain"))
    await graph.post("me/message_templates", new_template(name="headed", components=[header, body]))
    clock.advance(5)
    await graph.send(bea, utility("plain", "KQ-1"), messaging_type="UTILITY")
    assert (bea.screen()[-1].text, bea.screen()[-1].cards) == ("Order KQ-1 left.", ())
    headed = utility("headed", "KQ-1")
    code, _, words = await graph.send_refused(bea, headed, messaging_type="UTILITY")
    assert (code, "has the header parameters ['1'], got []" in words) == (100, True), words
    first: Json = {"type": "header", "parameters": [{"type": "text", "text": "Order"}]}
    headed["template"]["components"].insert(0, first)
    await graph.send(bea, headed, messaging_type="UTILITY")
    (card,) = bea.screen()[-1].cards
    assert (card.title, card.subtitle) == ("Order update", "Order KQ-1 left.")


WRONG_TEMPLATES: dict[str, tuple[Json, str]] = {
    "an unknown name": (utility("order_lost", "KQ-1"), "does not exist in en_US"),
    "another language": (utility("order_sent", "KQ-1", language="de_DE"), "does not exist in de_DE"),
    "one that waits": (utility("waiting"), "is not approved: PENDING"),
    "one that was rejected": (utility("rejected"), "is not approved: REJECTED"),
    "too few parameters": (utility("order_sent"), "has the body parameters ['1'], got []"),
    "too many parameters": (utility("order_sent", "a", "b"), "has the body parameters ['1'], got ['1', '2']"),
    "an empty parameter": (utility("order_sent", " "), "must be non-empty"),
    "a button that it has not": (
        utility("order_sent", "KQ-1", buttons=[{"type": "URL", "url": "KQ-1"}]),
        "has no buttons",
    ),
    "words beside it": (utility("order_sent", "KQ-1") | {"text": "x"}, "is sent without text"),
    "the form of an attachment": (
        template({"template_type": "utility_messages", **utility("order_sent", "KQ-1")["template"]}),
        "must be one of {button, generic, receipt}",
    ),
    "one without its components": (
        {"template": {"name": "order_sent", "language": {"code": "en_US"}}},
        "The parameter message[template][components] is required",
    ),
}


@pytest.mark.parametrize("what", WRONG_TEMPLATES)
async def test_a_template_that_is_not_approved_or_filled_wrongly_is_refused(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, what: str
) -> None:
    messenger.add_template("order_sent", "en_US", "Order {{1}} is on its way.")
    messenger.add_template("waiting", "en_US", "Soon.", status="PENDING")
    messenger.add_template("rejected", "en_US", "Buy now!", status="REJECTED")
    message, words = WRONG_TEMPLATES[what]
    code, _, told = await graph.send_refused(bea, message, messaging_type="UTILITY")
    assert (code, words in told) == (100, True), told


async def test_utility_is_for_templates_and_templates_are_for_utility(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    messenger.add_template("order_sent", "en_US", "Order {{1}} is on its way.")
    assert (await graph.send_refused(bea, {"text": "x"}, messaging_type="UTILITY"))[0] == 100
    assert (await graph.send_refused(bea, utility("order_sent", "KQ-1")))[0] == 100


def new_template(**changes: Any) -> Json:
    body = {"type": "BODY", "text": "Order {{1}} left.", "example": {"body_text": [["KQ-1"]]}}
    known: Json = {"name": "left", "language": "en_US", "category": "UTILITY", "components": [body]}
    return known | changes


async def test_a_new_template_is_approved_within_seconds(
    graph: Graph, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    made = await graph.post("me/message_templates", new_template())
    assert made["status"] == "PENDING"
    message = utility("left", "KQ-1")
    assert (await graph.send_refused(bea, message, messaging_type="UTILITY"))[0] == 100
    clock.advance(5)
    await graph.send(bea, message, messaging_type="UTILITY")


async def test_named_parameters_are_matched_by_name(
    graph: Graph, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    example = {"body_text_named_params": [{"param_name": "order", "example": "KQ-1"}]}
    body = {"type": "BODY", "text": "Order {{order}} left.", "example": example}
    await graph.post("me/message_templates", new_template(parameter_format="NAMED", components=[body]))
    clock.advance(5)
    message = utility("left", "KQ-1")
    (parameter,) = message["template"]["components"][0]["parameters"]
    parameter["parameter_name"] = "number"
    assert (await graph.send_refused(bea, message, messaging_type="UTILITY"))[0] == 100
    parameter["parameter_name"] = "order"
    await graph.send(bea, message, messaging_type="UTILITY")
    assert bea.screen()[-1].text == "Order KQ-1 left."


async def test_templates_that_cannot_be_are_refused_or_rejected(graph: Graph) -> None:
    async def refused(**changes: Any) -> tuple[int, int | None]:
        code, subcode, _ = await graph.refused("me/message_templates", new_template(**changes))
        return code, subcode

    quick = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]}
    assert await refused(components=[*new_template()["components"], quick]) == (100, 2018416)
    assert await refused(components=[quick]) == (100, 2018416)
    for dangling in ("{{1}} left.", "News: {{1}}"):
        body = {"type": "BODY", "text": dangling, "example": {"body_text": [["x"]]}}
        assert await refused(components=[body]) == (100, 2018416)
    assert await refused(name="Left!") == (100, None)
    assert await refused(category="MARKETING") == (100, None)
    assert await refused(name="x" * 513) == (100, None)
    assert await refused(components=[{"type": "BODY", "text": "x" * 1025}]) == (100, None)
    await graph.post("me/message_templates", new_template())
    assert await refused() == (100, None)  # there is one of that name


@pytest.mark.parametrize(
    ("text", "samples", "reason"),
    [
        ("Order {{1}} left.", [], "TEMPLATE_VARIABLES_MISSING_SAMPLE_VALUES"),
        ("Order {{2}} left.", ["x"], "INCORRECT_PARAMS"),
        ("Order {{number}} left.", ["x"], "INCORRECT_PARAMS"),
        ("Order {1} left.", [], "INCORRECT_PARAMS"),
        ("Order {{#1}} left.", [], "INCORRECT_PARAMS"),
    ],
)
async def test_review_rejects_wrong_placeholders_and_says_why(
    graph: Graph, clock: SimulatedClock, text: str, samples: list[str], reason: str
) -> None:
    body = {"type": "BODY", "text": text, "example": {"body_text": [samples]}}
    assert (await graph.post("me/message_templates", new_template(components=[body])))["status"] == "REJECTED"
    clock.advance(60)
    (listed,) = (await graph.get("me/message_templates"))["data"]
    assert (listed["status"], listed["rejected_reason"]) == ("REJECTED", reason)


async def test_a_name_of_512_and_a_text_of_1024_characters_are_taken(graph: Graph) -> None:
    body = {"type": "BODY", "text": "x" * 1024}
    await graph.post("me/message_templates", new_template(name="x" * 512, components=[body]))
