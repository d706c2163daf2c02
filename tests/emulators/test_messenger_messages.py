"""Messages: every kind arrives as it was sent, and every documented limit is refused with its code."""

from typing import Any

import pytest

from sandbox.messenger import Button, MessengerPerson, MessengerWorld, ShownCard
from tests.emulators.messenger_at_loopback import Graph, Json, postback, quick_reply, sending, template

pytestmark = pytest.mark.anyio

LINK: Json = {"type": "web_url", "title": "Pay", "url": "https://pay.example.com/1"}


def receipt(**changes: Any) -> Json:
    known: Json = {
        "template_type": "receipt",
        "recipient_name": "Bea Quist",
        "order_number": "KQ-1",
        "currency": "EUR",
        "payment_method": "Visa 4242",
        "summary": {"subtotal": 30.0, "shipping_cost": 4.9, "total_cost": 34.9},
        "elements": [{"title": "Kettle", "quantity": 1, "price": 30.0, "currency": "EUR"}],
    }
    return {name: value for name, value in (known | changes).items() if value is not None}


def generic(*elements: Json) -> Json:
    return template({"template_type": "generic", "elements": list(elements)})


def buttons(*wanted: Json, text: str = "What now?") -> Json:
    return template({"template_type": "button", "text": text, "buttons": list(wanted)})


# ── what arrives ────────────────────────────────────────────────────────────────────────────────────


async def test_a_text_arrives_and_its_ids_are_answered(graph: Graph, bea: MessengerPerson) -> None:
    answer = await graph.send(bea, {"text": "hi Bea ☕"})
    last = bea.screen()[-1]
    assert answer == {"recipient_id": bea.psid, "message_id": last.id}
    assert (last.text, last.mine, last.number) == ("hi Bea ☕", False, 2)


async def test_a_text_of_two_thousand_characters_is_the_longest(graph: Graph, bea: MessengerPerson) -> None:
    await graph.send(bea, {"text": "é" * 2000})
    code, _, words = await graph.send_refused(bea, {"text": "é" * 2001})
    assert (code, words) == (100, "(#100) Length of param message[text] must be less than or equal to 2000")
    assert len(bea.screen()) == 2


async def test_quick_replies_are_shown_until_the_next_message(graph: Graph, bea: MessengerPerson) -> None:
    replies = [quick_reply("Yes"), {"content_type": "user_phone_number"}, {"content_type": "user_email"}]
    await graph.send(bea, {"text": "Well?", "quick_replies": replies})
    assert bea.screen()[-1].quick_replies == (
        Button("Yes", "text", "YES"),
        Button("+15550101", "user_phone_number", "+15550101"),
        Button("bea@example.com", "user_email", "bea@example.com"),
    )
    await graph.send(bea, {"text": "Never mind."})
    assert [message.quick_replies for message in bea.screen()] == [(), (), ()]


async def test_a_button_template_shows_its_text_and_buttons(graph: Graph, bea: MessengerPerson) -> None:
    call = {"type": "phone_number", "title": "Call", "payload": "+4930123456"}
    await graph.send(bea, buttons(LINK, postback(), call))
    last = bea.screen()[-1]
    assert last.text == "What now?"
    assert last.buttons == (
        Button("Pay", "web_url", "https://pay.example.com/1"),
        Button("Buy", "postback", "BUY"),
        Button("Call", "phone_number", "+4930123456"),
    )


async def test_a_carousel_shows_its_cards(graph: Graph, bea: MessengerPerson) -> None:
    element = {
        "title": "Kettle",
        "subtitle": "1.7 l",
        "image_url": "https://shop.example.com/kettle.png",
        "default_action": {"type": "web_url", "url": "https://shop.example.com/kettle"},
        "buttons": [postback()],
    }
    await graph.send(bea, generic(element, {"title": "Cup", "subtitle": "0.3 l"}))
    assert bea.screen()[-1].cards == (
        ShownCard(
            "Kettle",
            "1.7 l",
            "https://shop.example.com/kettle.png",
            "https://shop.example.com/kettle",
            (Button("Buy", "postback", "BUY"),),
        ),
        ShownCard("Cup", "0.3 l"),
    )


