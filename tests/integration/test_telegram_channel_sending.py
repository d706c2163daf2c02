"""Every kind of message through the real channel to the Telegram emulator, and what each refusal becomes."""

import struct
import traceback
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from bot.channels.telegram import TelegramChannel
from bot.channels.text import utf16_length
from bot.delivery.engine import Blocked, TooFast
from bot.events import SharedContact, Tapped
from bot.messages import (
    AnswerInvoiceCheck,
    AnswerTap,
    Button,
    Card,
    Message,
    Picture,
    PriceLine,
    Say,
    SendInvoice,
    ShowCards,
    ShowTyping,
)
from sandbox.clock import SimulatedClock
from sandbox.telegram import Bot, Limits, ShownMessage, TelegramUser, TelegramWorld, create_app, drop, refuse
from sandbox.telegram.state import StoredFile
from shop.errors import Rejected, Unavailable
from tests.integration.telegram_channel_at_loopback import (
    TOKEN,
    InstantClock,
    add_person,
    add_shop,
    channel_to,
    serving,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> TelegramWorld:
    return TelegramWorld(SimulatedClock(), limits=Limits().unlimited())


@pytest.fixture
def shop(world: TelegramWorld) -> Bot:
    return add_shop(world)


@pytest.fixture
def ada(world: TelegramWorld, shop: Bot) -> TelegramUser:
    return add_person(world, shop)


@pytest.fixture
async def telegram_url(world: TelegramWorld) -> AsyncIterator[str]:
    async with serving(create_app(world)) as url:
        yield url
        await world.close()


@pytest.fixture
async def channel(telegram_url: str, tmp_path: Path) -> AsyncIterator[TelegramChannel]:
    async with channel_to(telegram_url, tmp_path, clock=InstantClock()) as channel:
        yield channel


class Conversation:
    """One person's chat, as our messages change it."""

    def __init__(self, channel: TelegramChannel, shop: Bot, person: TelegramUser) -> None:
        self.channel, self.shop, self.person = channel, shop, person
        self._read = len(person.chat(shop))

    async def send(self, message: Message) -> list[ShownMessage]:
        """What is new on the screen after it was sent."""
        await self.channel.send(str(self.person.id), message)
        return self.new()

    def new(self) -> list[ShownMessage]:
        shown = self.person.chat(self.shop)
        new, self._read = shown[self._read :], len(shown)
        return new


@pytest.fixture
def talk(channel: TelegramChannel, shop: Bot, ada: TelegramUser) -> Conversation:
    return Conversation(channel, shop, ada)


def png(width: int = 4, height: int = 4) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\xff" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def labels(message: ShownMessage) -> list[list[str]]:
    return [[button.text for button in row] for row in message.buttons]


SECRET_HALF = TOKEN.partition(":")[2]
MUG = Picture(path="mug.png", alt="A blue mug")
BUY = Button(label="Buy", token="buy.0.signature")
MORE = Button(label="More", token="more.0.signature")


# ── words ───────────────────────────────────────────────────────────────────────────────────────────


async def test_markup_becomes_entities_counted_in_utf16(talk: Conversation) -> None:
    (shown,) = await talk.send(
        Say(text='😀 <b>Hi <i>Ada</i></b>, <s>9</s> <code>x</code> <a href="https://a.example/y">y</a>')
    )
    assert shown.text == "😀 Hi Ada, 9 x y"
    assert [(e["type"], e["offset"], e["length"]) for e in shown.entities] == [
        ("bold", 3, 6),
        ("italic", 6, 3),
        ("strikethrough", 11, 1),
        ("code", 13, 1),
        ("text_link", 15, 1),
    ]
    assert shown.entities[-1]["url"] == "https://a.example/y"


@pytest.mark.parametrize("text", ["a &lt;b&gt; _c_ *d* [e](f) `g` ~h", "<b>unclosed", "5 < 6 & 7 > 3", "\\!"])
async def test_no_text_can_break_the_markup(talk: Conversation, text: str) -> None:
    (shown,) = await talk.send(Say(text=text))
    assert shown.text == text.replace("&lt;", "<").replace("&gt;", ">").replace("<b>u", "u")


async def test_a_long_text_comes_in_parts_with_the_buttons_under_the_last(talk: Conversation) -> None:
    text = "\n\n".join(f"<b>Paragraph {number}</b> 😀 " + "word " * 200 for number in range(9))
    shown = await talk.send(Say(text=text, buttons=((MORE,),)))
    assert len(shown) > 2
    assert all(utf16_length(part.text) <= 4096 for part in shown)
    assert [labels(part) for part in shown] == [[]] * (len(shown) - 1) + [[["More"]]]
    assert sum(entity["type"] == "bold" for part in shown for entity in part.entities) == 9


async def test_the_id_of_the_last_part_is_the_reference(
    channel: TelegramChannel, ada: TelegramUser, shop: Bot
) -> None:
    reference = await channel.send(str(ada.id), Say(text="word " * 1000))
    assert reference == str(ada.chat(shop)[-1].id)


async def test_an_empty_text_is_refused_for_good(channel: TelegramChannel, ada: TelegramUser) -> None:
    with pytest.raises(Rejected, match="empty"):
        await channel.send(str(ada.id), Say(text=" "))


# ── buttons ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_tapped_button_brings_its_token_back(
    talk: Conversation, world: TelegramWorld, ada: TelegramUser
) -> None:
    await talk.send(Say(text="Which?", buttons=((BUY, MORE),)))
    ada.tap(talk.shop, "Buy")
    (update,) = world.updates.pending(talk.shop)
    inbound = talk.channel.read(update.as_json())
    assert inbound
    assert inbound.conversation == f"telegram:{ada.id}"
    assert isinstance(inbound.event, Tapped)
    assert (inbound.event.token, inbound.event.label) == (BUY.token, "Buy")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/pay?x=1",
        "http://127.0.0.1:8080/pay",
        "http://[::1]/x",
        "tg://resolve?domain=shop",
    ],
)
async def test_a_link_that_telegram_takes_is_a_button(talk: Conversation, url: str) -> None:
    (shown,) = await talk.send(Say(text="Pay here", buttons=((Button(label="Pay", url=url),),)))
    assert (shown.text, labels(shown)) == ("Pay here", [["Pay"]])


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/pay", "ftp://shop.example/x", "https://shop/x", "https://a.b:x/"]
)
async def test_a_link_that_telegram_refuses_is_written_out(talk: Conversation, url: str) -> None:
    (shown,) = await talk.send(Say(text="Pay here", buttons=((Button(label="Pay", url=url), MORE),)))
    assert (shown.text, labels(shown)) == (f"Pay here\nPay: {url}", [["More"]])


