"""Every kind of message through the real channel to the Messenger emulator, and what each refusal becomes."""

import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from structlog.testing import capture_logs

from bot.channels.messenger import MessengerChannel
from bot.channels.messenger_graph import OutsideWindow
from bot.delivery.engine import Blocked, TooFast
from bot.events import SharedContact, Tapped
from bot.messages import (
    AnswerTap,
    Button,
    Card,
    Message,
    Picture,
    PriceLine,
    Receipt,
    ReceiptLine,
    Say,
    SendInvoice,
    ShowCards,
    ShowTyping,
)
from sandbox.clock import SimulatedClock
from sandbox.messenger import (
    MessengerPerson,
    MessengerWorld,
    ShownMessage,
    create_app,
    drop,
    gateway,
    refuse,
)
from sandbox.messenger.state import StoredFile
from shop.errors import Rejected, Unavailable
from tests.integration.messenger_channel_at_loopback import (
    APP_SECRET,
    PAGE_ID,
    PAGE_TOKEN,
    add_person,
    channel_to,
    new_world,
)
from tests.integration.telegram_channel_at_loopback import InstantClock, serving
from tests.integration.test_telegram_channel_sending import png

pytestmark = pytest.mark.anyio

MUG = Picture(path="mug.png", alt="A blue mug")
BUY = Button(label="Buy", token="buy.0.signature")
HOUR = 3600.0


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def world(clock: SimulatedClock) -> MessengerWorld:
    return new_world(clock)


@pytest.fixture
def ada(world: MessengerWorld) -> MessengerPerson:
    return add_person(world)


@pytest.fixture
async def graph_url(world: MessengerWorld) -> AsyncIterator[str]:
    async with serving(create_app(world)) as url:
        yield url
        await world.close()


@pytest.fixture
async def channel(
    graph_url: str, tmp_path: Path, clock: SimulatedClock, world: MessengerWorld
) -> AsyncIterator[MessengerChannel]:
    async with channel_to(graph_url, tmp_path, clock, world=world) as channel:
        yield channel


class Talk:
    """One person's conversation, as our messages change it."""

    def __init__(self, channel: MessengerChannel, person: MessengerPerson) -> None:
        self.channel, self.person = channel, person
        self._read = len(person.screen())

    async def send(self, message: Message) -> list[ShownMessage]:
        """What is new on the screen after it was sent."""
        await self.channel.send(self.person.psid, message)
        return self.new()

    def new(self) -> list[ShownMessage]:
        shown = self.person.screen()
        new, self._read = shown[self._read :], len(shown)
        return new


@pytest.fixture
def talk(channel: MessengerChannel, ada: MessengerPerson) -> Talk:
    return Talk(channel, ada)


def labels(buttons: Any) -> list[str]:
    return [button.text for button in buttons]


def taps(number: int) -> tuple[tuple[Button, ...], ...]:
    return tuple((Button(label=f"Choice {each}", token=f"t{each}.0.sig"),) for each in range(number))


def last_event(world: MessengerWorld, field: str) -> dict[str, Any]:
    body = [event.body for event in world.webhooks.history() if event.field == field][-1]
    return {"object": "page", "entry": [{"id": world.page_id, "messaging": [body]}]}


# ── words and buttons ───────────────────────────────────────────────────────────────────────────────


async def test_words_arrive_without_markup(talk: Talk) -> None:
    (shown,) = await talk.send(Say(text="😀 <b>Hi</b> &lt;Ada&gt;"))
    assert (shown.text, shown.content["metadata"]) == ("😀 Hi <Ada>", "parley")


async def test_a_long_text_comes_in_parts_with_its_buttons_under_the_last(talk: Talk) -> None:
    text = "\n\n".join(f"Paragraph {number} " + "word " * 150 for number in range(6))
    shown = await talk.send(Say(text=text, buttons=((BUY,),)))
    assert len(shown) > 2
    assert [labels(part.buttons) for part in shown] == [[]] * (len(shown) - 1) + [["Buy"]]