async def test_a_receipt_shows_its_lines_and_total(graph: Graph, bea: MessengerPerson) -> None:
    await graph.send(bea, template(receipt()))
    shown = bea.screen()[-1].receipt
    assert shown
    assert (shown.order_number, shown.total, shown.currency) == ("KQ-1", 34.9, "EUR")
    assert [(line.title, line.quantity, line.price) for line in shown.lines] == [("Kettle", 1, 30.0)]


async def test_an_order_number_is_used_for_one_receipt_alone(graph: Graph, bea: MessengerPerson) -> None:
    await graph.send(bea, template(receipt()))
    code, _, words = await graph.send_refused(bea, template(receipt()))
    assert (code, words) == (100, "(#100) Param name_placeholder[order_number] must be unique")
    await graph.send(bea, template(receipt(order_number="KQ-2")))


async def test_a_message_may_answer_an_earlier_one(graph: Graph, bea: MessengerPerson) -> None:
    question = bea.screen()[0].id
    await graph.send(bea, {"text": "yes"}, reply_to={"mid": question})
    assert bea.screen()[-1].reply_to == question
    code, *_ = await graph.send_refused(bea, {"text": "yes"}, reply_to={"mid": "m_other"})
    assert code == 100


async def test_typing_is_seen_until_a_message_or_its_end_or_twenty_seconds(
    graph: Graph, bea: MessengerPerson, clock: Any
) -> None:
    async def act(action: str) -> Json:
        body = {"recipient": {"id": bea.psid}, "sender_action": action}
        return await graph.post("me/messages", body)

    assert await act("typing_on") == {"recipient_id": bea.psid}
    assert bea.typing
    await act("typing_off")
    assert not bea.typing
    await act("TYPING_ON")
    await graph.send(bea, {"text": "here"})
    assert not bea.typing
    await act("typing_on")
    clock.advance(19)
    assert bea.typing
    clock.advance(1)
    assert not bea.typing
    await act("mark_seen")


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────

PLAIN = {"title": "Kettle", "subtitle": "1.7 l"}
QUICK = "message[quick_replies]"
ROOT = "name_placeholder"

