"""Our small, safe HTML as plain text with marked spans, and the ways a channel needs to cut it.

The tags are <b> (<strong>), <i> (<em>), <s> (<del>, <strike>), <code>, <a href> and <br>. Anything else that
looks like a tag is dropped and its content kept; what stays open is closed at the end. The standard library's
html.parser is not used: on the Python versions we run on it needs quadratic time for some texts and raises
AssertionError for others.
"""

import html
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

Kind = Literal["bold", "italic", "strike", "code", "link"]
Measure = Callable[[str], int]
"""How long a text is by a platform's count. It must add up: never less for a longer text, 1 or more a character."""

ELLIPSIS: Final = "…"

_KINDS: Final[dict[str, Kind]] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strike",
    "del": "strike",
    "strike": "strike",
    "code": "code",
    "a": "link",
}
_TAGS: Final[dict[Kind, str]] = {"bold": "b", "italic": "i", "strike": "s", "code": "code", "link": "a"}
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)(?P<rest>(?:\s[^<>]*|/)?)>")
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.IGNORECASE)
_SAFE_LINK = re.compile(r"(?:https?://|tg:|mailto:|tel:)\S+", re.IGNORECASE)  # never javascript: and its like
_CHARACTER_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NEW_LINE = re.compile(r"\r\n?")

