"""The picture of a group to pass on: product, both prices, seats, time, and the link as a QR code.

It says nothing itself: every word comes in as it is shown, in whatever language. The same facts are always the same bytes.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

import segno
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from shop.deals.model import SIZE_MAX
from shop.papers.drawing import FONTS

WIDTH_PX, HEIGHT_PX = 1080, 1350  # 4:5, the tallest that chats and feeds show whole
LINK_LETTERS_MAX: Final = 200  # more would make the code's squares too small for a phone: 4 pixels at least
TITLE_LINES_MAX: Final = 3
PHOTO_PIXELS_MAX: Final = 50_000_000  # as a good camera makes them; more is somebody's joke
PHOTO_SIDE_MIN_PX: Final = 100  # less would be a blur
PHOTO_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")

MARGIN = 64
PHOTO_HEIGHT, PLAIN_HEIGHT = 700, 900
EDGE = 4  # of a photo that is narrower than its place: so much of its rim is drawn out
QR_SIDE = 320
FOOT = HEIGHT_PX - MARGIN
BESIDE_QR = WIDTH_PX - 3 * MARGIN + MARGIN // 2 - QR_SIDE  # the width left of the code

PAPER, INK, QUIET, ACCENT, EMPTY = "#fbf8f3", "#26221f", "#6f675f", "#a8431f", "#e6dccf"
ELLIPSIS: Final = "…"
NO_SUCH_SIGN: Final = "\U0010fffd"  # a private code point that no font draws: what is drawn is the empty box

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the picture shows; every text as people read it. Empty texts are left out."""

    title: str
    single_price: str  # shown struck through
    group_price: str
    seats: str  # as in "2 of 3 joined · 1 seat left"
    until: str  # as in "until Tue 24 Nov, 18:00"
    link: str  # at most LINK_LETTERS_MAX letters
    joined: int  # seats that are paid, 0 to size
    size: int  # seats in all, at most SIZE_MAX
    photo: bytes | None = None  # JPEG, PNG, WebP or GIF; anything that cannot be read counts as none
    saving: str = ""  # as in "−25 %", on the photo's corner
    shop: str = ""  # its name, above the title
    scan: str = ""  # under the code, as in "Scan to join"


def picture(facts: PictureFacts) -> bytes:
    """A PNG of 1080 × 1350 pixels; without the photo where that cannot be read.

    Raises ValueError for a link that is too long to be scanned.
    """
    assert 0 <= facts.joined <= facts.size <= SIZE_MAX, f"{facts.joined} of {facts.size} seats"
    if len(facts.link) > LINK_LETTERS_MAX:
        raise ValueError(
            f"a link of {len(facts.link)} letters is too long for a QR code: {LINK_LETTERS_MAX} at most"
        )
    canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), PAPER)
    draw = ImageDraw.Draw(canvas)
    photo = _photo_area(facts.photo) if facts.photo else None
    if photo is None:
        _plain_area(draw, facts)
    else:
        canvas.paste(photo, (0, 0))
        _titled(draw, facts)
    _badge(canvas, draw, facts.saving)
    _code(canvas, draw, facts)
    _offer(canvas, draw, facts)
    written = BytesIO()
    canvas.save(written, "PNG")
    return written.getvalue()


# ---------------------------------------------------------------------- the photo


def _photo_area(photo: bytes) -> Image.Image | None:
    """The photo as it fills its place; None where it cannot be read."""
    try:
        return _filling(_read(photo), (WIDTH_PX, PHOTO_HEIGHT))
    except Exception:  # noqa: BLE001 - a broken file makes the library raise anything; a picture without photo is fine
        return None


