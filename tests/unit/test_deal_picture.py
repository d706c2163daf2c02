"""The picture of a group reads well whatever comes in, and its code can be scanned."""

from dataclasses import replace
from io import BytesIO

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.options import DEMO_SHOP
from shop.deals.picture import (
    BESIDE_QR,
    HEIGHT_PX,
    LINK_LETTERS_MAX,
    TITLE_LINES_MAX,
    WIDTH_PX,
    PictureFacts,
    _font,
    _readable,
    _title_lines,
    picture,
)

PHOTO = (DEMO_SHOP / "pictures" / "honey-trio.jpg").read_bytes()
FACTS = PictureFacts(
    title="Honey jar trio, three together",
    single_price="€24.00",
    group_price="€18.00",
    seats="2 of 3 joined · 1 seat left",
    until="until Tue 24 Nov, 18:00",
    link="https://t.me/parley_demo_bot?start=g_AbCdEfGh12345678",
    joined=2,
    size=3,
    photo=PHOTO,
    saving="−25 %",
    shop="Oak & Clay",
    scan="Scan to join",
)
BARE = replace(FACTS, photo=None, saving="", shop="", scan="")


def seen(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png))


def scanned(image: Image.Image) -> str:
    """What a reader of codes sees in it."""
    return zxingcpp.read_barcode(image).text


def saved(image: Image.Image, form: str) -> bytes:
    written = BytesIO()
    image.save(written, form)
    return written.getvalue()


@pytest.mark.parametrize("facts", [FACTS, BARE])
def test_it_is_a_png_of_the_promised_size_whose_code_is_the_link(facts: PictureFacts) -> None:
    image = seen(picture(facts))
    assert (image.format, image.size) == ("PNG", (WIDTH_PX, HEIGHT_PX))
    assert scanned(image) == facts.link


def test_the_code_can_be_scanned_after_a_messenger_made_the_picture_small_and_a_jpeg() -> None:
    small = seen(picture(FACTS)).resize((720, 900), Image.Resampling.BILINEAR)
    assert scanned(Image.open(BytesIO(saved(small, "JPEG")))) == FACTS.link


@settings(max_examples=15, deadline=None)
@given(st.text("abcXYZ019_-", min_size=1, max_size=LINK_LETTERS_MAX - 13))
def test_every_link_that_is_not_too_long_can_be_scanned(token: str) -> None:
    facts = replace(BARE, link=f"https://m.me/{token}")
    assert scanned(seen(picture(facts))) == facts.link


def test_a_link_that_no_phone_could_scan_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        picture(replace(FACTS, link="x" * (LINK_LETTERS_MAX + 1)))


def test_the_same_facts_are_the_same_bytes() -> None:
    assert picture(FACTS) == picture(replace(FACTS))


def test_other_facts_are_another_picture() -> None:
    changed = [
        replace(FACTS, title="Honey"),
        replace(FACTS, group_price="€17.00"),
        replace(FACTS, single_price="€25.00"),
        replace(FACTS, joined=1),
        replace(FACTS, size=4),
        replace(FACTS, seats="1 of 3 joined"),
        replace(FACTS, until="until Wed 25 Nov, 18:00"),
        replace(FACTS, link="https://t.me/other"),
        replace(FACTS, saving=""),
        replace(FACTS, shop=""),
        replace(FACTS, scan=""),
        replace(FACTS, photo=None),
    ]
    assert len({picture(facts) for facts in [FACTS, *changed]}) == len(changed) + 1


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"not a photo",
        PHOTO[: len(PHOTO) // 2],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
        saved(Image.new("1", (8000, 7000)), "PNG"),
        saved(Image.new("RGB", (20, 20)), "PNG"),
    ],
    ids=["nothing", "words", "half a photo", "a head alone", "far too large", "an icon"],
)
def test_a_photo_that_cannot_be_shown_is_left_out(broken: bytes) -> None:
    assert picture(replace(FACTS, photo=broken)) == picture(replace(FACTS, photo=None))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(PHOTO) - 1), st.binary(min_size=1, max_size=8))
def test_no_damage_to_a_photo_is_an_error(place: int, damage: bytes) -> None:
    assert picture(replace(FACTS, photo=PHOTO[:place] + damage + PHOTO[place + len(damage) :]))


@pytest.mark.parametrize("size", [(400, 400), (300, 900), (1600, 400), (1080, 700), (100, 9000)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_photos_of_every_shape_and_kind_fill_their_place(size: tuple[int, int], mode: str) -> None:
    photo = saved(Image.new("RGB", size, "black").convert(mode), "PNG")
    image = seen(picture(replace(FACTS, photo=photo, saving=""))).convert("RGB")
    corners = [(2, 2), (WIDTH_PX - 3, 2), (2, 690), (WIDTH_PX - 3, 690), (540, 350)]
    assert len({image.getpixel(corner) for corner in corners}) == 1
    assert image.getpixel(corners[0]) != image.getpixel((2, 710))


def test_a_photo_taken_on_its_side_is_turned_upright() -> None:
    left_half_red = Image.new("RGB", (1080, 700), "blue")
    left_half_red.paste("red", (0, 0, 540, 700))
    lying, exif = left_half_red.transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[0x0112] = 6  # "turn it clockwise by 90 degrees to see it upright"
    written = BytesIO()
    lying.save(written, "JPEG", exif=exif)
    image = seen(picture(replace(FACTS, photo=written.getvalue(), saving="")))
    red, _, blue = image.getpixel((20, 350))
    assert red > 200
    assert blue < 50


def test_a_long_title_has_three_lines_and_ends_with_an_ellipsis() -> None:
    lines, font = _title_lines("A picnic blanket of merino wool " * 9, 952, (60, 52, 44))
    assert len(lines) == TITLE_LINES_MAX
    assert lines[-1].endswith("…")
    assert all(font.getlength(line) <= 952 for line in lines)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_title_stays_in_its_place(title: str) -> None:
    lines, font = _title_lines(title, 952, (60, 52, 44))
    assert len(lines) <= TITLE_LINES_MAX
    assert all(font.getlength(line) <= 952 for line in lines)


def test_letters_and_signs_of_every_shop_are_drawn_and_emoji_are_left_out() -> None:
    spoken = "é ñ € Ł ß ő ğ zł ₺ Ω Ж · − …"
    assert _readable(spoken) == spoken
    assert _readable("Honey 🐝  jar\n") == "Honey jar"


@settings(max_examples=12, deadline=None)
@given(st.text(max_size=80), st.integers(2, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_whatever_is_said_the_code_stays_readable(words: str, seats: tuple[int, int]) -> None:
    size, joined = seats
    facts = replace(
        BARE,
        title=words,
        single_price=words,
        group_price=words,
        seats=words,
        until=words,
        size=size,
        joined=joined,
    )
    assert scanned(seen(picture(replace(facts, shop=words, saving=words, scan=words)))) == facts.link


def test_the_offer_stays_left_of_the_code() -> None:
    assert _font(34).getlength("until Tue 24 Nov, 18:00") < BESIDE_QR
    wide = replace(BARE, single_price="W" * 60, group_price="W" * 60, seats="W" * 90, until="W" * 90)
    assert scanned(seen(picture(wide))) == BARE.link