WRONG: dict[str, tuple[Json, int, str]] = {
    "no content": ({}, 100, "Message cannot be empty"),
    "only quick replies": ({"quick_replies": [quick_reply()]}, 100, "Message cannot be empty"),
    "blank text": ({"text": " \n"}, 100, "Message cannot be empty"),
    "text and attachment": ({"text": "x", **buttons(LINK)}, 100, "Cannot send both text and attachment"),
    "an unknown field": (
        {"text": "x", "colour": "red"},
        100,
        'Invalid keys "colour" were found in param "message"',
    ),
    "a text that is none": ({"text": 5}, 100, "Param message[text] must be a string"),
    "metadata too long": ({"text": "x", "metadata": "m" * 1001}, 100, "Length of param message[metadata]"),
    "14 quick replies": (
        {"text": "x", "quick_replies": [quick_reply(str(n)) for n in range(14)]},
        105,
        f"param {QUICK} has too many elements.",
    ),
    "quick replies that are no list": (
        {"text": "x", "quick_replies": {}},
        100,
        f"Param {QUICK} must be an array",
    ),
    "a long quick reply": (
        {"text": "x", "quick_replies": [quick_reply(), quick_reply("x" * 21)]},
        100,
        f"Length of param {QUICK}[1][title] must be less than or equal to 20",
    ),
    "a quick reply's long payload": (
        {"text": "x", "quick_replies": [quick_reply(payload="x" * 1001)]},
        100,
        f"Length of param {QUICK}[0][payload] must be less than or equal to 1000",
    ),
    "a quick reply without title": (
        {"text": "x", "quick_replies": [{"content_type": "text", "payload": "x"}]},
        100,
        f"The parameter {QUICK}[0][title] is required",
    ),
    "a quick reply with an empty payload": (
        {"text": "x", "quick_replies": [quick_reply(payload="")]},
        100,
        f"param {QUICK}[0][payload] must be non-empty.",
    ),
    "a location quick reply": (
        {"text": "x", "quick_replies": [{"content_type": "location"}]},
        100,
        f'Param {QUICK}[0][content_type] must be one of {{text, user_phone_number, user_email}} - got "location".',
    ),
    "a button text of 641": (buttons(LINK, text="x" * 641), 100, f"Length of param {ROOT}[text]"),
    "an empty button text": (buttons(LINK, text=" "), 100, "must be non-empty"),
    "no buttons": (buttons(), 100, f"param {ROOT}[buttons] must be non-empty."),
    "4 buttons": (buttons(*[postback()] * 4), 105, f"param {ROOT}[buttons] has too many elements."),
    "a long button title": (
        buttons(postback("x" * 21)),
        100,
        f"Length of param {ROOT}[buttons][0][title] must be less than or equal to 20",
    ),
    "a long button payload": (
        buttons(postback(payload="x" * 1001)),
        100,
        f"Length of param {ROOT}[buttons][0]",
    ),
    "a button without title": (
        buttons({"type": "postback", "payload": "x"}),
        100,
        "Element button title cannot be",
    ),
    "a postback without payload": (
        buttons({"type": "postback", "title": "x"}),
        100,
        "Payload cannot be empty",
    ),
    "a link without URL": (buttons({"type": "web_url", "title": "x"}), 100, "Web url cannot be empty"),
    "a link that is not https": (
        buttons(LINK | {"url": "http://shop.example.com"}),
        100,
        f"{ROOT}[buttons][0][url] should represent a valid URL",
    ),
    "a link that is none": (buttons(LINK | {"url": "shop"}), 100, "should represent a valid URL"),
    "an unknown button": (
        buttons({"type": "element_share"}),
        100,
        f"Param {ROOT}[buttons][0][type] must be one of",
    ),
    "a number to call without +": (
        buttons({"type": "phone_number", "title": "Call", "payload": "030"}),
        100,
        f"Param {ROOT}[buttons][0][payload] has a wrong format",
    ),
    "11 cards": (generic(*[PLAIN] * 11), 105, f"param {ROOT}[elements] has too many elements."),
    "no cards": (generic(), 100, f"param {ROOT}[elements] must be non-empty."),
    "a long card title": (generic(PLAIN | {"title": "x" * 81}), 100, "must be less than or equal to 80"),
    "a long card subtitle": (
        generic(PLAIN | {"subtitle": "x" * 81}),
        100,
        "must be less than or equal to 80",
    ),
    "a card with a title alone": (
        generic({"title": "Kettle"}),
        100,
        "at least one property in addition to title",
    ),
    "a card without title": (
        generic({"subtitle": "x"}),
        100,
        f"The parameter {ROOT}[elements][0][title] is required",
    ),
    "a card with 4 buttons": (
        generic(PLAIN | {"buttons": [postback()] * 4}),
        105,
        f"param {ROOT}[elements][0][buttons] has too many elements.",
    ),
    "a tap with a title": (
        generic(PLAIN | {"default_action": LINK}),
        100,
        f'Invalid keys "title" were found in param "{ROOT}[elements][0][default_action]".',
    ),
    "a picture that is no URL": (
        generic(PLAIN | {"image_url": "kettle.png"}),
        100,
        "should represent a valid URL",
    ),
    "an unknown template": (template({"template_type": "list"}), 100, "template_type] must be one of"),
    "101 receipt lines": (
        template(receipt(elements=[{"title": "x", "price": 1}] * 101)),
        105,
        f"param {ROOT}[elements] has too many elements.",
    ),
    "an unknown currency": (
        template(receipt(currency="EURO")),
        100,
        "must be a valid ISO 4217 currency code",
    ),
    "a receipt without total": (
        template(receipt(summary={"subtotal": 1})),
        100,
        f"The parameter {ROOT}[summary][total_cost] is required",
    ),
    "a price in words": (
        template(receipt(elements=[{"title": "x", "price": "1"}])),
        100,
        f"Param {ROOT}[elements][0][price] must be a number",
    ),
    "half an address": (
        template(receipt(address={"street_1": "x", "city": "y", "postal_code": "1", "country": "DE"})),
        100,
        f"The parameter {ROOT}[address][state] is required",
    ),
    **{
        f"a receipt without {name}": (
            template(receipt(**{name: None})),
            100,
            f"The parameter {ROOT}[{name}] is required",
        )
        for name in ("recipient_name", "order_number", "currency", "payment_method", "summary")
    },
}


