"""Draws every product picture of the demo shop: one light, one set of shapes, one backdrop for each category.

Run by hand after a change, in an environment of its own, because nothing here is needed to run the shop:

    python -m venv /tmp/draw && /tmp/draw/bin/pip install resvg-py pillow font-source-serif-pro
    /tmp/draw/bin/python sandbox/demo_shop/draw_pictures.py [NAME…]

It writes pictures/NAME.jpg, 640 × 640. JPEG, because every channel takes it: the error text of Telegram's sendPhoto lists
.jpg, .jpeg, .gif, .png, .tif and .bmp (github.com/rubenlagus/TelegramBots/issues/23), and WebP arrives as a file at times.
The drawings are our own; the lettering on labels is Source Serif Pro (SIL Open Font License).

Each product is drawn around (0, 0), the middle of its foot for what stands and its centre for what lies, y pointing down.
"""

# The drawing environment has these libraries, the one that checks types does not:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import io
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import font_source_serif_pro
import resvg_py
from PIL import Image

SIDE = 640
FLOOR = 505  # where things stand
TILT = 0.15  # how far round rims open towards the viewer: ellipse height by width
QUALITY = 88

INK = "#2f4564"
BLUE = "#4a78ab"
SKY = "#a4c6de"
SAGE = "#9fb497"
MOSS = "#6f8457"
FOREST = "#3d5b4b"
OAT = "#e4d6bf"
CREAM = "#f7efe1"
WHITE = "#fbf8f3"
SAND = "#d3ba94"
CLAY = "#d19a7d"
TERRACOTTA = "#c8714f"
RUST = "#ad5638"
MUSTARD = "#d9a441"
HONEY = "#e09a1f"
OAK = "#cfa06a"
WALNUT = "#8a5c3b"
BRASS = "#c9a04a"
STEEL = "#c3c9cc"
BLACK = "#36373d"
GREY = "#9a9ca0"
COFFEE = "#4b2f20"

Profile = Sequence[tuple[float, float]]  # (height above the foot, radius), from the top down


# ---------------------------------------------------------------------------------------------- colour


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `other` in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def dark(colour: str, share: float = 0.2) -> str:
    return mix(colour, "#2a2230", share)


def light(colour: str, share: float = 0.3) -> str:
    return mix(colour, "#ffffff", share)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


# ---------------------------------------------------------------------------------------------- shapes

DEFINITIONS = """
<linearGradient id="round"><stop offset="0" stop-color="#000" stop-opacity=".10"/><stop offset=".1" stop-color="#fff" stop-opacity=".05"/>
<stop offset=".27" stop-color="#fff" stop-opacity=".34"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/>
<stop offset=".9" stop-color="#1d1430" stop-opacity=".26"/><stop offset="1" stop-color="#1d1430" stop-opacity=".18"/></linearGradient>
<linearGradient id="matt"><stop offset="0" stop-color="#fff" stop-opacity=".04"/><stop offset=".28" stop-color="#fff" stop-opacity=".17"/>
<stop offset=".55" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#1d1430" stop-opacity=".22"/></linearGradient>
<linearGradient id="metal"><stop offset="0" stop-color="#1d1430" stop-opacity=".25"/><stop offset=".16" stop-color="#fff" stop-opacity=".35"/>
<stop offset=".3" stop-color="#fff" stop-opacity=".75"/><stop offset=".42" stop-color="#fff" stop-opacity=".05"/>
<stop offset=".72" stop-color="#1d1430" stop-opacity=".28"/><stop offset=".86" stop-color="#1d1430" stop-opacity=".12"/>
<stop offset=".94" stop-color="#fff" stop-opacity=".3"/><stop offset="1" stop-color="#1d1430" stop-opacity=".25"/></linearGradient>
<linearGradient id="glass"><stop offset="0" stop-color="#fff" stop-opacity=".75"/><stop offset=".08" stop-color="#fff" stop-opacity=".25"/>
<stop offset=".2" stop-color="#fff" stop-opacity=".5"/><stop offset=".26" stop-color="#fff" stop-opacity=".12"/>
<stop offset=".85" stop-color="#fff" stop-opacity=".1"/><stop offset=".96" stop-color="#fff" stop-opacity=".4"/>
<stop offset="1" stop-color="#31465a" stop-opacity=".25"/></linearGradient>
<linearGradient id="flat" x2="1" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".22"/><stop offset=".45" stop-color="#fff" stop-opacity="0"/>
<stop offset="1" stop-color="#1d1430" stop-opacity=".17"/></linearGradient>
<linearGradient id="fold" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".26"/><stop offset=".4" stop-color="#fff" stop-opacity="0"/>
<stop offset="1" stop-color="#1d1430" stop-opacity=".24"/></linearGradient>
<linearGradient id="hollow" x2="0" y2="1"><stop offset="0" stop-color="#1d1430" stop-opacity=".38"/><stop offset="1" stop-color="#1d1430" stop-opacity=".05"/></linearGradient>
<radialGradient id="ball" cx=".36" cy=".3" r=".8"><stop offset="0" stop-color="#fff" stop-opacity=".42"/><stop offset=".4" stop-color="#fff" stop-opacity=".02"/>
<stop offset="1" stop-color="#1d1430" stop-opacity=".3"/></radialGradient>
<radialGradient id="glow"><stop offset="0" stop-color="#fff3c9" stop-opacity=".95"/><stop offset=".4" stop-color="#ffe3a1" stop-opacity=".5"/>
<stop offset="1" stop-color="#ffdf9a" stop-opacity="0"/></radialGradient>
<radialGradient id="halo"><stop offset="0" stop-color="#fff" stop-opacity=".75"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>
<filter id="blur" x="-60%" y="-200%" width="220%" height="500%"><feGaussianBlur stdDeviation="11"/></filter>
<filter id="haze" x="-60%" y="-60%" width="220%" height="220%"><feGaussianBlur stdDeviation="4"/></filter>
<filter id="lift" x="-30%" y="-30%" width="160%" height="160%"><feDropShadow dx="7" dy="13" stdDeviation="11" flood-color="#2a2038" flood-opacity=".30"/></filter>
<filter id="near" x="-30%" y="-30%" width="160%" height="160%"><feDropShadow dx="2" dy="4" stdDeviation="3" flood-color="#2a2038" flood-opacity=".28"/></filter>
"""


def path(outline: str, fill: str, shade: str = "", extra: str = "") -> str:
    """A filled outline; `shade` lays one of the light gradients over it."""
    plain = f'<path d="{outline}" fill="{fill}" {extra}/>'
    return plain + (f'<path d="{outline}" fill="url(#{shade})" {extra}/>' if shade else "")


def line(outline: str, colour: str, width: float, extra: str = "") -> str:
    return (
        f'<path d="{outline}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" '
        f'stroke-linejoin="round" {extra}/>'
    )


def oval(centre: tuple[float, float], radii: tuple[float, float], fill: str, extra: str = "") -> str:
    (x, y), (rx, ry) = centre, radii
    return f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}" {extra}/>'


def shaded_oval(centre: tuple[float, float], radii: tuple[float, float], fill: str, shade: str) -> str:
    return oval(centre, radii, fill) + oval(centre, radii, f"url(#{shade})")


def box(corner: tuple[float, float], size: tuple[float, float], radius: float = 0) -> str:
    """The outline of a rectangle with round corners."""
    (x, y), (w, h) = corner, size
    r = min(radius, w / 2, h / 2)
    return (
        f"M{x + r:.1f},{y:.1f} h{w - 2 * r:.1f} a{r:.1f},{r:.1f} 0 0 1 {r:.1f},{r:.1f} v{h - 2 * r:.1f} "
        f"a{r:.1f},{r:.1f} 0 0 1 {-r:.1f},{r:.1f} h{-(w - 2 * r):.1f} a{r:.1f},{r:.1f} 0 0 1 {-r:.1f},{-r:.1f} "
        f"v{-(h - 2 * r):.1f} a{r:.1f},{r:.1f} 0 0 1 {r:.1f},{-r:.1f} Z"
    )


def place(drawing: str, x: float, y: float, scale: float = 1, turn: float = 0) -> str:
    """A drawing moved, scaled and turned (degrees, clockwise)."""
    return f'<g transform="translate({x:.1f} {y:.1f}) rotate({turn}) scale({scale})">{drawing}</g>'


def group(drawing: str, attributes: str) -> str:
    return f"<g {attributes}>{drawing}</g>"


def clipped(drawing: str, outline: str, name: str) -> str:
    """The part of a drawing inside an outline; `name` is unique in its picture."""
    return f'<clipPath id="{name}"><path d="{outline}"/></clipPath><g clip-path="url(#{name})">{drawing}</g>'


def words(text: str, y: float, size: float, fill: str, extra: str = "") -> str:
    """One centred line of label lettering."""
    return (
        f'<text x="0" y="{y}" font-family="Source Serif Pro" font-size="{size}" fill="{fill}" '
        f'text-anchor="middle" {extra}>{text}</text>'
    )


def turned(profile: Profile) -> str:
    """The outline of something turned on a lathe, seen a little from above. A point named twice is a sharp corner."""
    right = [(radius, -height) for height, radius in profile]
    left = [(-x, y) for x, y in right]
    top, foot = profile[0][1], profile[-1][1]
    return (
        f"M{left[0][0]:.1f},{left[0][1]:.1f} {_smooth(left)} "
        f"A{foot:.1f},{foot * TILT:.1f} 0 0 0 {foot:.1f},{right[-1][1]:.1f} {_smooth(right[::-1])} "
        f"A{max(top, 0.1):.1f},{max(top * TILT, 0.1):.1f} 0 0 0 {left[0][0]:.1f},{left[0][1]:.1f} Z"
    )


def _smooth(points: Sequence[tuple[float, float]]) -> str:
    """Curves through points already begun at the first (Catmull–Rom as cubic Béziers, tension one sixth)."""
    padded = [points[0], *points, points[-1]]
    parts: list[str] = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        one = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        two = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        parts.append(f"C{one[0]:.1f},{one[1]:.1f} {two[0]:.1f},{two[1]:.1f} {end[0]:.1f},{end[1]:.1f}")
    return " ".join(parts)


def straight(height: float, radius: float, corner: float = 22) -> Profile:
    """A cylinder's profile with a rounded foot."""
    return [
        (height, radius),
        (height, radius),
        (corner * 1.3, radius),
        (corner * 0.45, radius - corner * 0.25),
        (0, radius - corner),
    ]


def mouth(height: float, radius: float, colour: str, inside: str, wall: float = 7) -> str:
    """The open rim of a vessel and what is seen inside."""
    rim = shaded_oval((0, -height), (radius, radius * TILT), light(colour, 0.35), "flat")
    hole = ((0, -height + wall * 0.22), (radius - wall, (radius - wall) * TILT))
    return rim + oval(*hole, inside) + oval(*hole, "url(#hollow)")


def filled(height: float, radius: float, liquid: str, sink: float = 9) -> str:
    """A drink's surface a little under the rim."""
    hole = f"M{-radius:.1f},{-height:.1f} a{radius:.1f},{radius * TILT:.1f} 0 1 0 {2 * radius:.1f},0 a{radius:.1f},{radius * TILT:.1f} 0 1 0 {-2 * radius:.1f},0 Z"
    surface = shaded_oval((0, -height + sink), (radius * 0.98, radius * TILT), liquid, "flat")
    return clipped(surface, hole, f"hole{height:.0f}{radius:.0f}")


def shadow(width: float, share: float = 0.25) -> str:
    """What a standing thing casts: a soft pool drawn to the right, and a tight one at its foot."""
    return oval(
        (width * 0.1, 4),
        (width * 0.6, width * 0.085 + 4),
        "#3a2a3a",
        f'opacity="{share}" filter="url(#blur)"',
    ) + oval(
        (4, 2), (width * 0.47, width * 0.05 + 3), "#2a1f2c", f'opacity="{share * 0.9}" filter="url(#haze)"'
    )


def steam(x: float, y: float) -> str:
    curls = line(f"M{x - 22},{y} c-22,-30 18,-46 0,-82 c-10,-20 2,-32 8,-40", "#ffffff", 9) + line(
        f"M{x + 20},{y + 4} c-20,-28 22,-44 4,-76 c-8,-16 2,-26 8,-32", "#ffffff", 8
    )
    return group(curls, 'opacity=".62" filter="url(#haze)"')


def scattered(count: int, width: float, height: float) -> list[tuple[float, float]]:
    """Points spread evenly but not in rows, the same in every run (the R2 sequence: powers of 1 / 1.3247…)."""
    return [
        ((i * 0.7548776662) % 1 * width - width / 2, (i * 0.5698402910) % 1 * height - height / 2)
        for i in range(count)
    ]


def speckles(outline: str, colour: str, name: str) -> str:
    """Iron flecks in a glaze."""
    dots = ""
    for i, (x, y) in enumerate(scattered(110, 330, 240)):
        radius = 1.2 + i % 3 * 0.7
        dots += oval((x, y - 120), (radius, radius), colour, 'opacity=".5"')
    return clipped(dots, outline, name)


def label(centre: tuple[float, float], size: tuple[float, float], lines: tuple[str, str], colour: str) -> str:
    """A paper label with a name, a fine rule and a smaller line."""
    (x, y), (w, h) = centre, size
    name, note = lines
    paper = path(box((-w / 2, -h / 2), (w, h), 6), CREAM, "matt") + line(
        box((-w / 2 + 5, -h / 2 + 5), (w - 10, h - 10), 3), colour, 1.2, 'opacity=".55"'
    )
    fit = min(h * 0.26, (w - 18) / max(len(name), 1) * 1.85)
    text = words(name, h * 0.02, fit, colour, 'font-weight="600"') + line(f"M-16,{h * 0.12} h32", colour, 1.4)
    return place(
        paper + text + words(note, h * 0.31, min(fit * 0.52, (w - 22) / len(note) * 1.5), dark(colour, 0.1)),
        x,
        y,
    )