def _read(photo: bytes) -> Image.Image:
    """The photo upright and without transparency. Raises whatever the library does."""
    opened = Image.open(BytesIO(photo), formats=PHOTO_FORMATS)
    if opened.width * opened.height > PHOTO_PIXELS_MAX or min(opened.size) < PHOTO_SIDE_MIN_PX:
        raise ValueError(f"{opened.width} × {opened.height} pixels are no photo of a product")
    opened.draft("RGB", (WIDTH_PX, WIDTH_PX))  # a large JPEG is read at a part of its size, many times faster
    upright = ImageOps.exif_transpose(opened).convert("RGBA")
    ground = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(ground, upright).convert("RGB")


def _filling(photo: Image.Image, area: tuple[int, int]) -> Image.Image:
    """The photo filling the area; one of another shape is shown whole, its rim going on at both sides.

    A shape within a quarter of the area's is cropped instead: what is lost then is only its rim.
    """
    shape = photo.width / photo.height * area[1] / area[0]
    if 0.8 <= shape <= 1.25:
        return ImageOps.fit(photo, area, Image.Resampling.LANCZOS)
    whole = ImageOps.contain(photo, area, Image.Resampling.LANCZOS)
    if shape < 1:
        return _widened(whole, area)
    turned = _widened(whole.transpose(Image.Transpose.ROTATE_90), (area[1], area[0]))
    return turned.transpose(Image.Transpose.ROTATE_270)


def _widened(photo: Image.Image, area: tuple[int, int]) -> Image.Image:
    """In the middle of a wider area, its left and right edge drawn out: a plain backdrop shows no seam."""
    filled = Image.new("RGB", area)
    left = (area[0] - photo.width) // 2
    right = left + photo.width
    for place, width, edge in ((0, left, 0), (right, area[0] - right, photo.width - EDGE)):
        rim = photo.crop((edge, 0, edge + EDGE, photo.height)).resize((1, photo.height), Image.Resampling.BOX)
        drawn_out = rim.resize((max(1, width), area[1])).filter(ImageFilter.GaussianBlur(2))
        filled.paste(drawn_out, (place, 0))
    filled.paste(photo, (left, 0))
    return filled


# ---------------------------------------------------------------------- words


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    # The basic layout: the other one is not installed everywhere, and pictures would differ.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _drawn(sign: str) -> bytes:
    ground = Image.new("L", (40, 40))
    ImageDraw.Draw(ground).text((5, 30), sign, 255, _font(20, bold=True), anchor="ls")
    return ground.tobytes()


def _has(sign: str) -> bool:
    """Whether the font draws it: an emoji, say, would be an empty box."""
    return _drawn(sign) != _drawn(NO_SUCH_SIGN)


def _readable(words: str) -> str:
    """In one line, with nothing that the font cannot draw."""
    composed = unicodedata.normalize("NFC", " ".join(words.split()))
    return " ".join("".join(sign for sign in composed if sign == " " or _has(sign)).split())


