"""Files through the real channels to the emulators: they arrive as they were drawn, and where they cannot, a link does."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from bot.channels.messenger import MessengerChannel
from bot.channels.port import Draw
from bot.channels.telegram import TelegramChannel
from bot.messages import Button, Document, Say
from sandbox.clock import SimulatedClock
from sandbox.messenger import MessengerPerson, MessengerWorld
from sandbox.messenger import create_app as create_messenger
from sandbox.messenger import drop as drop_on_messenger
from sandbox.messenger import refuse as refuse_on_messenger
from sandbox.messenger.screen import ShownFile
from sandbox.messenger.state import StoredFile as MessengerFile
from sandbox.telegram import Bot, Limits, TelegramUser, TelegramWorld, create_app, drop, refuse
from sandbox.telegram.state import StoredFile
from shop.errors import Unavailable
from tests.integration import messenger_channel_at_loopback as page
from tests.integration import telegram_channel_at_loopback as bot

pytestmark = pytest.mark.anyio

PDF = b"%PDF-1.3 what stands on it"
LINK = "https://shop.example/papers/x.pdf"
INVOICE = Document(order=UUID(int=7), paper="invoice", language="en", name="invoice-DTV5GJ.pdf", url=LINK)
MORE = ((Button(label="More", token="more.0.signature"),),)
HERE = Say(text="Here is the <b>invoice</b>.", document=INVOICE, buttons=MORE)
MEGABYTE = 1024 * 1024


def drawing(content: bytes | None) -> Draw:
    async def draw(document: Document) -> bytes | None:
        assert document == INVOICE
        return content

    return draw


# ── Telegram ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def telegram() -> TelegramWorld:
    return TelegramWorld(SimulatedClock(), limits=Limits().unlimited())


@pytest.fixture
def shop(telegram: TelegramWorld) -> Bot:
    return bot.add_shop(telegram)


@pytest.fixture
def ada(telegram: TelegramWorld, shop: Bot) -> TelegramUser:
    return bot.add_person(telegram, shop)


@pytest.fixture
async def telegram_url(telegram: TelegramWorld) -> AsyncIterator[str]:
    async with bot.serving(create_app(telegram)) as url:
        yield url
        await telegram.close()


@pytest.fixture
async def channel(telegram_url: str, tmp_path: Path) -> AsyncIterator[TelegramChannel]:
    async with bot.channel_to(telegram_url, tmp_path, clock=bot.InstantClock(), draw=drawing(PDF)) as channel:
        yield channel


async def test_on_telegram_a_file_has_its_words_and_buttons_under_it(
    channel: TelegramChannel, shop: Bot, ada: TelegramUser
) -> None:
    assert channel.abilities.files
    reference = await channel.send(str(ada.id), HERE)
    shown = ada.chat(shop)[-1]
    assert shown.document is not None
    assert (shown.document.name, shown.document.mime_type) == ("invoice-DTV5GJ.pdf", "application/pdf")
    assert ada.document_bytes(shown) == PDF
    assert (shown.text, shown.entities[0]["type"]) == ("Here is the invoice.", "bold")
    assert [[button.text for button in row] for row in shown.buttons] == [["More"]]
    assert reference == str(shown.id)


async def test_what_telegram_refuses_is_a_link(
    channel: TelegramChannel, telegram: TelegramWorld, shop: Bot, ada: TelegramUser
) -> None:
    telegram.faults.next("sendDocument", [refuse(400)])
    with capture_logs() as logs:
        await channel.send(str(ada.id), HERE)
    shown = ada.chat(shop)[-1]
    assert (shown.text, shown.document) == (f"Here is the invoice.\ninvoice-DTV5GJ.pdf: {LINK}", None)
    assert [[button.text for button in row] for row in shown.buttons] == [["More"]]
    assert "telegram.document_refused" in [log["event"] for log in logs]


@pytest.mark.parametrize("trouble", [refuse(500), refuse(429, retry_after_seconds=3), drop()])
async def test_a_file_that_met_trouble_comes_once_when_it_is_tried_again(
    channel: TelegramChannel, telegram: TelegramWorld, shop: Bot, ada: TelegramUser, trouble: object
) -> None:
    long = HERE.model_copy(update={"text": "word " * 300})
    for method in ("sendDocument", "sendMessage"):  # of the file, then of the words behind it
        telegram.faults.next(method, [trouble])
        with pytest.raises(Unavailable):
            await channel.send(str(ada.id), long)
    await channel.send(str(ada.id), long)
    file, words = [shown for shown in ada.chat(shop) if not shown.mine]
    assert (file.document is not None, words.document, words.text[:4]) == (True, None, "word")


async def test_where_there_is_no_file_for_telegram_there_is_a_link(
    telegram: TelegramWorld, telegram_url: str, shop: Bot, ada: TelegramUser, tmp_path: Path
) -> None:
    for content in (None, b"", b"x" * (50 * MEGABYTE + 1)):
        settings = {"clock": bot.InstantClock(), "draw": drawing(content)}
        async with bot.channel_to(telegram_url, tmp_path, **settings) as channel:
            with capture_logs() as logs:
                await channel.send(str(ada.id), HERE)
        assert ada.chat(shop)[-1].text == f"Here is the invoice.\ninvoice-DTV5GJ.pdf: {LINK}"
        assert [log["event"].partition(".")[0] for log in logs] == ["document"]
    assert list(telegram.store.all(StoredFile)) == []


async def test_a_bot_that_cannot_draw_sends_no_files(
    telegram_url: str, shop: Bot, ada: TelegramUser, tmp_path: Path
) -> None:
    async with bot.channel_to(telegram_url, tmp_path, clock=bot.InstantClock()) as channel:
        assert not channel.abilities.files
        await channel.send(str(ada.id), HERE)
    assert ada.chat(shop)[-1].text.endswith(LINK)


# ── Messenger ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def messenger(clock: SimulatedClock) -> MessengerWorld:
    return page.new_world(clock)


@pytest.fixture
def mo(messenger: MessengerWorld) -> MessengerPerson:
    return page.add_person(messenger, "Mo Bell")


@pytest.fixture
async def graph_url(messenger: MessengerWorld) -> AsyncIterator[str]:
    async with bot.serving(create_messenger(messenger)) as url:
        yield url
        await messenger.close()


@pytest.fixture
async def page_channel(
    graph_url: str, tmp_path: Path, clock: SimulatedClock, messenger: MessengerWorld
) -> AsyncIterator[MessengerChannel]:
    async with page.channel_to(
        graph_url, tmp_path, clock, world=messenger, draw=drawing(PDF)
    ) as page_channel:
        yield page_channel


async def test_on_messenger_a_file_comes_before_its_words(
    page_channel: MessengerChannel, messenger: MessengerWorld, mo: MessengerPerson
) -> None:
    assert page_channel.abilities.files
    reference = await page_channel.send(mo.psid, HERE)
    file, words = [shown for shown in mo.screen() if not shown.mine]
    (kept,) = messenger.store.all(MessengerFile)
    assert file.file == ShownFile("invoice-DTV5GJ.pdf", len(PDF), messenger.file_url(kept.number))
    assert (kept.mime_type, kept.reusable) == ("application/pdf", False)
    assert mo.file_bytes(file) == PDF
    assert (words.text, [button.text for button in words.buttons]) == ("Here is the invoice.", ["More"])
    assert reference == words.id


async def test_the_echo_of_a_file_is_known_as_ours(
    page_channel: MessengerChannel, messenger: MessengerWorld, mo: MessengerPerson
) -> None:
    await page_channel.send(mo.psid, HERE)
    echoes = [event.body for event in messenger.webhooks.history() if event.field == "message_echoes"]
    assert len(echoes) == 2
    for body in echoes:
        notice = {"object": "page", "entry": [{"id": messenger.page_id, "messaging": [body]}]}
        assert page_channel.read(notice) == [], "our own words are nobody else's"


async def test_what_meta_refuses_is_a_link(
    page_channel: MessengerChannel, messenger: MessengerWorld, mo: MessengerPerson
) -> None:
    messenger.faults.next("messages", [refuse_on_messenger(100)])
    with capture_logs() as logs:
        await page_channel.send(mo.psid, HERE)
    link, words = [shown for shown in mo.screen() if not shown.mine]
    assert (link.text, link.file) == (f"invoice-DTV5GJ.pdf: {LINK}", None)
    assert words.text == "Here is the invoice."
    assert "messenger.document_refused" in [log["event"] for log in logs]


@pytest.mark.parametrize("place", [0, 1])  # the file, the words behind it
async def test_a_file_that_met_trouble_on_messenger_comes_once_when_it_is_tried_again(
    page_channel: MessengerChannel, messenger: MessengerWorld, mo: MessengerPerson, place: int
) -> None:
    messenger.faults.next("messages", [*[None] * place, drop_on_messenger()])
    with pytest.raises(Unavailable):
        await page_channel.send(mo.psid, HERE)
    await page_channel.send(mo.psid, HERE)
    file, words = [shown for shown in mo.screen() if not shown.mine]
    assert (file.file is not None, words.text) == (True, "Here is the invoice.")


async def test_where_there_is_no_file_for_messenger_there_is_a_link(
    messenger: MessengerWorld, graph_url: str, mo: MessengerPerson, clock: SimulatedClock, tmp_path: Path
) -> None:
    for content in (None, b"", b"x" * (25 * MEGABYTE + 1)):
        draw = drawing(content)
        async with page.channel_to(graph_url, tmp_path, clock, world=messenger, draw=draw) as page_channel:
            await page_channel.send(mo.psid, HERE)
        shown = [shown.text for shown in mo.screen()[-2:]]
        assert shown == [f"invoice-DTV5GJ.pdf: {LINK}", "Here is the invoice."]
    assert list(messenger.store.all(MessengerFile)) == []


async def test_in_an_approved_template_the_link_follows_the_words(
    messenger: MessengerWorld, graph_url: str, mo: MessengerPerson, clock: SimulatedClock, tmp_path: Path
) -> None:
    messenger.add_template("order_news", "en_US", "News: {{1}} Bye.")
    clock.advance(25 * 3600.0)
    settings = {"templates": {"order_update": "order_news"}, "language": "en_US"}
    async with page.channel_to(
        graph_url, tmp_path, clock, world=messenger, draw=drawing(PDF), **settings
    ) as page_channel:
        await page_channel.send(mo.psid, HERE.model_copy(update={"purpose": "order_update"}))
    assert mo.screen()[-1].text == f"News: Here is the invoice. invoice-DTV5GJ.pdf: {LINK} Bye."