def sprig(colour: str, leaves: int = 5) -> str:
    """A stem with leaves growing up from (0, 0)."""
    drawing = line(f"M0,0 C4,{-leaves * 9} -4,{-leaves * 16} 2,{-leaves * 24}", dark(colour, 0.2), 3)
    for i in range(leaves):
        y = -18 - i * 22
        size = 1 - i * 0.09
        leaf = "M0,0 C8,-16 30,-22 44,-16 C34,0 16,8 0,0 Z"
        drawing += place(path(leaf, mix(colour, "#ffffff", 0.06 * i), "flat"), 1, y, size)
        drawing += f'<g transform="translate(0 {y - 9}) scale({-size} {size})">{path(leaf, dark(colour, 0.06), "flat")}</g>'
    return drawing


def bean(colour: str = COFFEE) -> str:
    return (
        oval((2, 4), (16, 10), "#2a1f2c", 'opacity=".22" filter="url(#haze)"')
        + shaded_oval((0, 0), (15, 10), colour, "ball")
        + line("M-12,2 C-4,-5 4,5 12,-2", dark(colour, 0.5), 2)
    )


# ---------------------------------------------------------------------------------------------- backdrops


@dataclass(frozen=True)
class Backdrop:
    """A category's own colours: the wall, the niche that frames the product, the table."""

    wall: str
    niche: str
    table: str


CUPS = Backdrop("#f4d9c6", "#fbecdf", "#e5bd9d")
TABLEWARE = Backdrop("#d3e2e8", "#ebf3f5", "#b3cbd6")
BREW = Backdrop("#e9d3ba", "#f8ecdc", "#d0aa80")
KITCHEN = Backdrop("#d7e2cd", "#edf3e6", "#b3c6a3")
PANTRY = Backdrop("#f8e0a6", "#fdf2d2", "#e6c377")
TEXTILES = Backdrop("#dfd6e4", "#f2edf4", "#c1b1c9")
CLOTHES = Backdrop("#cfe2df", "#e8f2f0", "#a9cbc5")
HOME = Backdrop("#efd0ca", "#fae7e3", "#d9a79f")
DESK = Backdrop("#e4dcc8", "#f5f0e4", "#c6b798")
OUTDOORS = Backdrop("#cbe3ea", "#fdf0c8", "#9dbd86")
GIFTS = Backdrop("#efccd6", "#fae6ec", "#d9a1b3")


def standing(backdrop: Backdrop, drawing: str, scale: float = 1.2) -> str:
    """Something on a table before a niche."""
    arch = "M92,640 V298 A228,228 0 0 1 548,298 V640 Z"
    table = f"M0,{FLOOR - 62} H640 V640 H0 Z"
    scene = (
        f'<rect width="640" height="640" fill="{backdrop.wall}"/>'
        + path(arch, backdrop.niche)
        + oval((250, 260), (300, 300), "url(#halo)", 'opacity=".55"')
        + path(table, backdrop.table)
        + path(table, "url(#fold)", extra='opacity=".45"')
        + path(f"M0,{FLOOR - 62} H640 v3 H0 Z", light(backdrop.table, 0.5), extra='opacity=".6"')
    )
    return _svg(scene + place(drawing, SIDE / 2, FLOOR + 20, scale))


def outside(drawing: str, scale: float = 1.2) -> str:
    """Something on the grass, hills and a low sun behind."""
    sky = f'<rect width="640" height="640" fill="{OUTDOORS.wall}"/>' + oval(
        (320, 280), (218, 218), OUTDOORS.niche
    )
    hills = path("M0,400 C120,330 220,350 330,400 C430,345 540,320 640,370 V640 H0 Z", "#bcd6b4") + path(
        "M0,440 C160,400 300,450 420,425 C520,405 600,420 640,430 V640 H0 Z", OUTDOORS.table, "fold"
    )
    return _svg(sky + hills + place(drawing, SIDE / 2, FLOOR + 20, scale))


def lying(backdrop: Backdrop, drawing: str, scale: float = 1) -> str:
    """Something seen from above on a plain ground, with a soft shadow around it."""
    ground = (
        f'<rect width="640" height="640" fill="{backdrop.wall}"/>'
        + oval((320, 320), (270, 270), backdrop.niche)
        + oval((230, 220), (330, 330), "url(#halo)", 'opacity=".5"')
    )
    return _svg(ground + group(place(drawing, SIDE / 2, SIDE / 2, scale), 'filter="url(#lift)"'))


def _svg(content: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}"><defs>{DEFINITIONS}</defs>{content}</svg>'


# ---------------------------------------------------------------------------------------------- cups


def mug(colour: str, *, fleck: str = "", hot: bool = True) -> str:
    """The shop's stoneware mug: a soft cylinder, a round handle, a raw foot."""
    body = turned([(215, 104), (215, 104), (150, 103), (60, 102), (22, 96), (4, 78), (0, 74)])
    handle = "M88,-176 C168,-196 190,-70 92,-52"
    return (
        shadow(225)
        + line(handle, dark(colour, 0.16), 27)
        + line("M92,-182 C160,-196 180,-92 104,-62", light(colour, 0.22), 6, 'opacity=".7"')
        + path(body, colour, "round")
        + (speckles(body, fleck, "fleck") if fleck else "")
        + mouth(215, 104, colour, dark(colour, 0.1))
        + filled(213, 96, COFFEE, 11)
        + (steam(0, -235) if hot else "")
    )


def latte_mug(colour: str) -> str:
    """Wide and handled, two glazes that meet in a dipped line."""
    body = turned([(178, 122), (178, 122), (120, 120), (60, 104), (18, 76), (0, 62)])
    dip = path("M-140,-190 H140 V-92 C70,-78 -60,-108 -140,-86 Z", WHITE, "round")
    foam = oval((0, -172), (92, 13), "#f4e6d2") + line(
        "M0,-180 c-26,4 -26,16 0,16 c26,0 26,-12 0,-16", "#c99a6b", 3, 'opacity=".8"'
    )
    return (
        shadow(200)
        + line("M108,-150 C190,-160 180,-52 92,-56", dark(colour, 0.14), 25)
        + path(body, colour, "round")
        + clipped(dip, body, "dip")
        + mouth(178, 122, WHITE, dark(OAT, 0.1))
        + filled(176, 114, "#c99a6b", 9)
        + foam
        + steam(0, -196)
    )


def porcelain_cup() -> str:
    """Fine white cup and saucer with a gold line."""
    saucer = oval((0, -10), (170, 27), dark(WHITE, 0.12)) + shaded_oval((0, -16), (170, 27), WHITE, "flat")
    ring = oval((0, -16), (165, 25), "none", f'stroke="{BRASS}" stroke-width="4"') + oval(
        (0, -18), (90, 13), dark(WHITE, 0.07)
    )
    body = turned([(170, 112), (170, 112), (120, 106), (64, 82), (34, 52), (24, 48), (18, 52)])
    rim = oval((0, -170), (110, 16), "none", f'stroke="{BRASS}" stroke-width="4.5"')
    handle = line("M96,-146 C166,-166 168,-78 76,-74", dark(WHITE, 0.08), 14) + line(
        "M98,-149 C158,-166 160,-86 84,-77", BRASS, 3
    )
    return (
        shadow(340)
        + saucer
        + ring
        + handle
        + path(body, WHITE, "round")
        + mouth(170, 112, WHITE, WHITE, 5)
        + filled(169, 106, "#a8622b", 10)
        + rim
        + steam(0, -190)
    )


def espresso_cup(colour: str) -> str:
    body = turned([(122, 66), (122, 66), (84, 65), (30, 56), (6, 42), (0, 38)])
    return (
        shadow(150)
        + line("M54,-98 C104,-106 106,-42 52,-40", dark(colour, 0.14), 17)
        + path(body, colour, "round")
        + mouth(122, 66, colour, WHITE, 6)
        + filled(121, 60, COFFEE, 8)
        + oval((0, -114), (40, 4.5), "#a56a3a", 'opacity=".7"')
    )


def travel_mug(colour: str) -> str:
    cup = turned([(270, 84), (270, 84), (140, 76), (24, 68), (4, 62), (0, 60)])
    lid = turned([(316, 62), (312, 74), (300, 80), (284, 88), (268, 88), (268, 88)])
    band = clipped(path(box((-100, -196), (200, 76), 0), dark(colour, 0.22), "matt"), cup, "band")
    return (
        shadow(190)
        + path(cup, colour, "matt")
        + band
        + path(lid, BLACK, "round")
        + shaded_oval((0, -314), (60, 9), "#4a4b52", "flat")
        + oval((-26, -314), (15, 3), "#22232a")
        + place(words("K&amp;Q", 0, 30, light(colour, 0.75), 'font-weight="600"'), -8, -148)
    )


def double_glass() -> str:
    outer = turned([(190, 74), (190, 74), (120, 80), (50, 70), (12, 50), (0, 46)])
    drink = turned([(150, 62), (150, 62), (110, 66), (66, 56), (38, 28), (34, 10)])
    return (
        shadow(160, 0.24)
        + path(outer, "#ffffff", extra='opacity=".35"')
        + path(drink, "#8a5535", "round")
        + path(turned([(150, 62), (150, 62), (126, 65), (118, 65.5)]), "#eadcc6", "round")
        + oval((0, -150), (62, 9), "#f6ecdd")
        + path(outer, "url(#glass)")
        + oval((0, -190), (74, 11), "#ffffff", 'fill-opacity=".25" stroke="#fff" stroke-width="3.5"')
    )


# ---------------------------------------------------------------------------------------------- the table


def plate(colour: str) -> str:
    """A coupe plate, upright so that its face shows."""
    rim = shaded_oval((0, 0), (212, 212), colour, "flat") + oval(
        (0, 0), (206, 206), "none", f'stroke="{dark(WALNUT, 0.1)}" stroke-width="4" opacity=".55"'
    )
    well = shaded_oval((0, 0), (150, 150), light(colour, 0.12), "flat") + oval(
        (0, 0), (150, 150), "none", f'stroke="{dark(colour, 0.3)}" stroke-width="3" opacity=".35"'
    )
    glints = line("M-150,-86 A174,174 0 0 1 -62,-162", "#ffffff", 12, 'opacity=".45" filter="url(#haze)"')
    dots = ""
    for i in range(1, 200):
        reach, size = 13.5 * math.sqrt(i), 1.4 + i % 3 * 0.6
        spot = (math.cos(i * 2.399963) * reach, math.sin(i * 2.399963) * reach)  # the golden angle
        dots += oval(spot, (size, size), dark(colour, 0.55), 'opacity=".4"')
    return rim + well + clipped(dots, "M-206,0 a206,206 0 1 0 412,0 a206,206 0 1 0 -412,0 Z", "face") + glints


def cereal_bowl(colour: str) -> str:
    body = turned([(140, 160), (140, 160), (96, 150), (44, 112), (14, 74), (8, 66), (0, 66)])
    oats = filled(140, 150, "#efdfc2", 14) + "".join(
        shaded_oval((x, y), (12, 10), berry, "ball")
        for x, y, berry in [
            (-50, -136, "#4a5a92"),
            (-26, -130, "#43528a"),
            (-6, -138, "#c8434a"),
            (30, -132, "#4a5a92"),
            (52, -138, "#c8434a"),
        ]
    )
    return (
        shadow(210)
        + path(body, colour, "round")
        + speckles(body, dark(colour, 0.55), "fleck")
        + mouth(140, 160, colour, dark(colour, 0.12), 8)
        + oats
    )


def serving_bowl() -> str:
    body = turned([(170, 216), (170, 216), (120, 204), (56, 152), (16, 92), (6, 84), (0, 84)])
    band = clipped(path("M-230,-190 H230 V-128 C100,-112 -100,-112 -230,-128 Z", INK, "round"), body, "band")
    greens = clipped(
        "".join(
            place(path("M0,0 C10,-26 44,-34 66,-22 C54,6 24,14 0,0 Z", c, "flat"), x, y, 1.1, t)
            for x, y, t, c in [
                (-150, -168, 8, "#7f9c5c"),
                (-96, -160, -12, "#93ae6b"),
                (-40, -170, 6, "#6f8f52"),
                (20, -160, -10, "#89a763"),
                (74, -168, 12, "#7f9c5c"),
                (110, -158, -20, "#93ae6b"),
                (-120, -152, 20, "#6f8f52"),
                (50, -150, 10, "#6f8f52"),
                (-20, -150, -6, "#9cb877"),
            ]
        )
        + "".join(
            shaded_oval((x, y), (17, 15), "#cf5340", "ball") for x, y in [(-92, -168), (4, -164), (92, -170)]
        ),
        "M-206,-168 a206,31 0 0 1 412,0 a206,31 0 0 1 -412,0 Z M-206,-168 V-260 H206 V-168 Z",
        "leaves",
    )
    return shadow(280) + path(body, OAT, "round") + band + mouth(170, 216, INK, OAT, 9) + greens


def tumbler(tint: str) -> str:
    outline = turned([(176, 62), (176, 62), (90, 57), (16, 52), (3, 48), (0, 47)])
    ribs = clipped(
        "".join(
            line(f"M{x},-176 L{x * 0.84:.0f},0", "#ffffff", 3, 'opacity=".42"') for x in range(-60, 61, 12)
        ),
        outline,
        "ribs" + tint[1:],
    )
    water = path(
        turned([(120, 58), (120, 58), (60, 55), (14, 50), (8, 46)]),
        mix(tint, "#ffffff", 0.15),
        extra='opacity=".35"',
    )
    return (
        shadow(130, 0.24)
        + path(outline, tint, extra='opacity=".52"')
        + water
        + ribs
        + path(outline, "url(#glass)", extra='opacity=".8"')
        + oval(
            (0, -176), (62, 9), tint, 'fill-opacity=".25" stroke="#fff" stroke-opacity=".9" stroke-width="3"'
        )
    )