@pytest.mark.parametrize("what", WRONG)
async def test_what_breaks_a_rule_is_refused_with_its_code(
    graph: Graph, bea: MessengerPerson, what: str
) -> None:
    message, wanted, words = WRONG[what]
    code, _, told = await graph.send_refused(bea, message)
    assert (code, told.startswith(f"(#{wanted}) ")) == (wanted, True)
    assert words in told
    assert len(bea.screen()) == 1


async def test_each_limit_is_taken_in_full(graph: Graph, bea: MessengerPerson) -> None:
    replies = [quick_reply("x" * 20, "y" * 1000) for _ in range(13)]
    await graph.send(bea, {"text": "x" * 2000, "quick_replies": replies, "metadata": "m" * 1000})
    await graph.send(bea, buttons(*[postback("x" * 20, "y" * 1000)] * 3, text="x" * 640))
    card = {"title": "x" * 80, "subtitle": "y" * 80, "buttons": [postback()] * 3}
    await graph.send(bea, generic(*[card] * 10))
    await graph.send(bea, template(receipt(elements=[{"title": "x", "price": 1}] * 100)))


async def test_a_link_to_this_machine_needs_no_certificate(graph: Graph, bea: MessengerPerson) -> None:
    await graph.send(bea, buttons(LINK | {"url": "http://127.0.0.1:8080/pay"}))
    assert bea.tap("Pay").url == "http://127.0.0.1:8080/pay"


async def test_subcodes_tell_refusals_of_one_code_apart(graph: Graph, bea: MessengerPerson) -> None:
    refused = [
        (await graph.send_refused(bea, WRONG[what][0]))[1]
        for what in (
            "no content",
            "a postback without payload",
            "a link without URL",
            "a button without title",
        )
    ]
    assert refused == [2018034, 2018040, 2018041, 2018053]


async def test_what_is_sent_to_nobody_or_says_nothing_is_refused(graph: Graph, bea: MessengerPerson) -> None:
    async def refused(body: Json) -> tuple[int, int | None]:
        code, subcode, _ = await graph.refused("me/messages", body)
        return code, subcode

    hello: Json = {"message": {"text": "x"}, "messaging_type": "RESPONSE"}
    assert await refused(hello) == (100, None)
    assert await refused(hello | {"recipient": {"id": "a"}}) == (100, None)
    assert await refused(hello | {"recipient": {}}) == (100, None)
    assert await refused(hello | {"recipient": {"id": "24100000000009999"}}) == (100, 2018001)
    assert await refused(hello | {"recipient": {"user_ref": "x"}}) == (100, 2018001)
    assert await refused({"recipient": {"id": bea.psid}}) == (100, 2018015)
    both = sending(bea, {"text": "x"}, sender_action="typing_on")
    assert await refused(both) == (100, None)
    assert await refused({"recipient": {"id": bea.psid}, "sender_action": "dance"}) == (100, None)
    assert await refused(sending(bea, {"text": "x"}, messaging_type=None)) == (100, None)
    assert await refused(sending(bea, {"text": "x"}, messaging_type="PROMOTION")) == (100, None)
    assert await refused(sending(bea, {"text": "x"}, colour="red")) == (100, None)
    assert len(bea.screen()) == 1


async def test_a_person_is_unknown_until_they_act_and_gone_while_they_block(
    graph: Graph, messenger: MessengerWorld
) -> None:
    cy = messenger.add_person("Cy")
    assert (await graph.send_refused(cy, {"text": "x"}))[:2] == (100, 2018001)
    cy.say("hi")
    await graph.send(cy, {"text": "x"})
    cy.block()
    assert await graph.send_refused(cy, {"text": "y"}) == (
        551,
        1545041,
        "(#551) This person isn't available right now.",
    )
    cy.unblock()
    await graph.send(cy, {"text": "z"})
    assert [message.text for message in cy.screen()] == ["hi", "x", "z"]