# Where a text may be parted, the best first; the part after begins where the match ends. A no-break space is no place.
_SPACE: Final = r"[^\S\u00a0\u202f]"
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_LINE_END = re.compile(r"\n")
_SENTENCE_END = re.compile(rf"[.!?…؟۔][\"'”’»)]{{0,3}}{_SPACE}|[。！？]")
_WORD_END = re.compile(_SPACE)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to `end` of a text are marked; `href` belongs to a link."""

    start: int
    end: int
    kind: Kind
    href: str = ""


@dataclass(frozen=True, slots=True)
class RichText:
    """Plain text and what is marked in it: spans nest, the outer before the inner."""

    plain: str
    spans: tuple[Span, ...] = ()

    def to_html(self) -> str:
        """The same as HTML that is safe to show; `parse` reads it back to an equal text."""
        written: list[str] = []
        opened: list[Span] = []
        at = 0

        def write_until(place: int) -> None:
            nonlocal at
            written.append(html.escape(self.plain[at:place]).replace("\n", "<br>"))
            at = place

        def close_until(place: int) -> None:
            while opened and opened[-1].end <= place:
                span = opened.pop()
                write_until(span.end)
                written.append(f"</{_TAGS[span.kind]}>")

        for span in self.spans:
            close_until(span.start)
            write_until(span.start)
            href = f' href="{html.escape(span.href)}"' if span.kind == "link" else ""
            written.append(f"<{_TAGS[span.kind]}{href}>")
            opened.append(span)
        close_until(len(self.plain))
        write_until(len(self.plain))
        return "".join(written)

    def without_markup(self) -> str:
        """For channels that know none: a link is written "text (url)", or as its URL when that is its text."""
        return self.spell_out_links(lambda _: True).plain

    def spell_out_links(self, chosen: Callable[[str], bool]) -> "RichText":
        """Write the address of each link whose URL is `chosen` behind its text, which is then no link any more."""
        text, spans = self.plain, list(self.spans)
        for link in sorted((s for s in spans if s.kind == "link" and chosen(s.href)), key=lambda s: -s.end):
            address = re.sub("^(?:mailto|tel):", "", link.href, flags=re.IGNORECASE)
            written = "" if text[link.start : link.end] == address else f" ({address})"
            text = text[: link.end] + written + text[link.end :]
            spans.remove(link)
            spans = [_moved_behind(span, link.end, by=len(written)) for span in spans]
        return RichText(text, tuple(spans))

    def split(self, limit: int, measure: Measure = len) -> tuple["RichText", ...]:
        """Parts of at most `limit`, parted at a paragraph, line, sentence or word end where there is one.

        White space at the places of parting is dropped, nothing else is. A character that is written as
        several (an emoji sequence, a letter with its accents) is only parted when it alone is over the limit;
        what cannot be parted, one single character, makes a part whatever it measures.
        """
        if measure(self.plain) <= limit:
            return (self,)
        return tuple(self._slices(_part_places(self.plain, limit, measure))) or (RichText(""),)

    def cut(self, limit: int, measure: Measure = len) -> "RichText":
        """The beginning, with an ellipsis at its end when something is missing; at most `limit`."""
        if measure(self.plain) <= limit:
            return self
        room = limit - measure(ELLIPSIS)
        if room <= 0:
            return RichText(ELLIPSIS if room == 0 else "")
        most = _fitting(self.plain, 0, room, measure)
        end = _last_end(_WORD_END, self.plain, 0, most, at_least=most // 2) or _whole(self.plain, 0, most)
        (kept,) = self._slices([(0, len(self.plain[:end].rstrip()))])
        if measure(kept.plain) > room:
            return RichText(ELLIPSIS)
        return RichText(kept.plain + ELLIPSIS, kept.spans)

    def followed_by(self, other: "RichText", *, between: str = "") -> "RichText":
        """Both texts as one."""
        shift = len(self.plain) + len(between)
        moved = tuple(Span(s.start + shift, s.end + shift, s.kind, s.href) for s in other.spans)
        return RichText(self.plain + between + other.plain, self.spans + moved)

    def _slices(self, places: Iterable[tuple[int, int]]) -> Iterator["RichText"]:
        """The parts at these places, which come in order; each span is looked at once for every part it is in."""
        coming = deque(self.spans)
        here: list[Span] = []
        for start, end in places:
            while coming and coming[0].start < end:
                here.append(coming.popleft())
            here = [span for span in here if span.end > start]
            clipped = (
                Span(max(s.start, start) - start, min(s.end, end) - start, s.kind, s.href) for s in here
            )
            yield RichText(self.plain[start:end], tuple(clipped))


def _moved_behind(span: Span, place: int, *, by: int) -> Span:
    """The span after something was put in at `place`."""
    start = span.start + by if span.start >= place else span.start
    return replace(span, start=start, end=span.end + by if span.end > place else span.end)


def utf16_length(text: str) -> int:
    """How many UTF-16 code units the text takes; Telegram counts offsets and limits in these."""
    return len(text) + sum(character > "\uffff" for character in text)


def parse(markup: str) -> RichText:
    """Read our HTML. Any text is taken: whatever is no tag stands for itself."""
    return _Reader().read(_LONE_SURROGATE.sub("\ufffd", markup))


@dataclass(frozen=True, slots=True)
class _Open:
    """A tag that waits for its end; one without a `place` among the spans marks nothing."""

    kind: Kind
    start: int
    place: int | None
    href: str


class _Reader:
    """One pass over the text; each character is looked at a bounded number of times."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._spans: list[Span | None] = []  # in the order of opening: the outer before the inner
        self._opened: list[_Open] = []
        self._depth: Counter[Kind] = Counter()

    def read(self, markup: str) -> RichText:
        at = 0
        for tag in _TAG.finditer(markup):
            self._write(_unescape(markup[at : tag.start()]))
            self._take(tag)
            at = tag.end()
        self._write(_unescape(markup[at:]))
        while self._opened:
            self._close()
        return RichText("".join(self._pieces), tuple(span for span in self._spans if span))

    def _take(self, tag: re.Match[str]) -> None:
        name = tag["name"].lower()
        kind = _KINDS.get(name)
        if name == "br":
            self._write("\n")
        elif kind and not tag["end"]:
            self._open(kind, _href(tag["rest"]) if kind == "link" else "")
        elif kind and self._depth[kind]:
            while self._close() != kind:  # what was opened inside ends here as well
                pass

    def _open(self, kind: Kind, href: str) -> None:
        place = None
        if not self._depth[kind] and (href or kind != "link"):  # bold within bold is bold
            place = len(self._spans)
            self._spans.append(None)
        self._opened.append(_Open(kind, self._length, place, href))
        self._depth[kind] += 1

    def _close(self) -> Kind:
        opened = self._opened.pop()
        self._depth[opened.kind] -= 1
        if opened.place is not None and self._length > opened.start:
            self._spans[opened.place] = Span(opened.start, self._length, opened.kind, opened.href)
        return opened.kind

    def _write(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def _unescape(text: str) -> str:
    plain = _CHARACTER_REFERENCE.sub(lambda found: html.unescape(found.group()), text)
    return _NEW_LINE.sub("\n", plain)


def _href(rest: str) -> str:
    found = _HREF.search(rest)
    href = _unescape(next(filter(None, found.groups()), "")).strip() if found else ""
    return href if _SAFE_LINK.fullmatch(href) else ""


# ── Where to part ───────────────────────────────────────────────────────────────────────────────────


def _part_places(text: str, limit: int, measure: Measure) -> Iterator[tuple[int, int]]:
    """Start and end of each part, without the white space between them."""
    start = _skip_space(text, 0)
    while start < len(text):
        end = _part_end(text, start, limit, measure)
        yield start, start + len(text[start:end].rstrip())
        start = _skip_space(text, end)


def _part_end(text: str, start: int, limit: int, measure: Measure) -> int:
    """The end of the part that begins at `start`; always past it."""
    most = _fitting(text, start, limit, measure)
    if most == len(text):
        return most
    half = start + (most - start) // 2
    for pattern in (_PARAGRAPH_END, _LINE_END, _SENTENCE_END):
        end = _last_end(pattern, text, start, most, at_least=half)
        if end is not None:
            return end
    return _last_end(_WORD_END, text, start, most, at_least=start + 1) or _whole(text, start, most)


def _fitting(text: str, start: int, limit: int, measure: Measure) -> int:
    """The furthest end at which text[start:end] still fits; at least one character, whatever it measures."""
    low, high = start + 1, min(len(text), start + limit)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[start:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _last_end(pattern: re.Pattern[str], text: str, start: int, most: int, *, at_least: int) -> int | None:
    """Where the last match ends; the white space that ends it may stick out by one character, it is dropped."""
    ends = [found.end() for found in pattern.finditer(text, start, min(len(text), most + 1))]
    for end in reversed(ends):
        if end < at_least:
            break
        fits = end <= most or text[end - 1].isspace()
        if fits and not _joined(text, end, since=start):
            return end
    return None


def _whole(text: str, start: int, end: int) -> int:
    """The last place up to `end` that is not inside a character written as several; `end` when there is none."""
    place = end
    while place > start and _joined(text, place, since=start):
        place -= 1
    return place if place > start else end


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace() and not _joined(text, start + 1):
        start += 1
    return start


def _joined(text: str, place: int, *, since: int = 0) -> bool:
    """Whether the characters around `place` are seen as one: the common cases of Unicode's grapheme rules.

    https://www.unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules; Indic conjuncts are left out.
    `since` is a place known to be none inside a character.
    """
    if not since < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if before == "\u200d" or _extends(after):  # a zero-width joiner, accents, variation selectors, skin tones
        return True
    if _is_flag_letter(before) and _is_flag_letter(after):
        return _flag_letters_before(text, place, since) % 2 == 1
    return "\u1160" <= after <= "\u11ff" and "\u1100" <= before <= "\u11ff"  # Hangul written in its letters


def _extends(character: str) -> bool:
    if character < "\u0300":
        return False
    return (
        character == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # the tags of regional flags
        or unicodedata.category(character).startswith("M")
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, place: int, since: int) -> int:
    start = place
    while start > since and _is_flag_letter(text[start - 1]):
        start -= 1
    return place - start