def carafe() -> str:
    outline = turned(
        [(340, 38), (340, 38), (300, 34), (260, 42), (190, 82), (110, 100), (36, 92), (4, 76), (0, 72)]
    )
    water = path(
        turned([(150, 94), (150, 94), (110, 98), (38, 90), (8, 76)]), "#bcdcec", "round", 'opacity=".8"'
    ) + oval((0, -150), (93, 13), "#d8edf6")
    lemon = (
        oval((22, -92), (30, 30), "#f2cf4f")
        + oval((22, -92), (24, 24), "#f9e487")
        + "".join(
            line(f"M22,-92 l{math.cos(a) * 22:.0f},{math.sin(a) * 22:.0f}", "#f2cf4f", 2)
            for a in [0, 1.05, 2.1, 3.14, 4.2, 5.25]
        )
    )
    cork = path(turned([(386, 36), (386, 36), (340, 31), (318, 29)]), "#cda26d", "round") + shaded_oval(
        (0, -386), (36, 5.5), "#dcb684", "flat"
    )
    return (
        shadow(210, 0.26)
        + path(outline, "#ffffff", extra='opacity=".35"')
        + water
        + group(lemon, 'opacity=".8"')
        + cork
        + path(outline, "url(#glass)")
        + oval((0, -340), (38, 6), "none", 'stroke="#fff" stroke-width="3.5"')
    )


def cutlery(colour: str, shade: str) -> str:
    """Knife, fork and two spoons side by side."""
    stem = "M-7,-40 C-6,40 -10,120 -11,176 a11,11 0 0 0 22,0 C10,120 6,40 7,-40 Z"
    fork_head = (
        "M-24,-190 v78 c0,40 14,52 17,74 h14 c3,-22 17,-34 17,-74 v-78 h-9 v66 h-9 v-66 h-12 v66 h-9 v-66 Z"
    )
    knife = "M-8,-20 C-12,-100 -14,-160 2,-196 C18,-178 18,-90 11,-20 Z"
    spoon = "M0,-196 C30,-196 34,-140 26,-104 C20,-76 8,-60 7,-34 h-14 C-8,-60 -20,-76 -26,-104 C-34,-140 -30,-196 0,-196 Z"
    return "".join(
        place(path(head, colour, shade) + path(stem, colour, shade), x, 10, s)
        for head, x, s in [(fork_head, -132, 1), (knife, -44, 1), (spoon, 44, 1), (spoon, 128, 0.74)]
    )


def group_of(drawing: str, spots: Iterable[tuple[float, float, float]]) -> str:
    """The same thing several times: (x, y, scale) each, the farthest first."""
    return "".join(place(drawing, x, y, scale) for x, y, scale in spots)


# ---------------------------------------------------------------------------------------------- coffee and tea


def pouch(colour: str, name: str, note: str, mark: str) -> str:
    """A flat-bottomed coffee bag with a folded top and a tin tie."""
    bag = (
        "M-96,-286 C-100,-200 -112,-60 -106,-10 Q-104,4 -90,6 H90 Q104,4 106,-10 C112,-60 100,-200 96,-286 Z"
    )
    fold = "M-98,-330 H98 L96,-278 H-96 Z"
    return (
        shadow(240)
        + path(bag, colour, "matt")
        + path(
            "M106,-10 C112,-60 100,-200 96,-286 L66,-286 C74,-200 84,-80 76,6 H90 Q104,4 106,-10 Z",
            "#1d1430",
            extra='opacity=".10"',
        )
        + path(fold, dark(colour, 0.1), "matt")
        + path(box((-112, -300), (224, 15), 5), BRASS, "metal")
        + place(
            label((0, 0), (150, 150), (name, note), dark(colour, 0.35) if colour != BLACK else INK), 0, -140
        )
        + place(mark, 0, -196, 0.9)
        + group_of(bean(), [(-128, 12, 1), (-98, 26, 0.9), (138, 18, 1.05)])
    )


def tea_tin(colour: str, name: str, note: str) -> str:
    """A round caddy with a pressed lid."""
    body = turned([(196, 92), (196, 92), (10, 92), (0, 90)])
    lid = turned([(250, 86), (244, 94), (238, 95), (190, 95), (190, 95)])
    band = clipped(path("M-120,-170 H120 V-46 H-120 Z", CREAM, "round"), body, "paper")
    lettering = words(name, -104, min(34, 290 / len(name)), dark(colour, 0.3), 'font-weight="600"') + line(
        "M-18,-90 h36", BRASS, 2
    )
    return (
        shadow(210)
        + path(body, colour, "round")
        + band
        + path(lid, colour, "round")
        + shaded_oval((0, -247), (86, 12), light(colour, 0.16), "flat")
        + line("M-95,-192 a95,14 0 0 0 190,0", dark(colour, 0.3), 2, 'opacity=".6"')
        + lettering
        + words(note, -66, min(18, 290 / len(note)), dark(colour, 0.1))
    )


def tea_leaves(colour: str) -> str:
    """A few loose leaves beside a tin."""
    curls = ""
    for i, (x, y) in enumerate(scattered(26, 92, 24)):
        curl = line("M-7,2 q6,-9 14,-3", mix(colour, COFFEE, i % 3 * 0.25), 3.2)
        curls += place(curl, x, y, 0.7 + i % 3 * 0.2, i * 47 % 180)
    return group(curls, 'filter="url(#near)"')


def teapot(colour: str, band: str) -> str:
    body = turned([(184, 62), (176, 84), (130, 124), (80, 132), (30, 108), (6, 78), (0, 74)])
    dipped = clipped(path("M-160,-60 C-60,-44 60,-74 160,-56 V20 H-160 Z", band, "round"), body, "dip")
    spout = "M104,-62 C150,-70 160,-120 186,-158 L204,-150 C192,-96 180,-44 112,-36 Z"
    lid = turned([(206, 20), (200, 44), (190, 60), (180, 66), (180, 66)])
    return (
        shadow(300)
        + line("M-104,-150 C-206,-170 -204,-44 -110,-46", dark(colour, 0.16), 24)
        + line("M-112,-156 C-186,-168 -190,-76 -140,-58", light(colour, 0.25), 5, 'opacity=".7"')
        + path(spout, dark(colour, 0.05), "flat")
        + path(body, colour, "round")
        + dipped
        + path(lid, colour, "round")
        + shaded_oval((0, -216), (20, 17), WALNUT, "ball")
        + steam(206, -176)
    )


def glass_teapot() -> str:
    body = turned([(180, 56), (176, 70), (130, 118), (76, 126), (26, 104), (4, 76), (0, 72)])
    tea = turned([(122, 120), (122, 120), (76, 120), (30, 98), (10, 74), (8, 70)])
    strainer = path(box((-34, -178), (68, 118), 14), "#dfe4e6", "metal", 'opacity=".75"') + "".join(
        oval((x, y), (1.8, 1.8), "#7c8790") for x in range(-24, 25, 8) for y in range(-160, -66, 9)
    )
    spout = "M100,-64 C146,-74 158,-120 182,-152 L196,-144 C186,-96 172,-46 108,-38 Z"
    lid = path(turned([(204, 14), (198, 40), (186, 58), (180, 60)]), BLACK, "round") + shaded_oval(
        (0, -212), (15, 13), BLACK, "ball"
    )
    return (
        shadow(290, 0.2)
        + line("M-98,-144 C-194,-166 -196,-46 -104,-46", "#ffffff", 18, 'opacity=".7"')
        + line("M-98,-144 C-194,-166 -196,-46 -104,-46", "#9fb4bd", 2, 'opacity=".6"')
        + path(spout, "#ffffff", "glass", 'opacity=".7"')
        + path(body, "#ffffff", extra='opacity=".3"')
        + path(tea, "#c98a3c", "round", 'opacity=".88"')
        + oval((0, -122), (120, 17), "#dda557")
        + strainer
        + path(body, "url(#glass)")
        + lid
    )


def pour_over(colour: str) -> str:
    """A dripper with its paper on a glass server."""
    server = turned([(150, 58), (150, 58), (120, 66), (60, 104), (16, 96), (2, 80), (0, 78)])
    coffee = turned([(62, 102), (62, 102), (40, 103), (16, 92), (8, 80)])
    cone = turned([(292, 112), (292, 112), (230, 78), (182, 40), (172, 36), (172, 36)])
    paper = (
        path("M-96,-300 L-108,-318 H108 L96,-300 Z", "#efe3cd")
        + oval((0, -318), (108, 15), "#f7efdf")
        + oval((0, -314), (92, 10), COFFEE)
    )
    ridges = clipped(
        "".join(
            line(f"M{x},-292 L{x * 0.36:.0f},-172", dark(colour, 0.25), 3, 'opacity=".35"')
            for x in range(-100, 101, 20)
        ),
        cone,
        "ridges",
    )
    return (
        shadow(230, 0.22)
        + path(server, "#ffffff", extra='opacity=".35"')
        + path(coffee, COFFEE, "round", 'opacity=".9"')
        + oval((0, -62), (102, 14), "#6b4430")
        + line("M0,-170 V-66", COFFEE, 3)
        + path(server, "url(#glass)")
        + paper
        + path(cone, colour, "round")
        + ridges
        + line("M104,-268 C160,-272 150,-208 84,-222", dark(colour, 0.1), 15)
        + path(turned([(174, 84), (168, 84), (160, 80)]), colour, "round")
        + shaded_oval((0, -174), (84, 11), light(colour, 0.12), "flat")
        + path(turned([(194, 44), (182, 40), (173, 38)]), colour, "round")
        + steam(0, -326)
    )


def french_press() -> str:
    glass = turned([(262, 78), (262, 78), (14, 78), (0, 76)])
    coffee = turned([(196, 75), (196, 75), (16, 75), (6, 73)])
    frame = "".join(path(box((x - 6, -262), (12, 262), 4), STEEL, "metal") for x in (-74, 0, 74))
    rings = path(turned([(268, 82), (262, 82), (252, 82)]), STEEL, "metal") + path(
        turned([(26, 82), (20, 84), (0, 84)]), STEEL, "metal"
    )
    lid = path(turned([(300, 20), (294, 52), (280, 76), (266, 84), (266, 84)]), STEEL, "metal")
    return (
        shadow(190)
        + line("M80,-228 C168,-232 166,-52 82,-62", BLACK, 20)
        + line("M90,-226 C156,-226 156,-70 100,-66", "#6b6c74", 4, 'opacity=".8"')
        + path(glass, "#ffffff", extra='opacity=".35"')
        + path(coffee, COFFEE, "round", 'opacity=".92"')
        + oval((0, -196), (75, 10), "#8a5c3b")
        + path(glass, "url(#glass)")
        + frame
        + rings
        + line("M0,-300 V-348", STEEL, 7)
        + lid
        + shaded_oval((0, -356), (22, 19), BLACK, "ball")
    )


def grinder() -> str:
    """A hand grinder: walnut body, steel hopper, crank with a knob."""
    body = turned([(220, 66), (220, 66), (120, 60), (16, 66), (0, 64)])
    hopper = turned([(262, 54), (256, 68), (218, 68), (218, 68)])
    grain = clipped(
        "".join(
            line(f"M{x},-224 C{x + 8},-150 {x - 6},-70 {x + 4},0", dark(WALNUT, 0.3), 2, 'opacity=".4"')
            for x in range(-60, 61, 13)
        ),
        body,
        "grain",
    )
    crank = line("M0,-284 L118,-306", STEEL, 11) + line("M2,-287 L114,-308", "#ffffff", 3, 'opacity=".7"')
    return (
        shadow(160)
        + path(body, WALNUT, "round")
        + grain
        + path(turned([(100, 63), (94, 63), (86, 63)]), BRASS, "metal")
        + path(hopper, STEEL, "metal")
        + shaded_oval((0, -260), (54, 8), light(STEEL, 0.3), "flat")
        + path(box((-9, -292), (18, 34), 6), STEEL, "metal")
        + crank
        + line("M118,-306 V-326", STEEL, 8)
        + shaded_oval((118, -340), (20, 22), WALNUT, "ball")
        + group_of(bean(), [(-112, 8, 1.1), (-86, 22, 1), (106, 20, 1.1)])
    )


def kettle() -> str:
    """A gooseneck kettle in matt black with an oak handle."""
    body = turned([(170, 60), (164, 78), (120, 96), (40, 116), (8, 110), (0, 106)])
    spout = line("M96,-44 C168,-40 128,-150 172,-182 C186,-192 196,-186 206,-184", BLACK, 15) + line(
        "M104,-48 C160,-46 126,-144 168,-184", "#74757d", 3, 'opacity=".8"'
    )
    handle = line("M-82,-150 C-176,-176 -172,-60 -152,-26", BLACK, 13) + line(
        "M-160,-128 C-168,-96 -162,-58 -152,-28", OAK, 25
    )
    lid = path(turned([(190, 22), (184, 46), (172, 60), (168, 62)]), BLACK, "round")
    return (
        shadow(270)
        + spout
        + handle
        + path(body, BLACK, "round")
        + lid
        + path(turned([(206, 9), (200, 9), (188, 12)]), BLACK, "round")
        + shaded_oval((0, -214), (20, 16), OAK, "ball")
        + steam(214, -198)
    )


# ---------------------------------------------------------------------------------------------- kitchen and pantry