async def test_the_id_of_the_last_part_is_the_reference(
    channel: MessengerChannel, ada: MessengerPerson
) -> None:
    reference = await channel.send(ada.psid, Say(text="word " * 1000))
    assert reference == ada.screen()[-1].id


async def test_an_empty_text_is_refused_for_good(channel: MessengerChannel, ada: MessengerPerson) -> None:
    with pytest.raises(Rejected, match="empty"):
        await channel.send(ada.psid, Say(text=" "))


@pytest.mark.parametrize(("number", "firm", "quick"), [(3, 3, 0), (4, 0, 4), (13, 0, 13), (20, 20, 0)])
async def test_any_number_of_choices_can_be_tapped(talk: Talk, number: int, firm: int, quick: int) -> None:
    shown = await talk.send(Say(text="Which?", buttons=taps(number)))
    assert sum(len(message.buttons) for message in shown) == firm
    assert len(shown[-1].quick_replies) == quick


@pytest.mark.parametrize(("number", "field"), [(2, "messaging_postbacks"), (5, "messages")])
async def test_a_tapped_choice_brings_its_token_back(
    talk: Talk, world: MessengerWorld, number: int, field: str
) -> None:
    await talk.send(Say(text="Which?", buttons=taps(number)))
    talk.person.tap("Choice 1")
    (inbound,) = talk.channel.read(last_event(world, field))
    assert inbound.event == Tapped(token="t1.0.sig", label="Choice 1")
    assert inbound.conversation == f"messenger:{talk.person.psid}"


async def test_sharing_ones_number_takes_one_tap(talk: Talk, world: MessengerWorld) -> None:
    await talk.send(Say(text="Your number?", buttons=((Button(label="Share", share="phone"),), *taps(1))))
    talk.person.share_phone()
    (inbound,) = talk.channel.read(last_event(world, "messages"))
    assert inbound.event == SharedContact(phone="+15550100", own=True)


async def test_cards_come_side_by_side_with_common_choices_below(talk: Talk, tmp_path: Path) -> None:
    card = Card(title="Blue mug", text="<b>€12.00</b>", picture=MUG, buttons=(BUY,))
    (shown,) = await talk.send(ShowCards(cards=(card, card), buttons=taps(2)))
    assert [(card.title, card.subtitle) for card in shown.cards] == [("Blue mug", "€12.00")] * 2
    assert shown.cards[0].picture == "http://127.0.0.1:9/media/mug.png"
    assert labels(shown.cards[0].buttons) == ["Buy"]
    assert labels(shown.quick_replies) == ["Choice 0", "Choice 1"]


RECEIPT = Receipt(
    order="K7F2",
    name="Ada Maes",
    currency="EUR",
    payment="Stripe",
    lines=(ReceiptLine(title="Blue mug", units=2, unit_price_minor=1200),),
    delivery_minor=490,
    total_minor=2890,
)


async def test_a_receipt_shows_what_was_paid(talk: Talk) -> None:
    (shown,) = await talk.send(RECEIPT)
    assert shown.receipt
    assert (shown.receipt.order_number, shown.receipt.total, shown.receipt.currency) == ("K7F2", 28.9, "EUR")
    with pytest.raises(Rejected):  # its number is used up: a repeat shows nothing twice
        await talk.send(RECEIPT)


async def test_typing_is_shown(channel: MessengerChannel, ada: MessengerPerson) -> None:
    await channel.send(ada.psid, ShowTyping())
    assert ada.typing


@pytest.mark.parametrize(
    "message",
    [
        AnswerTap(tap="1"),
        SendInvoice(
            title="x",
            description="x",
            payload="x",
            currency="EUR",
            lines=(PriceLine(label="x", amount_minor=1),),
        ),
    ],
)
async def test_what_messenger_does_not_have_is_refused(
    channel: MessengerChannel, ada: MessengerPerson, message: Message
) -> None:
    with pytest.raises(Rejected, match="Messenger has no"):
        await channel.send(ada.psid, message)