async def test_a_marked_link_that_telegram_refuses_is_written_out(talk: Conversation) -> None:
    (shown,) = await talk.send(
        Say(text='<b>See <a href="http://localhost/x">this</a></b> or <a href="mailto:a@b.example">write</a>')
    )
    assert shown.text == "See this (http://localhost/x) or write (a@b.example)"
    assert [entity["type"] for entity in shown.entities][:1] == ["bold"]


async def test_sharing_ones_phone_takes_one_tap_and_the_keyboard_goes(
    talk: Conversation, world: TelegramWorld, shop: Bot, ada: TelegramUser
) -> None:
    share = Button(label="Share my number", share="phone")
    await talk.send(Say(text="Your number?", buttons=((share,), (Button(label="Skip", token="skip.1.s"),))))
    assert [[key.text for key in row] for row in ada.keyboard(shop)] == [["Share my number"], ["Skip"]]
    ada.tap(shop, "Share my number")
    (update,) = world.updates.pending(shop)
    inbound = talk.channel.read(update.as_json())
    assert inbound
    assert inbound.event == SharedContact(phone="+15550100", name="Ada", own=True)

    await talk.send(Say(text="Your number?", buttons=((share,),)))
    assert ada.keyboard(shop)
    await talk.send(Say(text="Never mind."))
    assert ada.keyboard(shop) == ()