def cutting_board() -> str:
    """An oak board standing on its edge, a herb and a lemon beside it."""
    outline = box((-128, -330), (256, 330), 34)
    grain = "".join(
        line(
            f"M{x},-334 C{x + 16},-240 {x - 14},-120 {x + 8},4",
            dark(OAK, 0.28),
            2 + i % 2 * 1.5,
            'opacity=".32"',
        )
        for i, x in enumerate(range(-116, 125, 19))
    )
    knot = "".join(
        oval(
            (44, -140),
            (8 + r * 7, 14 + r * 9),
            "none",
            f'stroke="{dark(OAK, 0.35)}" stroke-width="2" opacity=".35"',
        )
        for r in range(3)
    )
    lemon = shaded_oval((0, -36), (48, 38), "#efc93f", "ball") + shaded_oval(
        (47, -34), (9, 8), "#e8bd31", "ball"
    )
    return (
        shadow(290)
        + path(outline, dark(OAK, 0.35), extra='transform="translate(9 3)"')
        + path(outline, OAK, "flat")
        + clipped(grain + knot, outline, "grain")
        + oval((0, -294), (17, 17), dark(OAK, 0.45))
        + oval((2, -291), (15, 15), KITCHEN.niche)
        + place(shadow(90) + lemon, 128, 16)
        + place(sprig("#7d9a66", 5), -134, 18, 0.9, -24)
    )


def spoons() -> str:
    """Three beech tools in a stoneware crock."""
    crock = turned([(176, 92), (176, 92), (90, 92), (18, 86), (4, 74), (0, 70)])
    handle = "M-8,0 L-10,-190 H10 L8,0 Z"
    bowl = "M0,-310 C40,-310 44,-246 30,-214 C22,-196 12,-190 10,-170 H-10 C-12,-190 -22,-196 -30,-214 C-44,-246 -40,-310 0,-310 Z"
    flat = "M-32,-312 Q0,-322 32,-306 L26,-206 Q14,-188 10,-170 H-10 Q-14,-188 -26,-206 Z"
    slots = "".join(path(box((x - 3.5, -290), (7, 64), 3.5), dark(OAK, 0.45)) for x in (-12, 0, 12))

    def tool(head: str, x: float, turn: float, extra: str = "") -> str:
        return place(path(handle, OAK, "matt") + path(head, OAK, "flat") + extra, x, -50, 1, turn)

    return (
        shadow(200)
        + mouth(176, 92, OAT, dark(OAT, 0.35), 9)
        + tool(flat, -26, -13, slots)
        + tool(bowl, 30, 13, oval((0, -254), (22, 38), dark(OAK, 0.12), 'opacity=".7"'))
        + tool(bowl, 2, 0, oval((0, -254), (22, 38), dark(OAK, 0.12), 'opacity=".7"'))
        + path("M-92,-176 a92,13.8 0 0 0 184,0 V-100 H-92 Z", OAT)
        + path(
            turned([(176, 92), (176, 92), (90, 92), (18, 86), (4, 74), (0, 70)]).replace(
                "A92.0,13.8 0 0 0", "A92.0,13.8 0 0 1"
            ),
            OAT,
            "round",
        )
        + speckles(crock, dark(OAT, 0.6), "fleck")
    )


def skillet() -> str:
    """A cast-iron pan from above, with rosemary and oil in it."""
    iron = "#3b3b40"
    handle = "M150,-26 L286,-22 A24,24 0 0 1 286,24 L150,26 Z"
    return place(
        path(handle, iron, "fold")
        + oval((284, 1), (11, 11), KITCHEN.niche)
        + path("M-176,-34 L-204,-14 V14 L-176,34 Z", iron, "fold")
        + shaded_oval((0, 0), (182, 182), iron, "flat")
        + oval((0, 0), (164, 164), dark(iron, 0.35))
        + shaded_oval((0, 0), (158, 158), "#2f2f34", "flat")
        + line("M-124,-70 A142,142 0 0 1 -40,-136", "#ffffff", 7, 'opacity=".28" filter="url(#haze)"')
        + place(sprig("#86a06f", 6), -20, 74, 0.95, 24)
        + group_of(shaded_oval((0, 0), (30, 24), "#f2e7d2", "ball"), [(66, 52, 0.62), (92, 22, 0.5)]),
        -48,
        0,
        0.98,
        -28,
    )


def storage_jar(content: str, level: float) -> str:
    """A clip-top jar; `level` is how full it is."""
    glass = turned([(250, 64), (250, 64), (236, 84), (200, 92), (20, 92), (4, 84), (0, 80)])
    food = turned([(level, 88), (level, 88), (20, 88), (8, 80)])
    dots = "".join(
        oval((x, y - level / 2), (4, 3), light(content, 0.35), 'opacity=".55"')
        for x, y in scattered(70, 180, level)
    )
    clip = line("M-70,-254 C-98,-254 -98,-222 -84,-214", STEEL, 5) + line(
        "M70,-254 C98,-254 98,-222 84,-214", STEEL, 5
    )
    lid = path(
        turned([(292, 60), (288, 68), (266, 70), (264, 70)]), "#ffffff", "glass", 'opacity=".75"'
    ) + oval((0, -290), (62, 9), "#ffffff", 'opacity=".8"')
    return (
        shadow(190, 0.22)
        + path(glass, "#ffffff", extra='opacity=".35"')
        + path(food, content, "round", 'opacity=".95"')
        + oval((0, -level), (88, 12), light(content, 0.2))
        + clipped(dots, food, f"food{content[1:]}")
        + path(glass, "url(#glass)")
        + path(turned([(264, 70), (258, 71), (250, 70)]), "#d8703f", "round")
        + lid
        + clip
    )


def honey_jar(honey: str, name: str, note: str) -> str:
    """A hexagon-lidded jar of honey, lit from behind."""
    glass = turned([(196, 70), (196, 70), (184, 84), (160, 92), (24, 92), (4, 82), (0, 78)])
    inner = turned([(180, 82), (172, 86), (160, 89), (26, 89), (8, 80), (6, 78)])
    lid = turned([(240, 70), (236, 76), (202, 76), (200, 76)])
    return (
        shadow(190)
        + path(inner, honey, "round")
        + oval((-22, -60), (46, 60), light(honey, 0.5), 'opacity=".4" filter="url(#blur)"')
        + path(glass, "url(#glass)", extra='opacity=".75"')
        + label((0, -92), (124, 92), (name, note), "#8a5412")
        + path(lid, BRASS, "metal")
        + shaded_oval((0, -238), (70, 10), light(BRASS, 0.35), "flat")
    )


def dipper() -> str:
    """A honey dipper with a drop, lying on the table."""
    grooves = "".join(
        shaded_oval((x, 0), (7, 26 - abs(x - 26) * 0.42), OAK, "ball") for x in range(0, 53, 10)
    )
    return group(path(box((-150, -7), (152, 14), 7), OAK, "fold") + grooves, 'filter="url(#near)"')


def jam_jar() -> str:
    glass = turned([(180, 70), (180, 70), (168, 82), (146, 88), (22, 88), (4, 80), (0, 76)])
    inner = turned([(168, 80), (146, 85), (24, 85), (8, 78), (6, 76)])
    cloth = turned([(232, 60), (226, 76), (204, 82), (180, 92), (174, 96), (174, 96)])
    checks = clipped(
        "".join(
            path(f"M{x},-250 h14 v100 h-14 Z", "#c94f4f", extra='opacity=".45"') for x in range(-112, 112, 28)
        )
        + "".join(
            path(f"M-120,{y} h240 v14 h-240 Z", "#c94f4f", extra='opacity=".45"')
            for y in range(-246, -160, 28)
        ),
        cloth,
        "checks",
    )
    berries = group_of(
        path("M0,-34 C34,-42 42,-8 0,32 C-42,-8 -34,-42 0,-34 Z", "#d0343c", "ball")
        + path("M-20,-36 L0,-26 L20,-36 L8,-44 L0,-54 L-8,-44 Z", "#7d9a57"),
        [(128, -20, 0.82), (176, -10, 0.62)],
    )
    return (
        shadow(185)
        + path(inner, "#b3202f", "round")
        + path(glass, "url(#glass)", extra='opacity=".7"')
        + label((0, -84), (124, 90), ("Strawberry", "JAM · 220 g"), "#8f1d2a")
        + path(cloth, WHITE, "round")
        + checks
        + line("M-80,-190 C-40,-178 40,-178 80,-190", "#c9a36a", 6)
        + berries
    )


def oil_bottle() -> str:
    glass = turned([(300, 22), (300, 22), (236, 22), (200, 40), (160, 66), (16, 66), (3, 62), (0, 60)])
    return (
        shadow(150)
        + path(glass, "#7c7a26", "round")
        + oval((-14, -80), (28, 70), "#c7bd4a", 'opacity=".5" filter="url(#blur)"')
        + path(glass, "url(#glass)", extra='opacity=".5"')
        + label((0, -92), (100, 108), ("Olive oil", "EXTRA VIRGIN"), "#56591c")
        + path(turned([(340, 18), (334, 24), (296, 24), (292, 24)]), BLACK, "round")
        + place(sprig("#8a9a5b", 4), 92, 14, 0.9, 42)
        + group_of(shaded_oval((0, 0), (17, 21), "#6d7433", "ball"), [(104, -10, 1), (132, 2, 0.95)])
    )


def salt_box() -> str:
    """A card tube of salt flakes with a pinch before it."""
    tube = turned([(210, 72), (210, 72), (6, 72), (0, 71)])
    lid = turned([(246, 70), (242, 76), (206, 76), (206, 76)])
    waves = clipped(
        "".join(
            line(
                "M-100,0 q12.5,-12 25,0 t25,0 t25,0 t25,0 t25,0 t25,0 t25,0 t25,0",
                light(BLUE, 0.2),
                4,
                f'transform="translate(0 {y})"',
            )
            for y in (-44, -30, -16)
        ),
        tube,
        "waves",
    )
    crystals = "".join(
        place(path("M-6,-4 L2,-8 L8,-1 L1,6 Z", "#ffffff", "flat"), x, y, 0.7 + i % 3 * 0.35, i * 40)
        for i, (x, y) in enumerate(scattered(26, 96, 22))
    )
    return (
        shadow(160)
        + path(tube, "#e8f0f4", "round")
        + waves
        + words("Sea salt", -128, 35, INK, 'font-weight="600"')
        + line("M-20,-112 h40", BRASS, 2)
        + words("FLAKES · 100 g", -84, 16, INK, 'letter-spacing="1"')
        + path(lid, INK, "round")
        + shaded_oval((0, -244), (70, 10), light(INK, 0.2), "flat")
        + place(group(crystals, 'filter="url(#near)"'), 128, 14, 1.1)
    )


def chocolate(colour: str, flavour: str, pieces: str) -> str:
    """A wrapped bar, its foil torn open over the squares."""
    squares = "".join(
        path(box((x, y), (58, 46), 5), "#553325", "flat")
        + path(box((x + 8, y + 7), (42, 32), 3), "#5f3a2a", "fold")
        for x in (-90, -29, 32)
        for y in (-226, -176)
    )
    foil = path(
        "M-98,-134 L-98,-196 L-80,-182 L-58,-200 L-36,-180 L-10,-198 L18,-181 L44,-199 L70,-182 L98,-198 V-134 Z",
        "#dcdcd8",
        "metal",
    )
    wrap = box((-104, -146), (208, 372), 5)
    pattern = "".join(
        oval((x, y), (9, 9), light(colour, 0.22), 'opacity=".55"')
        for x in range(-90, 104, 36)
        for y in range(-130, 226, 36)
    )
    return (
        path(box((-96, -232), (192, 180), 6), "#4a2b1f")
        + squares
        + foil
        + path(wrap, colour, "flat")
        + clipped(pattern, wrap, "wrap")
        + label((0, 42), (150, 128), (flavour, "CHOCOLATE · 70 g"), dark(colour, 0.3))
        + place(pieces, 0, 160)
    )


# ---------------------------------------------------------------------------------------------- textiles and clothes


def stack(colour: str, sheets: int, size: tuple[float, float], stripe: str = "") -> str:
    """Folded cloth, its folds to the front; `stripe` runs over every sheet."""
    width, height = size
    drawing = shadow(width * 0.96)
    for i in range(sheets):
        y, inset = -height * (i + 1), i % 2 * 4
        outline = box((-width / 2 + inset, y), (width - inset * 2, height + 3), height * 0.48)
        tone = mix(colour, "#ffffff", 0.1 * (i % 2))
        drawing += path(outline, tone, "fold")
        if stripe:
            bars = "".join(
                path(f"M{x},{y} h12 v{height + 4} h-12 Z", stripe, extra='opacity=".8"')
                for x in (-width * 0.3, -width * 0.3 + 22, -width * 0.3 + 44)
            )
            drawing += clipped(bars, outline, f"stripe{i}")
        drawing += line(
            f"M{width / 2 - height * 0.6:.0f},{y + height * 0.5:.0f} H{-width / 2 + height:.0f}",
            dark(tone, 0.3),
            1.6,
            'opacity=".3"',
        )
        drawing += line(
            f"M{-width / 2 + height * 0.7:.0f},{y + height:.0f} H{width / 2 - height * 0.7:.0f}",
            dark(tone, 0.45),
            2.2,
            'opacity=".45"',
        )
    return drawing


def woven_label(x: float, y: float) -> str:
    return place(
        path(box((-19, -12), (38, 24), 2), CREAM, "flat")
        + place(words("K&amp;Q", 5, 14, INK, 'font-weight="600"'), 0, 0),
        x,
        y,
    )


def tea_towels(colour: str, stripe: str) -> str:
    """One towel hanging from a peg rail, folded over its loop; a second behind it."""

    def towel(x: float, tone: str, length: float) -> str:
        cloth = f"M-78,-190 C-60,-200 60,-200 78,-190 C86,-60 84,{length - 80} 88,{length} C50,{length + 8} -50,{length - 6} -88,{length} C-84,{length - 80} -86,-60 -78,-190 Z"
        bars = "".join(
            path(f"M-100,{length - y} H100 v{h} H-100 Z", stripe, extra='opacity=".85"')
            for y, h in ((74, 12), (54, 5), (42, 12))
        )
        folds = line(
            f"M-30,-180 C-36,-60 -28,60 -34,{length - 12}", dark(tone, 0.4), 9, 'opacity=".13"'
        ) + line(f"M34,-182 C28,-40 38,60 32,{length - 10}", dark(tone, 0.4), 12, 'opacity=".13"')
        loop = line("M-10,-192 C-10,-236 10,-236 10,-192", dark(tone, 0.15), 6)
        return place(
            loop
            + path(cloth, tone, "flat")
            + clipped(bars, cloth, f"bars{x:.0f}")
            + group(folds, 'filter="url(#haze)"'),
            x,
            30,
        )

    rail = path(box((-230, -232), (460, 34), 8), OAK, "fold")
    pegs = "".join(path(box((x - 9, -222), (18, 34), 9), WALNUT, "round") for x in (-100, 100))
    return rail + towel(-100, light(colour, 0.25), 196) + towel(100, colour, 214) + pegs