# ── pictures ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_picture_is_uploaded_once_until_it_changes(
    talk: Talk, world: MessengerWorld, tmp_path: Path
) -> None:
    (tmp_path / "mug.png").write_bytes(png())
    for _ in range(3):
        picture, words = await talk.send(Say(text="Mug", picture=MUG))
        assert (bool(picture.picture), words.text) == (True, "Mug")
    assert len(list(world.store.all(StoredFile))) == 1
    (tmp_path / "mug.png").write_bytes(png(8, 8))
    await talk.send(Say(text="Mug", picture=MUG))
    assert len(list(world.store.all(StoredFile))) == 2


async def test_a_picture_that_meta_forgot_is_uploaded_again(
    talk: Talk, world: MessengerWorld, tmp_path: Path
) -> None:
    (tmp_path / "mug.png").write_bytes(png())
    await talk.send(Say(text="Mug", picture=MUG))
    for file in list(world.store.all(StoredFile)):
        world.store.remove(file)
    picture, words = await talk.send(Say(text="Mug", picture=MUG))
    assert (bool(picture.picture), words.text) == (True, "Mug")


@pytest.mark.parametrize("path", ["nowhere.png", "../outside.png", ".", "bad\0name", "words.txt"])
async def test_without_its_file_the_words_go_alone(talk: Talk, tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "outside.png").write_bytes(png())
    (tmp_path / "words.txt").write_text("x")
    (shown,) = await talk.send(Say(text="Mug", picture=Picture(path=path), buttons=((BUY,),)))
    assert (shown.text, shown.picture, labels(shown.buttons)) == ("Mug", None, ["Buy"])
    (shown,) = await talk.send(Say(text="", picture=Picture(path=path, alt="A blue mug")))
    assert shown.text == "A blue mug"


# ── the 24 hours ────────────────────────────────────────────────────────────────────────────────────


async def test_after_a_day_an_answer_is_not_even_tried(
    talk: Talk, clock: SimulatedClock, world: MessengerWorld
) -> None:
    clock.advance(24 * HOUR)
    for message in (Say(text="x"), ShowCards(cards=(Card(title="x", text="y"),)), RECEIPT):
        with pytest.raises(OutsideWindow, match="24 hours"):
            await talk.send(message)
    assert not world.refusals


async def test_staff_may_answer_for_a_week(talk: Talk, clock: SimulatedClock) -> None:
    clock.advance(6 * 24 * HOUR)
    (shown,) = await talk.send(Say(text="We found it!", purpose="staff"))
    assert shown.text == "We found it!"
    clock.advance(2 * 24 * HOUR)
    with pytest.raises(OutsideWindow, match="7 days"):
        await talk.send(Say(text="Hello?", purpose="staff"))


NEWS = Say(text="Your order <b>K7F2</b><br>is on its way.", purpose="order_update")


@pytest.fixture
async def with_template(
    graph_url: str, tmp_path: Path, clock: SimulatedClock, world: MessengerWorld
) -> AsyncIterator[MessengerChannel]:
    """A channel whose merchant has chosen a template for news of orders."""
    chosen: Any = {"templates": {"order_update": "order_news"}, "language": "en_US"}
    async with channel_to(graph_url, tmp_path, clock, world=world, **chosen) as channel:
        yield channel


