"""Input that no shop assistant hopes for: always a clear, kind, short answer, nothing parked, nothing lost."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from shop.catalogue.importing import import_products
from tests.open_shop import OpenShop, Telegrammer
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio

ODD = {
    "empty": "",
    "spaces": "   \n\t ",
    "emoji": "🙂",
    "emojis": "🎉🎉🎉☕☕",
    "dots": "...",
    "question mark": "?",
    "digits": "12345",
    "right to left": "שלום אני רוצה ספל",
    "arabic": "مرحبا كيف حالك",
    "html": "<b>hello</b> <script>alert(1)</script> & <a href='x'>y</a>",
    "template": "{{ 7 * 7 }} {% for x in y %}",
    "sql": "'; DROP TABLE product; --",
    "control characters": "\x00\x01\u202e\u200b mug \ufeff",
    "surrogates": "a\ud800b".encode("utf-8", "replace").decode(),
    "combining": "m̴̢̛ų̷g̸" * 50,
    "very long": "lorem ipsum " * 8333,
    "one long word": "a" * 100_000,
    "many lines": "mug\n" * 500,
    "many commas": "mug, " * 500,
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
async def test_odd_words_get_a_short_answer_and_the_question_stays_open(guest: Guest, text: str) -> None:
    free = await guest.says(text[:100_000])
    assert 0 < len(free) < 1500
    assert "49" not in free
    await guest.says("cancel")
    await guest.fills()
    await guest.says("checkout")
    asked = await guest.says(text[:100_000])
    assert 0 < len(asked) < 2500
    assert "How would you like to get it?" in await guest.says("Anna Berg")


async def test_too_long_for_the_chat_is_refused_before_it_gets_in(guest: Guest) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(guest.address, json={"id": uuid4().hex, "text": "x" * 100_001})
    assert answer.status_code == 422


async def test_markup_around_words_does_not_hide_them(quick_shop: OpenShop) -> None:
    for text in ("<b>black mug</b>", "**black mug**", "_black_ *mug*", "`black mug`"):
        assert "Black stoneware mug" in await Guest(quick_shop).says(text), text


async def test_words_of_people_are_never_markup_in_an_answer(guest: Guest) -> None:
    await guest.fills()
    summary = await guest.says(
        "checkout", "Ana <b>Ruiz</b>", "express", "<i>Main</i> Street 5, 9000 Ghent", "0474 12 34 56"
    )
    assert "<i>Main</i>" not in summary
    assert "Main Street 5" in summary


async def test_ten_messages_at_once_are_all_answered_in_their_order(guest: Guest) -> None:
    texts = [
        "black mug",
        "add it",
        "make it 2",
        "make it 3",
        "cart",
        "hi",
        "thanks",
        "add the linen apron in rust",
        "cart",
        "checkout",
    ]
    async with httpx.AsyncClient(timeout=20) as client:
        for text in texts:  # sent without waiting for an answer
            (await client.post(guest.address, json={"id": uuid4().hex, "text": text})).raise_for_status()
    said = await guest.hears()
    assert "3 × Black stoneware mug: €36.00" in said
    assert "1 × Linen apron (Rust)" in said
    assert said.rstrip().endswith("Who is it for? First and last name, please.")


async def test_the_same_message_delivered_twice_counts_once(guest: Guest) -> None:
    await guest.says("black mug")
    name = uuid4().hex
    async with httpx.AsyncClient(timeout=20) as client:
        for _ in range(2):
            (await client.post(guest.address, json={"id": name, "text": "add it"})).raise_for_status()
    await guest.hears()
    assert "1 × Black stoneware mug" in await guest.says("cart")


@pytest.fixture
async def ana(quick_shop: OpenShop) -> Telegrammer:
    """Somebody on Telegram in the middle of a checkout, asked for a name."""
    ana = quick_shop.telegrammer("Ana")
    await ana.says("add the black mug")
    assert "Who is it for?" in await ana.says("checkout")
    return ana


async def test_a_picture_voice_sticker_or_place_where_words_were_asked_for(ana: Telegrammer) -> None:
    picture = (Path(__file__).parents[3] / "sandbox/demo_shop/pictures/black-mug.jpg").read_bytes()
    for send, reply in (
        (lambda: ana.user.send_photo(ana.bot, picture), "can’t see what is on it"),
        (lambda: ana.user.send_voice(ana.bot), "can’t listen to voice messages"),
    ):
        answer = await _after(ana, send)
        assert reply in answer
        assert "Who is it for?" in answer
    assert "courier" in await _after(ana, lambda: ana.user.share_location(ana.bot, 51.05, 3.72))
    assert "[Talk to a person]" in await _after(ana, lambda: ana.user.send_sticker(ana.bot)), (
        "the third misfit"
    )
    assert "How would you like to get it?" in await ana.says("Ana Ruiz")


async def test_the_caption_of_a_picture_is_heard(ana: Telegrammer) -> None:
    picture = (Path(__file__).parents[3] / "sandbox/demo_shop/pictures/black-mug.jpg").read_bytes()
    answer = await _after(ana, lambda: ana.user.send_photo(ana.bot, picture, "Ana Ruiz"))
    assert "How would you like to get it?" in answer


async def test_a_contact_card_is_a_phone_number_whenever_it_comes(ana: Telegrammer) -> None:
    answer = await _after(ana, lambda: ana.user.share_contact(ana.bot, phone="+3291234567"))
    assert "I’ll use that number" in answer
    assert "Who is it for?" in answer
    await ana.says("Ana Ruiz")
    assert "Shall I place it?" in await ana.says("pickup"), "the number is known"


async def _after(ana: Telegrammer, send: object) -> str:
    ana._look()  # pyright: ignore[reportPrivateUsage] - what was there before
    send()  # type: ignore[operator]
    return await ana.hears("")


async def test_a_product_with_markup_in_its_name_is_shown_as_written(
    quick_shop: OpenShop, tmp_path: Path
) -> None:
    sheet = tmp_path / "goods.csv"
    sheet.write_text(
        "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Variant Price,Variant Inventory Qty,"
        "Variant Inventory Tracker\n"
        'odd-bowl,"Salad <b>bowl</b> & ""fork"" <script>x</script>",<p>Deep.</p>,Kettle & Quay,Tableware,true,Title,'
        "Default Title,30.00,5,shopify\n"
    )
    now = quick_shop.parley.clock.now()
    report = await asyncio.to_thread(import_products, quick_shop.database, sheet, currency="EUR", at=now)
    assert report.added == 1
    guest = Guest(quick_shop)
    found = await guest.says("salad bowl")
    assert "Salad" in found
    await guest.taps("Add to cart")
    cart = await guest.says("cart")
    assert "<script>" not in cart
    assert "&lt;b&gt;bowl&lt;/b&gt; &amp;" in cart
    tia = quick_shop.telegrammer("Tia")
    assert 'Salad <b>bowl</b> & "fork" <script>x</script>' in await tia.says("salad bowl")


async def test_a_shared_number_that_nobody_could_call_is_asked_for_again(guest: Guest) -> None:
    await guest.says("2 black mugs", "checkout", "Ana Ruiz", "standard", "Main Street 5, 9000 Ghent")
    assert "full phone number" in await guest.sends(phone="12")
    assert "Main Street 5" in await guest.sends(phone="09 234 56 78")
    await guest.taps("Pay")
    (order,) = guest.shop.orders()
    assert order.phone == "+3292345678"


async def test_a_map_pin_where_an_address_was_asked_is_kept_and_the_street_asked_for(
    quick_shop: OpenShop,
) -> None:
    ana = quick_shop.telegrammer("Ana")
    await ana.says("2 black mugs")
    await ana.says("checkout")
    await ana.says("Ana Ruiz")
    assert "Where shall we send it?" in await ana.says("express")
    ana.user.share_location(ana.bot, 51.05355, 3.72345)
    assert "which street and number is it" in await ana.hears("spot on the map")
    assert "phone" in await ana.says("Main Street 5, 9000 Ghent")
    assert "Main Street 5, 9000 Ghent" in await ana.says("0474 12 34 56")
    await ana.taps("Pay")
    (order,) = quick_shop.orders()
    assert order.address == {
        "pin": "51.05355,3.72345", "street": "Main Street 5", "postcode": "9000", "city": "Ghent"
    }  # fmt: skip


async def test_a_map_pin_at_any_other_time_is_kept_for_the_address(quick_shop: OpenShop) -> None:
    ana = quick_shop.telegrammer("Ana")
    await ana.says("2 black mugs")
    ana.user.share_location(ana.bot, 51.05355, 3.72345)
    assert "in words, too" in await ana.hears("courier")
    await ana.says("checkout")
    await ana.says("Ana Ruiz")
    assert "which street and number is it" in await ana.says("express")


async def test_changed_words_are_asked_for_once_more(quick_shop: OpenShop) -> None:
    ana = quick_shop.telegrammer("Ana")
    await ana.says("2 blakc mgs")
    message = next(each for each in reversed(ana.shown()) if each.mine)
    ana.user.edit(ana.bot, message.id, "2 black mugs")
    assert "“2 black mugs”" in await ana.hears("write it once more")


async def test_a_forwarded_post_is_read_like_words_of_their_own(quick_shop: OpenShop) -> None:
    bo, ana = quick_shop.telegrammer("Bo"), quick_shop.telegrammer("Ana")
    post = bo.user.say(bo.bot, "black mug")
    await bo.hears("Black stoneware mug")
    await ana.says("hi")
    assert "Black stoneware mug" in await _after(ana, lambda: ana.user.forward(post, ana.bot))