def apron(colour: str) -> str:
    body = "M-62,-150 C-30,-142 30,-142 62,-150 C66,-96 88,-64 128,-56 C136,40 136,140 130,218 C60,230 -60,230 -130,218 C-136,140 -136,40 -128,-56 C-88,-64 -66,-96 -62,-150 Z"
    pocket = path(
        "M-74,48 H74 V122 Q74,138 58,138 H-58 Q-74,138 -74,122 Z", mix(colour, "#ffffff", 0.07), "flat"
    ) + line("M-68,60 H68", dark(colour, 0.35), 2, 'stroke-dasharray="7 6" opacity=".7"')
    folds = line("M-98,-20 C-86,70 -104,150 -96,214", dark(colour, 0.5), 11, 'opacity=".16"') + line(
        "M100,-10 C90,80 106,150 100,212", dark(colour, 0.5), 13, 'opacity=".16"'
    )
    return (
        line("M-56,-146 C-66,-246 66,-246 56,-146", dark(colour, 0.16), 12)
        + line("M-126,-50 C-176,-40 -180,10 -166,60", dark(colour, 0.16), 9)
        + line("M126,-50 C176,-40 180,10 166,60", dark(colour, 0.16), 9)
        + path(body, colour, "flat")
        + group(folds, 'filter="url(#haze)"')
        + pocket
        + line("M0,50 V136", dark(colour, 0.35), 2, 'opacity=".6"')
        + woven_label(0, -96)
        + oval((-52, -140), (5, 5), BRASS)
        + oval((52, -140), (5, 5), BRASS)
    )


def cushion(colour: str) -> str:
    outline = "M-150,-286 C-60,-266 60,-266 150,-286 C164,-290 170,-280 166,-268 C150,-190 150,-96 168,-18 C172,-4 162,4 150,0 C60,-18 -60,-18 -150,0 C-162,4 -172,-4 -168,-18 C-150,-96 -150,-190 -166,-268 C-170,-280 -164,-290 -150,-286 Z"
    seams = "".join(
        line(
            f"M{x},-290 C{x * 0.86:.0f},-190 {x * 0.86:.0f},-96 {x},4",
            light(colour, 0.45),
            3,
            'opacity=".55" stroke-dasharray="12 8"',
        )
        for x in (-84, 0, 84)
    )
    creases = "".join(
        line(d, dark(colour, 0.5), 9, 'opacity=".2"')
        for d in (
            "M-158,-276 C-132,-250 -120,-236 -112,-214",
            "M158,-276 C132,-250 120,-236 112,-214",
            "M-158,-8 C-134,-30 -122,-46 -116,-66",
            "M158,-8 C134,-30 122,-46 116,-66",
        )
    )
    return (
        shadow(320)
        + path(outline, colour, "ball")
        + clipped(seams, outline, "seams")
        + group(creases, 'filter="url(#haze)"')
        + woven_label(128, -150)
    )


def throw(colour: str) -> str:
    """A fringed wool throw over the arm of a bench."""
    front = "M-136,-282 C-60,-296 60,-296 136,-282 C140,-190 134,-110 140,-40 C60,-30 -60,-52 -140,-38 C-134,-110 -140,-190 -136,-282 Z"
    bars = "".join(
        path(
            f"M-160,{y} C-60,{y - 14} 60,{y - 8} 160,{y - 2} v13 C60,{y + 5} -60,{y - 1} -160,{y + 13} Z",
            CREAM,
            extra='opacity=".8"',
        )
        for y in (-104, -82)
    )
    weave = "".join(
        line(f"M-140,{y} C-60,{y - 12} 60,{y - 8} 140,{y}", dark(colour, 0.4), 1.4, 'opacity=".16"')
        for y in range(-276, -40, 9)
    )
    fringe = "".join(
        line(
            f"M{x},{-44 + math.sin(x * 0.03) * 6:.0f} c3,14 -4,22 1,{34 + (x * 7) % 9}",
            light(colour, 0.08),
            4,
        )
        for x in range(-134, 138, 10)
    )
    folds = line("M-52,-280 C-60,-190 -44,-120 -54,-50", dark(colour, 0.5), 14, 'opacity=".17"') + line(
        "M66,-284 C58,-180 74,-120 64,-44", dark(colour, 0.5), 16, 'opacity=".17"'
    )
    bench = (
        path(box((-196, -296), (392, 26), 12), OAK, "fold")
        + path(box((-180, -272), (20, 272), 6), OAK, "round")
        + path(box((160, -272), (20, 272), 6), OAK, "round")
    )
    over = path(
        "M-136,-276 C-140,-306 -120,-306 -100,-306 H100 C120,-306 140,-306 136,-276 C60,-290 -60,-290 -136,-276 Z",
        light(colour, 0.12),
    )
    return (
        shadow(380, 0.18)
        + bench
        + fringe
        + path(front, colour, "flat")
        + clipped(bars + weave, front, "weave")
        + group(folds, 'filter="url(#haze)"')
        + over
    )


def tablecloth(colour: str) -> str:
    """A laid round table with a jug of sprigs."""
    cloth = "M-200,-214 C-120,-196 120,-196 200,-214 C210,-120 232,-60 226,6 C196,-16 176,10 146,12 C116,-14 86,16 52,16 C20,-10 -20,20 -52,16 C-86,-12 -116,14 -146,12 C-176,-14 -196,10 -226,6 C-232,-60 -210,-120 -200,-214 Z"
    folds = "".join(
        line(
            f"M{x},-196 C{x * 1.06:.0f},-120 {x * 1.14:.0f},-60 {x * 1.12:.0f},8",
            dark(colour, 0.5),
            12,
            'opacity=".15"',
        )
        for x in (-150, -92, -30, 34, 98, 152)
    )
    hem = line(
        "M-222,-8 C-196,-30 -176,-4 -146,-2 C-116,-28 -86,2 -52,2 C-20,-24 20,6 52,2 C86,2 116,-28 146,-2 C176,-4 196,-30 222,-8",
        dark(colour, 0.28),
        2,
        'stroke-dasharray="6 6" opacity=".6"',
    )
    jug = path(turned([(96, 26), (96, 26), (76, 24), (40, 42), (8, 34), (0, 30)]), INK, "round") + mouth(
        96, 26, INK, dark(INK, 0.3), 4
    )
    sprigs = (
        place(sprig(MOSS, 5), -6, -86, 0.8, -16)
        + place(sprig(SAGE, 5), 4, -86, 0.85, 14)
        + place(sprig(MOSS, 4), 0, -86, 0.95)
    )
    return (
        shadow(420, 0.2)
        + path(cloth, colour, "matt")
        + group(folds, 'filter="url(#haze)"')
        + hem
        + oval((0, -212), (200, 28), light(colour, 0.4))
        + oval((0, -212), (200, 28), "url(#flat)")
        + place(sprigs + jug, -30, -202, 0.92)
        + place(mug(CREAM, hot=False), 84, -196, 0.3)
    )


T_SHIRT = "M-62,-186 C-36,-160 36,-160 62,-186 L104,-172 C150,-150 182,-96 204,-38 L136,-4 C128,-24 122,-42 114,-58 C118,40 118,120 122,206 C60,216 -60,216 -122,206 C-118,120 -118,40 -114,-58 C-122,-42 -128,-24 -136,-4 L-204,-38 C-182,-96 -150,-150 -104,-172 Z"


def t_shirt(colour: str) -> str:
    collar = line("M-64,-187 C-38,-150 38,-150 64,-187", dark(colour, 0.22), 15) + line(
        "M-58,-184 C-34,-160 34,-160 58,-184", dark(colour, 0.5), 3, 'opacity=".5"'
    )
    hems = (
        line("M-120,194 C-60,204 60,204 120,194", dark(colour, 0.4), 2, 'stroke-dasharray="6 5" opacity=".6"')
        + line("M-196,-48 L-142,-20", dark(colour, 0.4), 2, 'stroke-dasharray="6 5" opacity=".6"')
        + line("M196,-48 L142,-20", dark(colour, 0.4), 2, 'stroke-dasharray="6 5" opacity=".6"')
    )
    folds = "".join(
        line(d, dark(colour, 0.55), 12, 'opacity=".16"')
        for d in (
            "M-108,-56 C-90,-20 -60,0 -20,10",
            "M108,-56 C94,-16 70,30 66,90",
            "M-84,200 C-70,140 -66,110 -74,60",
            "M40,204 C52,160 48,130 58,96",
        )
    )
    return (
        path(T_SHIRT, colour, "flat")
        + group(folds, 'filter="url(#haze)"')
        + hems
        + collar
        + woven_label(-84, 176)
    )


def striped_shirt(ground: str, stripe: str) -> str:
    stripes = "".join(
        path(
            f"M-210,{y} C-100,{y + 8} 100,{y + 8} 210,{y} v13 C100,{y + 21} -100,{y + 21} -210,{y + 13} Z",
            stripe,
            extra='opacity=".9"',
        )
        for y in range(-116, 190, 31)
    )
    sleeves = "".join(
        group(
            path("M104,-172 C160,-146 196,-40 214,128 L152,142 C142,50 132,-20 112,-60 Z", ground, "flat")
            + clipped(
                "".join(
                    path(f"M90,{y} L230,{y - 26} v13 L90,{y + 13} Z", stripe, extra='opacity=".9"')
                    for y in range(-80, 140, 31)
                ),
                "M104,-172 C160,-146 196,-40 214,128 L152,142 C142,50 132,-20 112,-60 Z",
                f"sleeve{side}",
            ),
            f'transform="scale({side} 1)"',
        )
        for side in (-1, 1)
    )
    body = "M-62,-186 C-36,-166 36,-166 62,-186 L104,-172 L114,-58 C118,40 118,120 122,206 C60,216 -60,216 -122,206 C-118,120 -118,40 -114,-58 L-104,-172 Z"
    neck = line("M-70,-188 C-38,-160 38,-160 70,-188", ground, 13) + line(
        "M-64,-182 C-38,-156 38,-156 64,-182", dark(ground, 0.4), 2, 'opacity=".5"'
    )
    return (
        sleeves
        + path(body, ground, "flat")
        + clipped(stripes, body, "stripes")
        + path(body, "url(#flat)")
        + neck
    )


def socks(colour: str) -> str:
    def sock(x: float, turn: float) -> str:
        leg = "M-44,-200 H44 C42,-110 42,-60 46,6 C70,50 128,84 140,120 C150,164 112,180 70,172 C10,160 -34,110 -46,40 C-50,-40 -44,-110 -44,-200 Z"
        ribs = "".join(
            line(f"M{i},-200 V-142", dark(colour, 0.3), 3, 'opacity=".5"') for i in range(-38, 42, 10)
        )
        bands = "".join(path(f"M-60,{y} H60 v10 H-60 Z", CREAM, extra='opacity=".85"') for y in (-118, -96))
        toe = path(
            "M96,76 C126,92 150,120 142,150 C130,184 90,178 62,170 C84,150 96,112 96,76 Z",
            mix(colour, CREAM, 0.55),
        )
        heel = path("M-48,26 C-14,30 10,60 8,112 C-24,96 -44,64 -48,26 Z", mix(colour, CREAM, 0.55))
        knit = "".join(
            line(f"M-60,{y} H160", dark(colour, 0.35), 1.2, 'opacity=".14"') for y in range(-136, 180, 8)
        )
        return place(
            path(leg, colour)
            + clipped(bands + toe + heel + ribs + knit, leg, f"sock{x:.0f}")
            + path(leg, "url(#flat)"),
            x,
            10,
            1,
            turn,
        )

    return group(sock(-104, -4), 'filter="url(#near)"') + group(sock(34, 5), 'filter="url(#near)"')


def beanie(colour: str) -> str:
    crown = "M-146,60 C-150,-90 -88,-190 0,-190 C88,-190 150,-90 146,60 Z"
    cuff = box((-160, 30), (320, 104), 24)
    ribs = "".join(
        line(
            f"M{x},70 C{x * 0.98:.0f},-60 {x * 0.6:.0f},-140 {x * 0.12:.0f},-190",
            dark(colour, 0.35),
            4,
            'opacity=".32"',
        )
        for x in range(-140, 141, 20)
    )
    cuff_ribs = "".join(
        line(f"M{x},30 V134", dark(colour, 0.35), 5, 'opacity=".36"') for x in range(-150, 151, 15)
    )
    return (
        path(crown, colour, "ball")
        + clipped(ribs, crown, "crown")
        + path(cuff, light(colour, 0.07), "flat")
        + clipped(cuff_ribs, cuff, "cuff")
        + place(woven_label(0, 0), 92, 84, 1.1)
    )