async def test_later_news_of_an_order_are_put_into_the_approved_template(
    with_template: MessengerChannel, clock: SimulatedClock, world: MessengerWorld, ada: MessengerPerson
) -> None:
    world.add_template("order_news", "en_US", "News of your order: {{1}} Thank you.")
    talk = Talk(with_template, ada)
    (at_once,) = await talk.send(NEWS)
    assert at_once.text == "Your order K7F2\nis on its way."
    clock.advance(48 * HOUR)
    (later,) = await talk.send(NEWS)
    assert later.text == "News of your order: Your order K7F2 is on its way. Thank you."
    assert later.content["metadata"] == "parley"  # so that its echo is known as ours
    with pytest.raises(OutsideWindow, match="holds words only"):
        await talk.send(RECEIPT)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"name": "other_news"}, "order_news does not exist in en_US"),
        ({"language": "en_GB"}, "order_news does not exist in en_US"),
        ({"status": "PENDING"}, "is not approved: PENDING"),
        ({"status": "REJECTED"}, "is not approved: REJECTED"),
        ({"body": "There are news of your order."}, r"has the body parameters \[\], got \['1'\]"),
        ({"body": "News of {{1}}, {{2}}."}, r"has the body parameters \['1', '2'\], got \['1'\]"),
    ],
)
async def test_a_template_that_meta_does_not_take_is_no_message_and_says_why(
    with_template: MessengerChannel,
    clock: SimulatedClock,
    world: MessengerWorld,
    made: dict[str, Any],
    told: str,
) -> None:
    person = add_person(world)
    clock.advance(48 * HOUR)
    world.limits = replace(world.limits, template_review_seconds=HOUR)
    known: dict[str, Any] = {
        "name": "order_news",
        "language": "en_US",
        "body": "News of your order: {{1}} Thank you.",
    }
    world.add_template(**(known | made))
    with pytest.raises(Rejected, match=told):
        await with_template.send(person.psid, NEWS)


# ── trouble ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_that_stopped_midway_goes_on_there(talk: Talk, world: MessengerWorld) -> None:
    message = Say(text="\n\n".join(f"{number} " + "word " * 300 for number in range(4)))
    world.faults.next("messages", [None, drop()])
    with pytest.raises(Unavailable):
        await talk.send(message)
    first = [shown.text[0] for shown in talk.new()]
    rest = [shown.text[0] for shown in await talk.send(message)]
    assert [*first, *rest] == ["0", "1", "2", "3"]
    assert first == ["0"]
    assert [shown.text[0] for shown in await talk.send(message)] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("trouble", [refuse(1), refuse(2), refuse(1200), gateway(502), gateway(404), drop()])
async def test_passing_trouble_may_be_tried_again(
    channel: MessengerChannel, world: MessengerWorld, ada: MessengerPerson, trouble: Any
) -> None:
    world.faults.next("messages", [trouble])
    with pytest.raises(Unavailable) as failed:
        await channel.send(ada.psid, Say(text="x"))
    assert failed.value.retry_after_seconds is None
    await channel.send(ada.psid, Say(text="x"))


@pytest.mark.parametrize(
    ("trouble", "whole_page"),
    [
        (refuse(4), True),
        (refuse(80006), True),
        (gateway(429), True),
        (refuse(2, status=429), True),
        (refuse(613), False),
    ],
)
async def test_too_fast_pauses_the_chat_or_the_page(
    channel: MessengerChannel, world: MessengerWorld, ada: MessengerPerson, trouble: Any, whole_page: bool
) -> None:
    world.faults.next("messages", [trouble])
    with pytest.raises(TooFast) as failed:
        await channel.send(ada.psid, Say(text="x"))
    assert failed.value.whole_bot is whole_page
    assert failed.value.retry_after_seconds


async def test_metas_own_word_on_the_pause_is_kept(tmp_path: Path, clock: SimulatedClock) -> None:
    usage = '{"1": [{"type": "messenger", "estimated_time_to_regain_access": 7}]}'
    answers = [{"Retry-After": "3"}, {"X-Business-Use-Case-Usage": usage}, {"X-Business-Use-Case-Usage": "{"}]
    graph = FastAPI()

    @graph.post(f"/v26.0/{PAGE_ID}/messages")
    async def send() -> Response:
        body = '{"error": {"message": "slow down", "type": "OAuthException", "code": 80006}}'
        return Response(body, 400, headers=answers.pop(0))

    pauses: list[float | None] = []
    async with serving(graph) as url, channel_to(url, tmp_path, clock) as channel:
        for _ in range(3):
            with pytest.raises(TooFast) as failed:
                await channel.send("5", Say(text="x"))
            pauses.append(failed.value.retry_after_seconds)
    assert pauses == [3, 420, 60]


async def test_who_blocked_the_page_or_is_unknown_is_blocked(
    channel: MessengerChannel, world: MessengerWorld, ada: MessengerPerson
) -> None:
    ada.block()
    with pytest.raises(Blocked, match="551"):
        await channel.send(ada.psid, Say(text="x"))
    stranger = world.add_person("Bo")
    world.save(stranger.record.model_copy(update={"active_at": world.now_ms()}))
    with pytest.raises(Blocked, match="No matching user"):
        await channel.send(stranger.psid, Say(text="x"))