async def test_sharing_a_location_is_asked_for(talk: Conversation, shop: Bot, ada: TelegramUser) -> None:
    await talk.send(Say(text="Where?", buttons=((Button(label="Here", share="location"),),)))
    assert ada.keyboard(shop)[0][0].kind == "request_location"


# ── pictures ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_picture_has_a_short_text_as_its_caption(
    talk: Conversation, ada: TelegramUser, tmp_path: Path
) -> None:
    (tmp_path / "mug.png").write_bytes(png())
    (shown,) = await talk.send(Say(text="<b>Mug</b>", picture=MUG, buttons=((BUY,),)))
    assert ada.photo_bytes(shown) == png()
    assert (shown.text, shown.entities[0]["type"], labels(shown)) == ("Mug", "bold", [["Buy"]])


async def test_a_long_text_follows_its_picture(talk: Conversation, tmp_path: Path) -> None:
    (tmp_path / "mug.png").write_bytes(png())
    photo, words = await talk.send(Say(text="word " * 300, picture=MUG, buttons=((BUY,),)))
    assert (photo.text, labels(photo), bool(photo.photo)) == ("", [], True)
    assert (len(words.text), labels(words)) == (1499, [["Buy"]])


async def test_a_file_is_uploaded_once_until_it_changes(
    talk: Conversation, world: TelegramWorld, tmp_path: Path
) -> None:
    (tmp_path / "mug.png").write_bytes(png())
    for _ in range(3):
        await talk.send(Say(text="Mug", picture=MUG))
    assert len(list(world.store.all(StoredFile))) == 1
    (tmp_path / "mug.png").write_bytes(png(8, 8))
    (shown,) = await talk.send(Say(text="Mug", picture=MUG))
    assert shown.photo
    assert shown.photo.width == 8


async def test_a_file_that_telegram_forgot_is_uploaded_again(
    talk: Conversation, world: TelegramWorld, tmp_path: Path
) -> None:
    (tmp_path / "mug.png").write_bytes(png())
    await talk.send(Say(text="Mug", picture=MUG))
    for file in list(world.store.all(StoredFile)):
        world.store.remove(file)
    (shown,) = await talk.send(Say(text="Mug", picture=MUG))
    assert shown.photo


@pytest.mark.parametrize("path", ["nowhere.png", "../outside.png", "/etc/hostname", ".", "bad\0name"])
async def test_without_its_file_the_words_go_alone(talk: Conversation, tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "outside.png").write_bytes(png())
    (shown,) = await talk.send(Say(text="Mug", picture=Picture(path=path), buttons=((BUY,),)))
    assert (shown.text, shown.photo, labels(shown)) == ("Mug", None, [["Buy"]])


@pytest.mark.parametrize("content", [b"no picture", b"", png(400, 2), b"x" * (10 * 1024 * 1024 + 1)])
async def test_a_picture_that_telegram_refuses_leaves_the_words(
    talk: Conversation, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "mug.png").write_bytes(content)
    (shown,) = await talk.send(Say(text="Mug", picture=MUG))
    assert (shown.text, shown.photo) == ("Mug", None)
    (shown,) = await talk.send(Say(text="", picture=MUG, buttons=((BUY,),)))
    assert (shown.text, labels(shown)) == ("A blue mug", [["Buy"]])


async def test_a_picture_of_the_web_is_fetched_by_telegram(talk: Conversation) -> None:
    web = FastAPI()

    @web.get("/mug.png")
    def mug() -> Response:
        return Response(png(6, 6), media_type="image/png")

    async with serving(web) as url:
        (shown,) = await talk.send(Say(text="Mug", picture=Picture(url=f"{url}/mug.png")))
        assert shown.photo
        assert shown.photo.width == 6
        (shown,) = await talk.send(Say(text="Mug", picture=Picture(url=f"{url}/none.png")))
        assert (shown.text, shown.photo) == ("Mug", None)