def tote(colour: str, print_colour: str) -> str:
    """A canvas tote with the shop's mug printed on it."""
    bag = "M-136,-90 C-60,-82 60,-82 136,-90 C144,20 146,120 150,214 C60,224 -60,224 -150,214 C-146,120 -144,20 -136,-90 Z"
    straps = line("M-76,-76 C-84,-250 84,-250 76,-76", dark(colour, 0.1), 19)
    back = line("M-66,-84 C-70,-220 70,-220 66,-84", dark(colour, 0.25), 17)
    mark = line(
        "M-48,20 H42 V84 Q42,112 14,112 H-20 Q-48,112 -48,84 Z M42,36 C86,28 86,92 42,86 M-24,-4 c-10,-14 10,-22 0,-38 M14,-4 c-10,-14 10,-22 0,-38",
        print_colour,
        7,
    )
    text = words("KETTLE &amp; QUAY", 164, 25, print_colour, 'letter-spacing="3" font-weight="600"')
    folds = line("M-110,-60 C-96,40 -116,130 -106,206", dark(colour, 0.5), 13, 'opacity=".16"') + line(
        "M104,-50 C94,60 114,140 104,204", dark(colour, 0.5), 13, 'opacity=".16"'
    )
    return (
        back
        + path(bag, colour, "flat")
        + group(folds, 'filter="url(#haze)"')
        + straps
        + mark
        + text
        + "".join(line(f"M{x - 8},-58 l16,16 m0,-16 l-16,16", dark(colour, 0.4), 2) for x in (-76, 76))
    )


def market_tote(colour: str) -> str:
    """A wide market bag with a front pocket, leeks and bread looking out."""
    bag = "M-160,-210 C-80,-198 80,-198 160,-210 C166,-120 162,-60 150,0 C60,8 -60,8 -150,0 C-162,-60 -166,-120 -160,-210 Z"
    bread = place(
        path(box((-26, -180), (52, 190), 26), "#d49a55", "round")
        + "".join(line(f"M-14,{y} l28,-14", "#f0cf95", 6) for y in (-150, -120, -90)),
        66,
        -190,
        1,
        14,
    )
    leek = "".join(
        place(
            path(
                "M-9,0 L-11,-90 C-30,-130 -30,-150 -40,-176 C-14,-160 -6,-140 0,-120 C8,-146 18,-160 40,-172 C26,-146 22,-120 11,-90 L9,0 Z",
                "#8bab68",
                "flat",
            ),
            x,
            -190,
            0.9,
            t,
        )
        for x, t in ((-92, -12), (-56, -2))
    )
    pocket = path(
        "M-92,-118 H92 V-40 Q92,-24 76,-24 H-76 Q-92,-24 -92,-40 Z", light(colour, 0.08), "flat"
    ) + line("M-84,-106 H84 M0,-116 V-26", dark(colour, 0.4), 2, 'stroke-dasharray="7 6" opacity=".7"')
    return (
        shadow(320)
        + line("M-92,-200 C-96,-330 96,-330 92,-200", dark(WALNUT, 0.1), 12)
        + leek
        + bread
        + path(bag, colour, "matt")
        + pocket
        + line("M-100,-204 C-104,-336 104,-336 100,-204 M-100,-204 V-140 M100,-204 V-140", WALNUT, 14)
        + place(woven_label(0, 0), 60, -70, 1)
    )


# ---------------------------------------------------------------------------------------------- home and light


def flame(x: float, y: float, size: float = 1) -> str:
    drawing = (
        oval((0, -20), (90, 90), "url(#glow)")
        + path("M0,-50 C18,-26 17,-2 0,0 C-17,-2 -18,-26 0,-50 Z", "#f6a93b")
        + path("M0,-36 C10,-20 9,-3 0,-2 C-9,-3 -10,-20 0,-36 Z", "#fff1c2")
    )
    return place(line("M0,10 V-4", COFFEE, 3) + drawing, x, y, size)


def candle(colour: str, name: str, note: str) -> str:
    """A poured candle in a glass tumbler, lit."""
    glass = turned([(190, 92), (190, 92), (20, 90), (4, 82), (0, 79)])
    wax = turned([(150, 88), (150, 88), (22, 86), (8, 79)])
    return (
        shadow(190)
        + path(glass, "#ffffff", extra='opacity=".4"')
        + path(wax, light(colour, 0.15), "round")
        + oval((0, -150), (88, 12.5), light(colour, 0.5))
        + oval((0, -150), (56, 7), "#fff0c4", 'opacity=".8"')
        + flame(0, -158)
        + path(glass, "url(#glass)")
        + oval((0, -190), (92, 13.5), "none", 'stroke="#fff" stroke-width="3.5" opacity=".9"')
        + label((0, -76), (120, 84), (name, note), dark(colour, 0.45))
    )


def tapers() -> str:
    def taper(x: float, height: float) -> str:
        wax = "#e6b34e"
        comb = "".join(
            path(
                "M0,-7 L6,-3.5 V3.5 L0,7 L-6,3.5 V-3.5 Z",
                dark(wax, 0.12),
                extra=f'opacity=".5" transform="translate({(i % 3 - 1) * 12 + (i // 3 % 2) * 6} {-10 - i // 3 * 11})"',
            )
            for i in range(66)
        )
        outline = turned([(height, 11), (height - 6, 15), (0, 18)])
        holder = path(
            turned([(40, 22), (40, 22), (30, 20), (22, 14), (16, 16), (10, 58), (0, 60)]), OAK, "round"
        )
        return place(
            shadow(110)
            + holder
            + place(path(outline, wax, "round") + clipped(comb, outline, f"comb{x:.0f}"), 0, -38)
            + flame(0, -height - 44, 0.9),
            x,
            0,
        )

    return taper(-62, 236) + place(taper(60, 190), 0, 14)


def table_lamp(colour: str) -> str:
    base = turned([(150, 20), (146, 26), (120, 66), (70, 84), (22, 66), (2, 50), (0, 48)])
    shade_outline = "M-78,-330 C-30,-322 30,-322 78,-330 L132,-176 C70,-160 -70,-160 -132,-176 Z"
    lit = path(shade_outline, "#fbe9c4", "flat") + clipped(
        oval((0, -220), (120, 110), "url(#glow)"), shade_outline, "lit"
    )
    return (
        oval((0, -240), (270, 250), "url(#glow)", 'opacity=".75"')
        + shadow(170)
        + oval((0, 6), (150, 16), "#ffe9b4", 'opacity=".5" filter="url(#haze)"')
        + path(box((-6, -186), (12, 50), 3), BRASS, "metal")
        + path(base, colour, "round")
        + speckles(base, dark(colour, 0.5), "fleck")
        + lit
        + line("M-132,-176 C-70,-160 70,-160 132,-176", dark("#fbe9c4", 0.15), 3)
        + line("M-78,-330 C-30,-322 30,-322 78,-330", dark("#fbe9c4", 0.15), 3)
    )


def portable_lamp() -> str:
    dome = "M-92,-250 C-90,-332 90,-332 92,-250 C60,-240 -60,-240 -92,-250 Z"
    foot = turned([(16, 58), (14, 62), (2, 62), (0, 60)])
    return (
        path("M-90,-248 L-190,10 H190 L90,-248 Z", "#fff0c2", extra='opacity=".42" filter="url(#blur)"')
        + oval((0, -232), (170, 120), "url(#glow)", 'opacity=".8"')
        + shadow(140)
        + path(box((-7, -252), (14, 244), 6), BRASS, "metal")
        + path(foot, BRASS, "metal")
        + shaded_oval((0, -15), (58, 8.5), light(BRASS, 0.2), "flat")
        + oval((0, -247), (88, 11), "#fff6d8")
        + path(dome, MOSS, "round")
        + shaded_oval((0, -312), (8, 6), BRASS, "ball")
    )


def bud_vase(colour: str) -> str:
    body = turned(
        [(186, 26), (184, 26), (160, 18), (140, 20), (110, 60), (66, 82), (22, 66), (2, 44), (0, 42)]
    )
    stem = place(sprig(MOSS, 6), 2, -176, 1.0, 8)
    flower = "".join(
        place(
            path(
                "M0,0 C14,-14 14,-40 0,-52 C-14,-40 -14,-14 0,0 Z", "#f3ddc0" if i % 2 else "#fbeedb", "flat"
            ),
            -34,
            -330,
            1,
            i * 45,
        )
        for i in range(8)
    )
    return (
        shadow(170)
        + line("M-2,-178 C-4,-240 -18,-280 -34,-328", MOSS, 4)
        + stem
        + flower
        + oval((-34, -330), (15, 15), "#d9a441")
        + path(body, colour, "matt")
        + oval((0, -186), (25, 4.5), dark(colour, 0.4))
        + oval((0, -187), (26, 4.5), "none", f'stroke="{light(colour, 0.4)}" stroke-width="3"')
    )


def soap(colour: str) -> str:
    """A stamped bar on a stone dish, one sprig beside it."""
    dish = path(
        turned([(34, 176), (30, 180), (14, 160), (2, 130), (0, 128)]), "#c9c2bb", "round"
    ) + shaded_oval((0, -34), (176, 26), "#d9d3cc", "flat")
    bar = path(box((-118, -128), (236, 92), 26), colour, "fold") + path(
        box((-118, -128), (236, 52), 26), light(colour, 0.28), "flat"
    )
    stamp = words(
        "K&amp;Q · OLIVE SOAP", -56, 20, dark(colour, 0.3), 'letter-spacing="1.5" font-weight="600"'
    )
    bubbles = "".join(
        oval((x, y), (r, r), "#ffffff", 'opacity=".55" stroke="#fff" stroke-width="2"')
        for x, y, r in ((-140, -150, 12), (-164, -178, 8), (-122, -182, 6), (150, -160, 9))
    )
    return shadow(330) + dish + bar + stamp + bubbles + place(sprig("#8f86b8", 5), 128, -44, 0.95, 28)


def coasters() -> str:
    """Four stitched leather rounds, a mug's ring away from the table."""

    def coaster(x: float, y: float, colour: str) -> str:
        return group(
            shaded_oval((x, y), (104, 104), colour, "flat")
            + oval(
                (x, y),
                (92, 92),
                "none",
                f'stroke="{light(colour, 0.5)}" stroke-width="3" stroke-dasharray="9 7"',
            )
            + place(words("K&amp;Q", 10, 30, dark(colour, 0.35), 'font-weight="600"'), x, y),
            'filter="url(#near)"',
        )

    return (
        coaster(-96, -92, "#9a6038")
        + coaster(100, -84, "#b3733f")
        + coaster(-84, 102, "#b98049")
        + coaster(92, 96, "#8a5432")
    )


# ---------------------------------------------------------------------------------------------- desk


def notebook(colour: str) -> str:
    cover = box((-132, -190), (264, 380), 16)
    weave = "".join(
        line(f"M-140,{y} H140", light(colour, 0.6), 1, 'opacity=".16"') for y in range(-186, 190, 6)
    ) + "".join(line(f"M{x},-196 V196", dark(colour, 0.6), 1, 'opacity=".14"') for x in range(-130, 134, 6))
    pages = path(box((-124, -182), (266, 376), 12), "#efe6d4") + "".join(
        line(f"M140,{-176 + i * 3} v2", "#d8ccb4", 2) for i in range(0, 120, 2)
    )
    return (
        line("M-20,186 L-26,236 L-14,226 L-4,238 L-6,186 Z", MUSTARD, 4)
        + path("M-24,186 V238 L-12,226 L0,238 V186 Z", MUSTARD, "fold")
        + pages
        + path(cover, colour, "flat")
        + clipped(weave, cover, "weave")
        + path(box((-132, -190), (34, 380), 14), dark(colour, 0.25), "matt", 'opacity=".7"')
        + path(box((92, -192), (14, 384), 2), dark(colour, 0.45), "matt")
        + place(
            path(box((-62, -36), (124, 72), 5), CREAM, "flat")
            + words("Notes", 4, 28, INK, 'font-style="italic"')
            + line("M-34,18 h68", BRASS, 2),
            -4,
            -64,
        )
    )


def pocket_notebooks() -> str:
    def book(colour: str, turn: float, x: float) -> str:
        cover = path(box((-96, -140), (192, 280), 10), colour, "flat") + path(
            box((-96, -140), (22, 280), 8), dark(colour, 0.22), extra='opacity=".5"'
        )
        return group(
            place(
                cover
                + line("M-30,-70 h80 M-30,-50 h54", CREAM, 4, 'opacity=".9"')
                + "".join(line(f"M-85,{y} v16", CREAM, 2) for y in (-80, 60)),
                x,
                0,
                1,
                turn,
            ),
            'filter="url(#near)"',
        )

    return book(SAGE, -14, -92) + book(CLAY, 1, 4) + book(INK, 14, 100)


def fountain_pen() -> str:
    body = box((-200, -18), (190, 36), 17)
    cap = box((60, -21), (176, 42), 18)
    nib = "M-10,-14 L22,-12 C44,-8 52,-3 58,0 C52,3 44,8 22,12 L-10,14 Z"
    pen = (
        path(body, INK, "fold")
        + path(box((-26, -14), (22, 28), 5), BLACK, "fold")
        + path(nib, BRASS, "fold")
        + line("M20,0 H54", dark(BRASS, 0.5), 2)
        + oval((22, 0), (4, 4), dark(BRASS, 0.5))
        + path(box((-44, -18), (8, 36), 1), BRASS, "fold")
    )
    closed = (
        path(cap, INK, "fold")
        + path(box((60, -21), (12, 42), 2), BRASS, "fold")
        + path(box((96, -30), (112, 9), 4), BRASS, "fold")
    )
    writing = line(
        "M-160,90 c20,-40 34,10 50,-16 c14,-24 26,16 42,-6 c12,-18 22,14 40,-4 c16,-16 30,12 50,-6 c20,-16 40,10 74,-4",
        INK,
        4,
        'opacity=".75"',
    )
    paper = group(
        path(box((-206, -40), (412, 230), 8), "#fdfaf3", "flat")
        + "".join(line(f"M-180,{y} H180", "#c9d3dc", 1.5) for y in (104, 140)),
        'filter="url(#near)"',
    )
    return (
        place(paper + writing, 0, 20, 1, -6)
        + group(place(pen, -16, -60, 1.1, -22), 'filter="url(#near)"')
        + group(place(closed, -30, -128, 0.9, -12), 'filter="url(#near)"')
    )


