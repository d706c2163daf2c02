"""Order references: six characters of Crockford's base32, as in 7K3Q9T."""

import re
from collections.abc import Iterator

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity

_SIX = r"(?P<reference>[0-9A-Za-z]{6})(?![\w@-]|\.\w)"
_MISREAD = str.maketrans("OIL", "011")  # https://www.crockford.com/base32.html: what O, I and L stand for

# Six characters nobody introduced: letters and digits mixed, but no coupon (SAVE20) and no measure (12pack).
_BARE = re.compile(rf"(?<![\w@#.-]){_SIX}")
_ORDINARY = re.compile(r"[A-Z]{3,}\d+|\d+[A-Z]{2,}|[A-Z]+\d+[A-Z]?X\d*", re.IGNORECASE)


class OrderReferenceExtractor:
    """`order_reference`: the six characters as we write them, in upper case, O, I and L read as 0, 1 and 1."""

    def __init__(self, words: Words) -> None:
        link = r"[\s:,]*(?:is\s+|es\s+)?(?:#\s?)?"
        self._introduced = compiled(rf"(?:{any_of(words.orders.words)}{link}|(?<![\w#])#\s?)", _SIX)

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for match in self._introduced.finditer(text):
            yield from self._take(match, text, taken, introduced=True)
        for match in _BARE.finditer(text):
            yield from self._take(match, text, taken, introduced=False)

    def _take(self, match: re.Match[str], text: str, taken: Taken, *, introduced: bool) -> Iterator[Entity]:
        written, span = match["reference"], match.span("reference")
        value = written.upper().translate(_MISREAD)
        if taken.free(*span) and "U" not in value and _is_meant(written, introduced=introduced):
            taken.claim(*span)
            yield entity("order_reference", value, text, span)


def _is_meant(written: str, *, introduced: bool) -> bool:
    """Whether these characters are a reference rather than a word, a price or a coupon."""
    digits = sum(character.isdigit() for character in written)
    if introduced:
        return digits > 0 or written.isupper()
    misread = any(letter in "OILoil" for letter in written)
    return 0 < digits < len(written) and not misread and not _ORDINARY.fullmatch(written)