# ── cards ───────────────────────────────────────────────────────────────────────────────────────────


def cards(number: int = 3) -> ShowCards:
    return ShowCards(
        cards=tuple(
            Card(
                title=f"Mug & saucer {place}",
                text="<i>blue</i>, €12",
                picture=MUG,
                buttons=(BUY, MORE, Button(label="A label that is rather long", token="long.0.s")),
            )
            for place in range(number)
        ),
        buttons=((Button(label="Cheaper ones", token="cheaper.0.s"),),),
    )


async def test_cards_come_one_below_the_other(talk: Conversation, tmp_path: Path) -> None:
    (tmp_path / "mug.png").write_bytes(png())
    shown = await talk.send(cards())
    assert [card.text for card in shown] == [f"Mug & saucer {place}\nblue, €12" for place in range(3)]
    assert [[e["type"] for e in card.entities] for card in shown] == [["bold", "italic"]] * 3
    assert all(card.photo for card in shown)
    own = [["Buy", "More"], ["A label that is rather long"]]
    assert [labels(card) for card in shown] == [own, own, [*own, ["Cheaper ones"]]]


@pytest.mark.parametrize("trouble", [refuse(500), refuse(429, retry_after_seconds=3), drop()])
async def test_cards_that_failed_midway_go_on_where_they_stopped(
    talk: Conversation, world: TelegramWorld, trouble: object
) -> None:
    world.faults.next("sendMessage", [None, trouble])
    with pytest.raises(Unavailable):
        await talk.send(cards())
    assert len(talk.new()) == 1
    shown = await talk.send(cards())  # the outbox reads the message anew: equal, not the same
    assert [card.text[:14] for card in shown] == ["Mug & saucer 1", "Mug & saucer 2"]
    assert len(await talk.send(cards())) == 3, "the next such message is another one"


async def test_a_beginning_is_forgotten_when_something_else_is_said(
    talk: Conversation, world: TelegramWorld
) -> None:
    world.faults.next("sendMessage", [None, refuse(500)])
    with pytest.raises(Unavailable):
        await talk.send(cards())
    talk.new()
    await talk.send(Say(text="Sorry."))
    assert len(await talk.send(cards())) == 3


# ── paying ──────────────────────────────────────────────────────────────────────────────────────────


INVOICE = SendInvoice(
    title="Order 1042 with a title that is much too long for it",
    description="2 × Mug &amp; saucer",
    payload="order:1042",
    currency="eur",
    lines=(PriceLine(label="Mugs", amount_minor=2400), PriceLine(label="Shipping", amount_minor=490)),
)


async def test_an_invoice_shows_its_total(talk: Conversation) -> None:
    (shown,) = await talk.send(INVOICE)
    invoice = shown.content["invoice"]
    assert (invoice["title"], invoice["description"]) == (
        "Order 1042 with a title that is…",
        "2 × Mug & saucer",
    )
    assert (invoice["currency"], invoice["total_amount"]) == ("EUR", 2890)


@pytest.mark.parametrize(("currency", "told"), [("ISK", 2890), ("RSD", 289_000), ("EUR", 2890)])
async def test_an_invoice_is_told_as_telegram_counts_its_currency(
    talk: Conversation, currency: str, told: int
) -> None:
    (shown,) = await talk.send(INVOICE.model_copy(update={"currency": currency}))
    invoice = shown.content["invoice"]
    assert (invoice["currency"], invoice["total_amount"]) == (currency, told)


async def test_an_invoice_needs_a_payment_provider(
    telegram_url: str, tmp_path: Path, ada: TelegramUser
) -> None:
    async with channel_to(telegram_url, tmp_path, payment_token=None) as channel:
        assert (channel.native_invoices, channel.abilities.native_invoices) == (False, False)
        with pytest.raises(Rejected, match="payment provider token"):
            await channel.send(str(ada.id), INVOICE)