def pens() -> str:
    def pen(colour: str, x: float, turn: float) -> str:
        drawing = (
            path("M-13,120 L0,172 L13,120 Z", "#d9d5cf", "matt")
            + path("M-3,160 L0,174 L3,160 Z", dark(colour, 0.3))
            + path(box((-14, -150), (28, 276), 8), colour, "matt")
            + path(box((-9, -186), (18, 40), 6), light(colour, 0.3), "matt")
            + path(box((14, -146), (8, 96), 4), STEEL, "matt")
            + path(box((-14, 66), (28, 8), 0), light(colour, 0.5))
        )
        return group(place(drawing, x, 0, 1.12, turn), 'filter="url(#near)"')

    return pen(INK, -90, 10) + pen(TERRACOTTA, 0, 10) + pen(MOSS, 90, 10)


def calendar() -> str:
    """A standing month calendar on an oak block."""
    card = box((-130, -292), (260, 270), 8)
    days = "".join(
        place(
            words(str(day), 0, 17, RUST if (day + 3) % 7 == 6 else INK),
            -96 + (day + 3) % 7 * 32,
            -158 + (day + 3) // 7 * 27,
        )
        for day in range(1, 32)
    )
    hills = clipped(
        path("M-140,-212 C-80,-262 -40,-226 10,-250 C60,-276 100,-236 140,-256 V-190 H-140 Z", SAGE)
        + oval((70, -266), (16, 16), MUSTARD),
        card,
        "hills",
    )
    return (
        shadow(300)
        + path(card, "#fdfaf3", "flat")
        + hills
        + path("M-130,-202 H130 V-182 H-130 Z", "#fdfaf3")
        + place(words("January 2027", 0, 19, INK, 'font-weight="600"'), 0, -184)
        + days
        + path(box((-150, -34), (300, 38), 8), OAK, "fold")
    )


def cards() -> str:
    def card(face: str, x: float, turn: float, colour: str) -> str:
        return group(
            place(path(box((-88, -124), (176, 248), 6), colour, "flat") + face, x, 0, 1, turn),
            'filter="url(#near)"',
        )

    leaf = place(sprig(MOSS, 6), 0, 82, 1.1)
    cup = place(mug(TERRACOTTA, hot=False), -6, 60, 0.5)
    sun = (
        oval((0, -26), (42, 42), MUSTARD)
        + "".join(
            line(
                f"M{math.cos(a) * 56:.0f},{-26 + math.sin(a) * 56:.0f} L{math.cos(a) * 72:.0f},{-26 + math.sin(a) * 72:.0f}",
                MUSTARD,
                6,
            )
            for a in [i * math.pi / 6 for i in range(12)]
        )
        + words("hello", 92, 36, INK, 'font-style="italic"')
    )
    return card(leaf, -118, -12, "#f3ebdc") + card(cup, 118, 12, "#dfe9ea") + card(sun, 0, 0, "#fdf6e6")


# ---------------------------------------------------------------------------------------------- outdoors


def checks(outline: str, colour: str, name: str) -> str:
    """Gingham inside an outline."""
    bars = "".join(
        path(f"M{x},-400 h30 v800 h-30 Z", colour, extra='opacity=".55"') for x in range(-300, 300, 60)
    ) + "".join(
        path(f"M-300,{y} h600 v30 h-600 Z", colour, extra='opacity=".55"') for y in range(-390, 390, 60)
    )
    return path(outline, CREAM) + clipped(bars, outline, name)


def picnic_blanket(colour: str) -> str:
    """A checked blanket, rolled up in a leather strap, its corner spread in front."""
    spread = "M-230,14 L-120,-66 H196 L250,14 Q10,34 -230,14 Z"
    roll = box((-190, -176), (350, 124), 40)
    cloth = group(checks(spread, colour, "spread"), "") + path(spread, "url(#fold)")
    end = shaded_oval((160, -114), (36, 62), light(colour, 0.15), "flat") + "".join(
        oval((160, -114), (36 * r, 62 * r), "none", f'stroke="{CREAM}" stroke-width="5"')
        for r in (0.8, 0.55, 0.3)
    )
    straps = "".join(
        path(box((x, -178), (24, 128), 6), WALNUT, "fold")
        + path(box((x + 3, -126), (18, 22), 3), BRASS, "flat")
        + path(box((x + 7, -121), (10, 12), 2), WALNUT)
        for x in (-120, 66)
    )
    handle = line("M-108,-176 C-106,-250 76,-250 78,-176", WALNUT, 15) + line(
        "M-100,-180 C-96,-240 66,-240 70,-182", light(WALNUT, 0.3), 3
    )
    return (
        shadow(440, 0.22)
        + cloth
        + handle
        + checks(roll, colour, "roll")
        + path(roll, "url(#fold)")
        + end
        + straps
    )


def camping_cup(colour: str) -> str:
    body = turned([(168, 98), (168, 98), (16, 92), (3, 86), (0, 84)])
    rim = oval((0, -168), (97, 14.5), "none", f'stroke="{INK if colour != INK else STEEL}" stroke-width="7"')
    handle = line("M92,-146 C160,-156 160,-40 90,-38", colour, 19) + line(
        "M92,-146 C160,-156 160,-40 90,-38", INK, 3, 'opacity=".55" transform="translate(6 -3)"'
    )
    mark = line(
        "M-44,-54 L-14,-104 L4,-78 L18,-96 L44,-54 Z", light(INK, 0.1) if colour in {WHITE, SKY} else CREAM, 5
    )
    return (
        shadow(210)
        + handle
        + path(body, colour, "round")
        + mark
        + oval((0, -168), (94, 14), WHITE)
        + oval((0, -167), (90, 12), "url(#hollow)")
        + filled(167, 91, COFFEE, 10)
        + rim
        + steam(0, -186)
    )