def _wrapped(words: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """In lines no wider than `width`; a word that is wider is broken anywhere."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for sign in word:
            if font.getlength(lines[-1] + sign) > width:
                lines.append("")
            lines[-1] += sign
    return lines


def _cut(lines: Sequence[str], font: ImageFont.FreeTypeFont, width: int, lines_max: int) -> list[str]:
    """So many lines at most; the last one ends with … where something is left out."""
    if len(lines) <= lines_max:
        return list(lines)
    last = lines[lines_max - 1]
    while font.getlength(last + ELLIPSIS) > width:
        last = last[:-1]
    return [*lines[: lines_max - 1], last.rstrip(" ,;:") + ELLIPSIS]


def _title_lines(title: str, width: int, sizes: Sequence[int]) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """In the largest of the sizes in which two lines do, or else in the smallest, cut after three."""
    words = _readable(title)
    for size in sizes:
        font = _font(size, bold=True)
        lines = _wrapped(words, font, width)
        if len(lines) < TITLE_LINES_MAX:
            return lines, font
    font = _font(sizes[-1], bold=True)
    return _cut(_wrapped(words, font, width), font, width, TITLE_LINES_MAX), font


def _fitting(words: str, width: int, sizes: Sequence[int], *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The largest of the sizes in which the words fit, or the smallest."""
    fonts = [_font(size, bold=bold) for size in sizes]
    return next((font for font in fonts if font.getlength(words) <= width), fonts[-1])


def _one_line(words: str, sizes: Sequence[int], *, bold: bool = False) -> tuple[str, ImageFont.FreeTypeFont]:
    """As it fits left of the code: as large as it may be, cut where even the smallest is too wide."""
    shown = _readable(words)
    font = _fitting(shown, BESIDE_QR, sizes, bold=bold)
    return _cut(_wrapped(shown, font, BESIDE_QR), font, BESIDE_QR, 1)[0], font


# ---------------------------------------------------------------------- parts


def _rounded(canvas: Image.Image, box: Box, radius: int, fill: str, *, rim: str, rim_px: int) -> None:
    """A rounded box or a dot, drawn four times as large first: the library's own edges are steps."""
    width, height = box[2] - box[0], box[3] - box[1]
    shape = Image.new("RGBA", (width * 4, height * 4))
    area = (0, 0, width * 4 - 1, height * 4 - 1)
    ImageDraw.Draw(shape).rounded_rectangle(area, radius * 4, fill, rim, rim_px * 4)
    small = shape.resize((width, height), Image.Resampling.BOX)
    canvas.paste(small, box[:2], small)


def _plain_area(draw: ImageDraw.ImageDraw, facts: PictureFacts) -> None:
    """Where there is no photo, the title itself is the picture."""
    draw.rectangle((0, 0, WIDTH_PX, PLAIN_HEIGHT), ACCENT)
    width = WIDTH_PX - 3 * MARGIN
    lines, font = _title_lines(facts.title, width, (112, 96, 84, 72, 60))
    text = "\n".join(lines)
    draw.multiline_text(
        (WIDTH_PX // 2, PLAIN_HEIGHT // 2),
        text,
        PAPER,
        font,
        anchor="mm",
        align="center",
        spacing=font.size // 4,
    )
    shop = _readable(facts.shop)
    draw.text(
        (MARGIN, MARGIN + 24), shop, EMPTY, _fitting(shop, WIDTH_PX - 5 * MARGIN, (34, 28, 22)), anchor="ls"
    )


def _titled(draw: ImageDraw.ImageDraw, facts: PictureFacts) -> None:
    """The shop's name and the title between photo and offer."""
    width = WIDTH_PX - 2 * MARGIN
    lines, font = _title_lines(facts.title, width, (60, 52, 44))
    shop = _readable(facts.shop)
    step = int(font.size * 1.2)
    room = FOOT - QR_SIDE - PHOTO_HEIGHT
    top = PHOTO_HEIGHT + (room - step * len(lines) - (40 if shop else 0)) // 2
    if shop:
        draw.text((MARGIN, top + 26), shop, QUIET, _fitting(shop, width, (28, 22)), anchor="ls")
        top += 40
    for place, line in enumerate(lines, start=1):
        draw.text((MARGIN, top + place * step - step // 4), line, INK, font, anchor="ls")


def _badge(canvas: Image.Image, draw: ImageDraw.ImageDraw, saving: str) -> None:
    """What is saved, in the photo's upper right corner."""
    words = _readable(saving)
    if not words:
        return
    font = _fitting(words, WIDTH_PX // 3, (52, 40, 30), bold=True)
    width = int(font.getlength(words)) + 56
    box = (WIDTH_PX - MARGIN // 2 - width, MARGIN // 2, WIDTH_PX - MARGIN // 2, MARGIN // 2 + 92)
    _rounded(canvas, box, 46, PAPER, rim=PAPER, rim_px=0)
    draw.text(((box[0] + box[2]) // 2, (box[1] + box[3]) // 2), words, ACCENT, font, anchor="mm")


def _code(canvas: Image.Image, draw: ImageDraw.ImageDraw, facts: PictureFacts) -> None:
    """The link in the lower right corner, with the quiet zone that readers need (ISO/IEC 18004: four modules)."""
    rows = [bytes(row) for row in segno.make_qr(facts.link, error="m").matrix_iter(border=4)]
    flat = b"".join(rows).translate(bytes([255, 0]) + bytes(254))  # 1 is a dark module
    code = Image.frombytes("L", (len(rows), len(rows)), flat)
    side = QR_SIDE // len(rows) * len(rows)  # whole pixels a module, or edges would blur
    box = (WIDTH_PX - MARGIN - QR_SIDE, FOOT - QR_SIDE, WIDTH_PX - MARGIN, FOOT)
    _rounded(canvas, box, 24, "white", rim=EMPTY, rim_px=2)
    inset = (QR_SIDE - side) // 2
    canvas.paste(code.resize((side, side), Image.Resampling.NEAREST), (box[0] + inset, box[1] + inset))
    scan = _readable(facts.scan)
    font = _fitting(scan, QR_SIDE, (26, 22, 18))
    draw.text(((box[0] + box[2]) // 2, FOOT + 38), scan, QUIET, font, anchor="ms")


def _offer(canvas: Image.Image, draw: ImageDraw.ImageDraw, facts: PictureFacts) -> None:
    """Prices, seats and time, left of the code."""
    _prices(draw, facts)
    _dots(canvas, facts)
    seats, font = _one_line(facts.seats, (36, 32, 28, 24), bold=True)
    draw.text((MARGIN, FOOT - 54), seats, INK, font, anchor="ls")
    until, font = _one_line(facts.until, (34, 30, 26, 22))
    draw.text((MARGIN, FOOT - 4), until, QUIET, font, anchor="ls")


def _prices(draw: ImageDraw.ImageDraw, facts: PictureFacts) -> None:
    """Side by side, the single price struck through; only where that would be too small, one above the other."""
    group, single = _readable(facts.group_price), _readable(facts.single_price)
    foot = FOOT - QR_SIDE + 96
    for size in (92, 80, 68, 60):
        font = _font(size, bold=True)
        left = MARGIN + int(font.getlength(group)) + size // 3
        if left + _font(size // 2).getlength(single) <= MARGIN + BESIDE_QR:
            draw.text((MARGIN, foot), group, ACCENT, font, anchor="ls")
            _struck(draw, single, (left, foot), _font(size // 2))
            return
    group, large = _one_line(group, (60, 52, 44, 36), bold=True)
    draw.text((MARGIN, foot), group, ACCENT, large, anchor="ls")
    single, small = _one_line(single, (34, 28))
    _struck(draw, single, (MARGIN, foot - 66), small)


def _struck(
    draw: ImageDraw.ImageDraw, price: str, place: tuple[int, int], font: ImageFont.FreeTypeFont
) -> None:
    draw.text(place, price, QUIET, font, anchor="ls")
    (left, foot), size = place, int(font.size)
    strike = foot - int(size * 0.36)
    end = left + int(font.getlength(price))
    draw.line((left - 4, strike, end + 4, strike), QUIET, max(3, size // 12))


def _dots(canvas: Image.Image, facts: PictureFacts) -> None:
    """A dot a seat, filled where somebody has joined; from the 13th on in two rows, from the 31st in three."""
    rows = 1 if facts.size <= 12 else 2 if facts.size <= 30 else 3
    across = -(-facts.size // rows)
    step = min(64, BESIDE_QR // across, 96 // rows)
    side, top = int(step * 0.78), FOOT - QR_SIDE + 130 + (80 - min(80, step * rows)) // 2
    for seat in range(facts.size):
        left, upper = MARGIN + seat % across * step, top + seat // across * step
        box = (left, upper, left + side, upper + side)
        taken = seat < facts.joined
        _rounded(canvas, box, side // 2, ACCENT if taken else PAPER, rim=ACCENT if taken else QUIET, rim_px=3)