async def test_an_answer_to_a_checkout_that_is_over_is_reported(
    channel: TelegramChannel, ada: TelegramUser
) -> None:
    with pytest.raises(Rejected, match="query is too old"):
        await channel.send(str(ada.id), AnswerInvoiceCheck(query="1"))


# ── taps and typing ─────────────────────────────────────────────────────────────────────────────────


async def test_a_tap_is_answered_with_a_short_notice(
    talk: Conversation, channel: TelegramChannel, shop: Bot, ada: TelegramUser
) -> None:
    await talk.send(Say(text="Which?", buttons=((BUY,),)))
    pressed = ada.tap(shop, "Buy")
    assert pressed.tap
    answer = AnswerTap(tap=pressed.tap.id, text="<b>Added</b> " + "x" * 300)
    await channel.send(str(ada.id), answer)
    assert pressed.answer
    assert pressed.answer["text"].startswith("Added xxx")
    assert len(pressed.answer["text"]) <= 200
    await channel.send(str(ada.id), answer)  # answered before: quietly done


async def test_a_tap_may_be_answered_with_the_way_into_the_private_chat(
    talk: Conversation, channel: TelegramChannel, shop: Bot, ada: TelegramUser
) -> None:
    await talk.send(Say(text="Which?", buttons=((BUY,),)))
    for carried, link in (("7_x", "?start=7_x"), ("", "?start=hello")):
        pressed = ada.tap(shop, "Buy")
        assert pressed.tap
        await channel.send(str(ada.id), AnswerTap(tap=pressed.tap.id, private=carried))
        assert pressed.answer
        assert pressed.answer["url"] == f"https://t.me/ShopBot{link}"


async def test_in_a_group_it_replies_and_its_buttons_lead_into_the_private_chat(
    world: TelegramWorld, channel: TelegramChannel, shop: Bot, ada: TelegramUser
) -> None:
    group = world.add_group("Friends", [ada], bots=[shop])
    asked = ada.say(group, "@ShopBot my cart?")
    ways = (Button(label="Go on", private="7_x"),), (Button(label="Just open", private=""),)
    answer = Say(text="In private?", buttons=ways, answers=str(asked.id))
    await channel.send(str(group.id), answer)
    cards = ShowCards(cards=(Card(title="Mug", text=""), Card(title="Pot", text="")), answers=str(asked.id))
    await channel.send(str(group.id), cards)
    await channel.send(str(group.id), Say(text="Gone", answers="999"))  # deleted meanwhile
    said, mug, pot, gone = ada.chat(group)[-4:]
    assert [button.value for row in said.buttons for button in row] == [
        "https://t.me/ShopBot?start=7_x",
        "https://t.me/ShopBot",
    ]
    assert [message.reply_to for message in (said, mug, pot, gone)] == [asked.id] * 3 + [None]


async def test_typing_is_shown(channel: TelegramChannel, shop: Bot, ada: TelegramUser) -> None:
    await channel.send(str(ada.id), ShowTyping())
    assert ada.typing(shop) == "typing"


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────


async def test_who_blocked_the_bot_or_is_gone_is_blocked(
    channel: TelegramChannel, world: TelegramWorld, shop: Bot, ada: TelegramUser
) -> None:
    stranger = world.add_user("Bo")
    ada.block(shop)
    for chat in (ada.id, stranger.id, 4711):
        with pytest.raises(Blocked):
            await channel.send(str(chat), Say(text="x"))
    with pytest.raises(Rejected, match="no Telegram chat"):
        await channel.send("web", Say(text="x"))


@pytest.mark.parametrize("trouble", [refuse(500), refuse(502), drop()])
async def test_trouble_on_the_way_may_be_tried_again(
    channel: TelegramChannel, world: TelegramWorld, ada: TelegramUser, trouble: object
) -> None:
    world.faults.next("sendMessage", [trouble])
    with pytest.raises(Unavailable) as failed:
        await channel.send(str(ada.id), Say(text="x"))
    assert failed.value.retry_after_seconds is None
    await channel.send(str(ada.id), Say(text="x"))