async def test_who_reads_in_another_apps_hands_is_not_written_to(
    channel: MessengerChannel, world: MessengerWorld, ada: MessengerPerson
) -> None:
    world.inbox.take(ada)
    with pytest.raises(Rejected, match="another app is controlling"):
        await channel.send(ada.psid, Say(text="x"))


async def test_meta_closing_the_window_first_is_a_reason_for_staff(
    graph_url: str, tmp_path: Path, clock: SimulatedClock, ada: MessengerPerson
) -> None:
    clock.advance(25 * HOUR)
    async with channel_to(graph_url, tmp_path, clock) as channel:  # which believes that they wrote just now
        with pytest.raises(OutsideWindow, match="outside of allowed window"):
            await channel.send(ada.psid, Say(text="x"))


async def test_a_wrong_token_is_the_merchants_to_mend(
    graph_url: str, tmp_path: Path, clock: SimulatedClock, ada: MessengerPerson
) -> None:
    with capture_logs() as logs:
        async with channel_to(graph_url, tmp_path, clock, token="EAAwrong000") as channel:
            with pytest.raises(Unavailable, match="refused the page token"):
                await channel.send(ada.psid, Say(text="x"))
    assert [line["event"] for line in logs] == ["messenger.wrong_token"]
    assert "EAAwrong000" not in repr(logs)


async def test_no_secret_is_in_any_url_or_error(
    tmp_path: Path, clock: SimulatedClock, world: MessengerWorld, graph_url: str, ada: MessengerPerson
) -> None:
    seen: list[str] = []
    echo = FastAPI()

    @echo.post(f"/v26.0/{PAGE_ID}/messages")
    async def repeat(request: Request) -> Response:
        seen.append(str(request.url))
        words = request.headers["authorization"] + (await request.json())["appsecret_proof"]
        return Response('{"error": {"message": "' + words + '", "code": 100}}', 400)

    async with serving(echo) as echo_url:
        for url in (echo_url, "http://127.0.0.1:9", graph_url + "/elsewhere"):
            async with channel_to(url, tmp_path, clock) as channel:
                with pytest.raises((Unavailable, Rejected)) as failed:
                    await channel.send("4711", Say(text="x"))
            written = "".join(traceback.format_exception(failed.value))
            assert PAGE_TOKEN not in written
            assert APP_SECRET not in written
    assert seen == [f"{echo_url}/v26.0/{PAGE_ID}/messages"]


# ── the page's own settings ─────────────────────────────────────────────────────────────────────────


async def test_the_page_gets_its_first_button_and_its_greeting(
    graph_url: str, tmp_path: Path, world: MessengerWorld
) -> None:
    clock = InstantClock()
    world.faults.next("subscribed_apps", [refuse(2), gateway(502)])
    world.faults.next("messenger_profile", [refuse(4, status=429)])
    async with channel_to(graph_url, tmp_path, clock, greeting="Good things. " * 40) as channel:
        await channel.introduce()
    assert clock.pauses == [1, 2, 60]
    assert world.page.profile["get_started"] == {"payload": "get_started"}
    welcome = world.add_person("Bo").welcome()
    assert welcome.get_started
    assert len(welcome.greeting) <= 160
    assert welcome.greeting.endswith("…")
    assert set(world.page.subscribed_fields or ()) >= {"messages", "messaging_postbacks", "standby"}


async def test_settings_that_meta_refuses_do_not_keep_the_page_silent(
    graph_url: str, tmp_path: Path, clock: SimulatedClock, world: MessengerWorld
) -> None:
    world.permissions.discard("pages_manage_metadata")
    with capture_logs() as logs:
        async with channel_to(graph_url, tmp_path, clock) as channel:
            await channel.introduce()
    assert "messenger.setting_refused" in [line["event"] for line in logs]
    assert "get_started" in world.page.profile