def hamper() -> str:
    """A willow hamper, its lid open on checked cloth, a bottle and bread."""
    willow = "#c89456"
    body = "M-190,-150 H190 L176,-6 Q174,4 162,4 H-162 Q-174,4 -176,-6 Z"
    lid = "M-186,-156 L-164,-292 Q-162,-304 -150,-304 H150 Q162,-304 164,-292 L186,-156 Z"
    weave = "".join(
        path(
            box((x + (row % 2) * 16, -146 + row * 15), (30, 13), 6),
            mix(willow, "#ffffff" if (row + x // 32) % 2 else WALNUT, 0.16),
            "fold",
        )
        for row in range(10)
        for x in range(-208, 200, 32)
    )
    lid_weave = "".join(
        path(
            box((x + (row % 2) * 16, -300 + row * 15), (30, 13), 6),
            mix(willow, WALNUT, 0.3 + (row + x // 32) % 2 * 0.1),
            "fold",
        )
        for row in range(10)
        for x in range(-208, 200, 32)
    )
    lining = "M-166,-162 L-148,-286 H148 L166,-162 Z"
    bottle = place(
        path(turned([(210, 14), (210, 14), (160, 15), (130, 34), (100, 36), (0, 36)]), "#5d7045", "round")
        + path(turned([(216, 16), (212, 17), (176, 16)]), RUST, "round"),
        86,
        -90,
    )
    bread = place(
        path(box((-26, -180), (52, 190), 26), "#d49a55", "round")
        + "".join(line(f"M-14,{y} l28,-14", "#f0cf95", 6) for y in (-150, -118, -86)),
        -96,
        -96,
        1,
        -12,
    )
    apples = shaded_oval((-24, -168), (32, 30), "#c4483c", "ball") + shaded_oval(
        (30, -164), (30, 28), "#8cab52", "ball"
    )
    straps = "".join(
        path(box((x, -152), (22, 86), 4), WALNUT, "matt")
        + path(box((x - 2, -104), (26, 22), 4), BRASS, "flat")
        for x in (-104, 82)
    )
    return (
        shadow(400)
        + path(lid, willow)
        + clipped(lid_weave, lid, "lidweave")
        + checks(lining, "#c65a4a", "lining")
        + bottle
        + bread
        + apples
        + path(body, willow)
        + clipped(weave, body, "weave")
        + path(body, "url(#round)", extra='opacity=".7"')
        + path(box((-196, -162), (392, 20), 10), mix(willow, WALNUT, 0.25), "fold")
        + straps
    )


def flask(colour: str) -> str:
    body = turned([(262, 58), (258, 62), (236, 70), (20, 70), (3, 64), (0, 62)])
    cap = turned([(346, 46), (340, 54), (262, 54), (262, 54)])
    return (
        shadow(160)
        + line("M50,-320 C120,-320 116,-276 52,-280", BLACK, 11)
        + path(body, colour, "matt")
        + path(cap, STEEL, "metal")
        + path(turned([(268, 58), (262, 59), (254, 60)]), BLACK, "round")
        + path(turned([(16, 70), (16, 70), (4, 64), (0, 62)]), STEEL, "metal")
        + line("M-26,-128 L-8,-160 L4,-142 L12,-152 L28,-128 Z", CREAM, 4)
        + place(words("KETTLE &amp; QUAY", 0, 11, CREAM, 'letter-spacing="1.6"'), 0, -102)
    )


def camping_plates() -> str:
    def dish(x: float, y: float, r: float) -> str:
        return group(
            shaded_oval((x, y), (r, r), WHITE, "flat")
            + oval((x, y), (r - 4, r - 4), "none", f'stroke="{INK}" stroke-width="9"')
            + oval((x, y), (r * 0.68, r * 0.68), "url(#flat)")
            + oval(
                (x, y),
                (r * 0.68, r * 0.68),
                "none",
                f'stroke="{dark(WHITE, 0.25)}" stroke-width="2" opacity=".6"',
            ),
            'filter="url(#near)"',
        )

    fruit = (
        shaded_oval((56, 52), (30, 28), "#c4483c", "ball")
        + line("M58,28 q4,-14 14,-16", WALNUT, 4)
        + path("M-2,70 L80,104 L-18,128 Z", "#efc75e", "flat")
        + "".join(oval((x, y), (5, 4), "#d2a43c") for x, y in ((14, 100), (38, 104), (6, 116)))
    )
    return dish(-62, -56, 160) + dish(40, 46, 170) + fruit


def lantern() -> str:
    frame = FOREST
    glass = turned([(196, 62), (196, 62), (120, 78), (60, 66), (58, 66)])
    return (
        oval((0, -130), (240, 230), "url(#glow)", 'opacity=".75"')
        + shadow(180)
        + line("M-72,-210 C-130,-390 130,-390 72,-210", STEEL, 6)
        + path(glass, "#fff3cf", extra='opacity=".75"')
        + oval((0, -122), (64, 68), "url(#glow)")
        + path(box((-12, -160), (24, 100), 12), "#fffbe9")
        + path(glass, "url(#glass)", extra='opacity=".8"')
        + "".join(
            line(d, frame, 6)
            for d in ("M-62,-196 C-84,-140 -80,-90 -66,-56", "M62,-196 C84,-140 80,-90 66,-56")
        )
        + path(turned([(60, 72), (60, 72), (20, 88), (2, 86), (0, 84)]), frame, "round")
        + path(turned([(252, 22), (246, 40), (220, 60), (204, 72), (196, 72)]), frame, "round")
        + shaded_oval((0, -30), (11, 11), BRASS, "ball")
    )


# ---------------------------------------------------------------------------------------------- gifts


def ribbon(colour: str) -> str:
    loop = "M0,0 C-30,-54 -104,-60 -100,-20 C-98,10 -40,12 0,0 Z"
    tail = "M-6,0 L-58,62 L-34,60 L-24,80 L10,6 Z"
    return (
        path(tail, dark(colour, 0.12), "flat")
        + group(path(tail, dark(colour, 0.12), "flat"), 'transform="scale(-1 1)"')
        + path(loop, colour, "flat")
        + group(path(loop, light(colour, 0.08), "flat"), 'transform="scale(-1 1)"')
        + shaded_oval((0, 0), (19, 16), dark(colour, 0.08), "ball")
    )


def gift_box(paper: str, band: str, *inside: str) -> str:
    """An open box with wood wool and what is in it, its ribbon in front."""
    front = box((-186, -150), (372, 154), 8)
    wool = "".join(
        line(
            f"M{-170 + i * 11},-146 c{8 - i % 3 * 8},-{16 + i % 4 * 5} {14 - i % 5 * 6},-{20 + i % 3 * 8} 12,-6",
            "#e7cfa0" if i % 2 else "#d9bb84",
            4,
        )
        for i in range(31)
    )
    return (
        shadow(390)
        + path("M-186,-140 L-160,-196 H160 L186,-140 Z", dark(paper, 0.3))
        + "".join(inside)
        + wool
        + path(front, paper, "flat")
        + path(box((-18, -150), (36, 154), 0), band, "flat")
        + path(box((-194, -158), (388, 20), 6), light(paper, 0.2), "fold")
        + place(ribbon(band), 0, -76, 0.85)
    )


def wrapped_gift() -> str:
    paper = box((-136, -200), (272, 204), 8)
    dots = "".join(
        oval((x + (row % 2) * 18, y), (5, 5), CREAM, 'opacity=".9"')
        for row, y in enumerate(range(-190, 6, 24))
        for x in range(-140, 150, 36)
    )
    tag = place(
        path("M-44,-20 H30 L52,0 L30,20 H-44 Z", CREAM, "flat")
        + oval((34, 0), (5, 5), dark(CREAM, 0.4))
        + place(words("for you", 5, 17, INK, 'font-style="italic"'), -10, 0),
        92,
        -92,
        1,
        14,
    )
    return (
        shadow(290)
        + path(paper, TERRACOTTA, "flat")
        + clipped(dots, paper, "dots")
        + path(box((-17, -200), (34, 204), 0), INK, "flat")
        + path(box((-136, -120), (272, 30), 0), INK, "flat")
        + place(ribbon(INK), 0, -204, 0.95)
        + group(tag, 'filter="url(#near)"')
    )


# ---------------------------------------------------------------------------------------------- the pictures


def pictures() -> dict[str, str]:
    """Every picture as SVG, by its file's name without the ending: a product's handle, and its colour where it has some."""
    return (
        _cups()
        | _tableware()
        | _brewing()
        | _kitchen()
        | _pantry()
        | _textiles()
        | _clothes()
        | _home()
        | _desk()
        | _outdoors()
        | _gifts()
    )


def _each(handle: str, draw: Callable[[str], str], colours: dict[str, str]) -> dict[str, str]:
    return {f"{handle}-{name}": draw(colour) for name, colour in colours.items()}


def _pair(drawing: str, width: float, scale: float) -> str:
    return group_of(drawing, [(-width, -16, scale), (width, 14, scale)])


def _cups() -> dict[str, str]:
    return {
        "black-mug": standing(CUPS, mug(BLACK), 1.3),
        "blue-mug": standing(CUPS, mug(BLUE), 1.3),
        "speckled-blue-mug": standing(CUPS, mug(SKY, fleck=INK), 1.3),
        "gold-rim-cup": standing(CUPS, porcelain_cup(), 1.3),
        "double-wall-glasses": standing(CUPS, _pair(double_glass(), 88, 1.15)),
        **_each(
            "latte-mug",
            lambda c: standing(CUPS, latte_mug(c), 1.3),
            {"oatmeal": SAND, "terracotta": TERRACOTTA, "sage": SAGE},
        ),
        **_each(
            "espresso-cups",
            lambda c: standing(CUPS, _pair(espresso_cup(c), 88, 1.25)),
            {"white": WHITE, "moss": MOSS},
        ),
        **_each(
            "travel-mug", lambda c: standing(CUPS, travel_mug(c), 1.22), {"sand": SAND, "forest": FOREST}
        ),
    }


def _tableware() -> dict[str, str]:
    glazes = {"oatmeal": OAT, "blue": BLUE, "sage": SAGE}
    glasses = [(-66, -34, 1.0), (86, -34, 1.0), (-120, 8, 1.08), (34, 14, 1.08)]
    return {
        "serving-bowl": standing(TABLEWARE, serving_bowl(), 1.12),
        "glass-carafe": standing(TABLEWARE, carafe(), 1.12),
        **_each("dinner-plate", lambda c: lying(TABLEWARE, plate(c), 1.08), glazes),
        **_each("cereal-bowl", lambda c: standing(TABLEWARE, cereal_bowl(c), 1.3), glazes),
        **_each(
            "tumbler-set",
            lambda c: standing(TABLEWARE, group_of(tumbler(c), glasses)),
            {"clear": "#e6eff1", "amber": "#d9974a"},
        ),
        "cutlery-set-brushed-steel": lying(TABLEWARE, cutlery(STEEL, "metal"), 1.15),
        "cutlery-set-matt-gold": lying(TABLEWARE, cutlery(BRASS, "metal"), 1.15),
    }


def _brewing() -> dict[str, str]:
    def tin(colour: str, name: str, note: str, leaf: str) -> str:
        return standing(BREW, tea_tin(colour, name, note) + place(tea_leaves(leaf), 138, 14), 1.25)

    return {
        "quayside-espresso": standing(BREW, pouch(BLACK, "Quayside", "HOUSE ESPRESSO", bean()), 1.18),
        "guji-filter-coffee": standing(
            BREW, pouch(TERRACOTTA, "Guji", "FILTER · ETHIOPIA", bean("#8a5a3a")), 1.18
        ),
        "lantern-decaf": standing(BREW, pouch(INK, "Lantern", "DECAF", bean()), 1.18),
        "earl-grey-tea": tin("#4a6a7e", "Earl Grey", "black tea · bergamot", "#3f3129"),
        "garden-mint-tea": tin(MOSS, "Garden mint", "herbal infusion", "#7c9a55"),
        "glass-teapot": standing(BREW, place(glass_teapot(), -18, 0)),
        "french-press": standing(BREW, place(french_press(), -20, 0), 1.15),
        "coffee-grinder": standing(BREW, place(grinder(), -14, 0), 1.2),
        "gooseneck-kettle": standing(BREW, place(kettle(), -14, 0)),
        **_each(
            "stoneware-teapot",
            lambda c: standing(BREW, place(teapot(c, OAT if c == INK else TERRACOTTA), -12, 0)),
            {"ink-blue": INK, "oatmeal": OAT},
        ),
        **_each(
            "pour-over",
            lambda c: standing(BREW, pour_over(c), 1.18),
            {"white": WHITE, "terracotta": TERRACOTTA},
        ),
    }


def _kitchen() -> dict[str, str]:
    return {
        "oak-cutting-board": standing(KITCHEN, cutting_board(), 1.15),
        "beech-spoons": standing(KITCHEN, spoons(), 1.15),
        "cast-iron-skillet": lying(KITCHEN, skillet(), 1.08),
        "storage-jar": standing(KITCHEN, storage_jar("#d9b98a", 170), 1.25),
    }


def _pantry() -> dict[str, str]:
    orange = (
        oval((0, 0), (34, 34), "#e8923a")
        + oval((0, 0), (29, 29), "#f6c67e")
        + "".join(
            line(
                f"M0,0 L{math.cos(i * math.pi / 4) * 26:.0f},{math.sin(i * math.pi / 4) * 26:.0f}",
                "#e8923a",
                3,
            )
            for i in range(8)
        )
    )
    flakes = group_of(
        path("M-9,-6 L3,-12 L12,-2 L2,9 Z", "#ffffff", "flat"),
        [(-30, 6, 1.2), (0, -8, 1.5), (28, 8, 1.1), (4, 22, 0.9)],
    )
    bars = {
        "72-dark": ("#6b3a33", "72 % dark", place(bean("#8a5a3a"), 0, 0, 2)),
        "orange": ("#c9702f", "Orange", orange),
        "sea-salt": ("#41698c", "Sea salt", flakes),
    }
    trio = (
        place(honey_jar("#f0c45a", "Acacia", "HONEY · 250 g"), -134, -14, 0.86)
        + place(honey_jar("#9a5a1c", "Forest", "HONEY · 250 g"), 134, -14, 0.86)
        + place(honey_jar(HONEY, "Linden", "HONEY · 250 g"), 0, 20, 0.98)
    )
    return {
        "linden-honey": standing(
            PANTRY, honey_jar(HONEY, "Linden", "HONEY · LEIE") + place(dipper(), 96, 34, 0.8, -10), 1.3
        ),
        "honey-trio": standing(PANTRY, trio, 1.12),
        "olive-oil": standing(PANTRY, oil_bottle(), 1.25),
        "sea-salt": standing(PANTRY, place(salt_box(), -24, 0), 1.3),
        "strawberry-jam": standing(PANTRY, place(jam_jar(), -24, 0), 1.3),
        **{f"chocolate-bar-{name}": lying(PANTRY, chocolate(*bar), 1.08) for name, bar in bars.items()},
    }


def _textiles() -> dict[str, str]:
    return {
        "tea-towels-blue-stripe": lying(TEXTILES, tea_towels(WHITE, BLUE), 1.05),
        "tea-towels-natural": lying(TEXTILES, tea_towels(OAT, "#b08d5c"), 1.05),
        "tea-towels-sage": lying(TEXTILES, tea_towels(SAGE, CREAM), 1.05),
        **_each(
            "linen-apron",
            lambda c: lying(TEXTILES, place(apron(c), 0, 6), 1.08),
            {"oat": OAT, "ink-blue": INK, "rust": RUST},
        ),
        **_each(
            "cotton-towel",
            lambda c: standing(TEXTILES, stack(c, 4, (310, 58))),
            {"white": WHITE, "sage": SAGE, "clay": CLAY},
        ),
        **_each(
            "linen-tablecloth",
            lambda c: standing(TEXTILES, tablecloth(c), 1.15),
            {"white": WHITE, "flax": "#d8c4a0"},
        ),
        **_each(
            "wool-throw", lambda c: standing(TEXTILES, throw(c), 1.18), {"grey": GREY, "mustard": MUSTARD}
        ),
        **_each(
            "cushion-cover",
            lambda c: standing(TEXTILES, cushion(c), 1.2),
            {"terracotta": TERRACOTTA, "sage": SAGE, "oat": OAT},
        ),
    }


def _clothes() -> dict[str, str]:
    return {
        "blue-t-shirt": lying(CLOTHES, t_shirt(BLUE), 1.15),
        "harbour-shirt": lying(CLOTHES, striped_shirt(CREAM, INK), 1.15),
        **_each(
            "wool-socks",
            lambda c: lying(CLOTHES, socks(c), 1.1),
            {"oat": SAND, "forest": FOREST, "rust": RUST},
        ),
        **_each(
            "merino-beanie",
            lambda c: lying(CLOTHES, place(beanie(c), 0, 24), 1.12),
            {"navy": INK, "mustard": MUSTARD},
        ),
        "canvas-tote-natural": lying(CLOTHES, tote(CREAM, INK), 1.1),
        "canvas-tote-black": lying(CLOTHES, tote(BLACK, CREAM), 1.1),
        **_each(
            "market-tote", lambda c: standing(CLOTHES, market_tote(c), 1.1), {"olive": MOSS, "sand": SAND}
        ),
    }


def _home() -> dict[str, str]:
    candles = {
        "fig": ("#8d7b93", "Fig"),
        "cedar": ("#6f8a72", "Cedar"),
        "orange-clove": ("#d98a4a", "Orange"),
    }
    return {
        **{
            f"soy-candle-{name}": standing(
                HOME, candle(colour, title, "CLOVE · SOY" if title == "Orange" else "SOY CANDLE"), 1.3
            )
            for name, (colour, title) in candles.items()
        },
        "beeswax-tapers": standing(HOME, tapers(), 1.25),
        **_each(
            "table-lamp",
            lambda c: standing(HOME, table_lamp(c), 1.15),
            {"terracotta": TERRACOTTA, "oatmeal": OAT},
        ),
        "portable-lamp": standing(HOME, portable_lamp(), 1.22),
        **_each(
            "bud-vase",
            lambda c: standing(HOME, bud_vase(c), 1.18),
            {"sage": SAGE, "sand": SAND, "ink-blue": INK},
        ),
        "olive-soap": standing(HOME, soap("#d9c79f"), 1.22),
        "leather-coasters": lying(HOME, coasters(), 1.08),
    }


def _desk() -> dict[str, str]:
    return {
        **_each(
            "linen-notebook",
            lambda c: lying(DESK, notebook(c), 1.08),
            {"ink-blue": INK, "rust": RUST, "sage": SAGE},
        ),
        "pocket-notebooks": lying(DESK, pocket_notebooks(), 1.15),
        "fountain-pen": lying(DESK, fountain_pen(), 1.1),
        "gel-pens": lying(DESK, pens(), 1.15),
        "desk-calendar": standing(DESK, calendar(), 1.2),
        "greeting-cards": lying(DESK, cards(), 1.15),
    }


def _outdoors() -> dict[str, str]:
    return {
        **_each(
            "picnic-blanket", lambda c: outside(picnic_blanket(c), 1.12), {"meadow": MOSS, "harbour": BLUE}
        ),
        **_each(
            "camping-cup",
            lambda c: outside(camping_cup(c), 1.4),
            {"white": WHITE, "forest": FOREST, "sky": SKY},
        ),
        "willow-hamper": outside(hamper(), 1.15),
        **_each("steel-flask", lambda c: outside(flask(c), 1.18), {"forest": FOREST, "sand": SAND}),
        "enamel-plates": lying(OUTDOORS, camping_plates(), 1.08),
        "camp-lantern": outside(lantern(), 1.2),
    }


def _gifts() -> dict[str, str]:
    bar = path(box((-34, -150), (68, 150), 4), "#6b3a33", "flat") + label(
        (0, -84), (54, 60), ("Dark", "72 %"), "#6b3a33"
    )
    slow = (
        place(pouch(BLACK, "Quayside", "ESPRESSO", ""), 76, -124, 0.52),
        place(bar, -2, -138, 0.95, 4),
        place(mug(BLACK, hot=False), -104, -122, 0.62),
    )
    rainy = (
        place(tea_tin("#4a6a7e", "Earl Grey", "black tea"), -96, -124, 0.64),
        place(candle("#8d7b93", "Fig", "SOY CANDLE"), 8, -134, 0.5),
        place(honey_jar(HONEY, "Linden", "HONEY"), 104, -124, 0.62),
    )
    return {
        "slow-morning-box": standing(GIFTS, gift_box("#5b6f86", CREAM, *slow)),
        "rainy-afternoon-box": standing(GIFTS, gift_box("#8fa58a", "#c9705a", *rainy)),
        "gift-wrapping": standing(GIFTS, wrapped_gift(), 1.35),
    }


def main(names: Sequence[str]) -> None:
    """Write the named pictures, or all of them."""
    drawn = pictures()
    if unknown := set(names) - set(drawn):
        raise SystemExit(
            f"no picture is called {', '.join(sorted(unknown))}; there are: {', '.join(sorted(drawn))}"
        )
    folder = Path(__file__).parent / "pictures"
    folder.mkdir(exist_ok=True)
    for name in names or drawn:
        (folder / f"{name}.jpg").write_bytes(_jpeg(drawn[name]))


def _jpeg(svg: str) -> bytes:
    png = resvg_py.svg_to_bytes(svg_string=svg, font_files=_fonts(), skip_system_fonts=True, width=SIDE)
    result = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(
        result, "JPEG", quality=QUALITY, optimize=True, progressive=True
    )
    return result.getvalue()


def _fonts() -> list[str]:
    folder = Path(str(font_source_serif_pro.__file__)).parent / "files"
    return [str(file) for file in sorted(folder.glob("*.ttf"))]


if __name__ == "__main__":
    main(sys.argv[1:])