async def test_too_fast_pauses_the_chat_and_for_several_chats_the_bot(
    channel: TelegramChannel, world: TelegramWorld, shop: Bot
) -> None:
    people = [add_person(world, shop, name) for name in ("Ada", "Bo", "Cy")]
    world.faults.next("sendMessage", [refuse(429, retry_after_seconds=7)] * 4)
    whole_bot = []
    for person in [people[0], *people]:
        with pytest.raises(TooFast) as failed:
            await channel.send(str(person.id), Say(text="x"))
        assert failed.value.retry_after_seconds == 7
        whole_bot.append(failed.value.whole_bot)
    assert whole_bot == [False, False, False, True]


async def test_a_wrong_token_is_the_merchants_to_mend(
    telegram_url: str, tmp_path: Path, ada: TelegramUser
) -> None:
    async with channel_to(telegram_url, tmp_path, token="110201543:wrong") as channel:
        with pytest.raises(Unavailable, match="token"):
            await channel.send(str(ada.id), Say(text="x"))


def test_what_is_no_token_or_secret_is_refused_at_once(tmp_path: Path) -> None:
    for broken in (TOKEN + " ", TOKEN.replace(":", "-")):
        with pytest.raises(ValueError, match="BotFather") as failed:
            TelegramChannel(token=broken, media=tmp_path)
        assert SECRET_HALF not in "".join(traceback.format_exception(failed.value))
    with pytest.raises(ValueError, match="webhook secret"):
        TelegramChannel(token=TOKEN, media=tmp_path, webhook_secret="no spaces")


async def test_a_group_that_moved_is_followed(tmp_path: Path) -> None:
    telegram, chats = FastAPI(), []

    @telegram.post(f"/bot{TOKEN}/sendMessage")
    async def send_message(request: Request) -> Response:
        chats.append((await request.form())["chat_id"])
        if chats[-1] == "-5":
            body = '{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1005}}'
            return Response(body, 400)
        return Response(
            '{"ok":true,"result":{"message_id":7,"date":0,"chat":{"id":-1005,"type":"supergroup"}}}'
        )

    async with serving(telegram) as url, channel_to(url, tmp_path) as channel:
        assert await channel.send("-5", Say(text="x")) == "7"
        assert await channel.send("-5", Say(text="y")) == "7"
    assert chats == ["-5", "-1005", "-1005"]


async def test_an_answer_in_an_unknown_form_counts_as_sent_when_it_says_so(tmp_path: Path) -> None:
    telegram, answers = FastAPI(), ['{"ok":true,"result":"sent in a new way"}', "<html>502</html>", '{"x":1}']

    @telegram.post(f"/bot{TOKEN}/sendMessage")
    async def send_message() -> Response:
        return Response(answers.pop(0))

    async with serving(telegram) as url, channel_to(url, tmp_path) as channel:
        assert await channel.send("5", Say(text="x")) is None
        for _ in range(2):
            with pytest.raises(Unavailable, match="no JSON of the Bot API"):
                await channel.send("5", Say(text="x"))


async def test_the_token_is_in_no_error(tmp_path: Path, world: TelegramWorld, telegram_url: str) -> None:
    loop = FastAPI()

    @loop.api_route("/bot{token}/{method}", methods=["GET", "POST"])
    async def again(token: str, method: str) -> RedirectResponse:
        return RedirectResponse(f"/bot{token}/{method}")

    async with serving(loop) as loop_url:
        for url in (loop_url, "http://127.0.0.1:9", "http://\x00", f"{telegram_url}/elsewhere", telegram_url):
            async with channel_to(url, tmp_path) as channel:
                with pytest.raises((Unavailable, Rejected)) as failed:
                    await channel.send("4711", Say(text="x"))
            assert SECRET_HALF not in "".join(traceback.format_exception(failed.value)), url
