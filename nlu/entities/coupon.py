"""Coupon codes: what stands after the word coupon, code or voucher, and what can only be one."""

import re
from collections.abc import Iterator

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity

_CODE = r"(?P<code>[A-Za-z0-9][A-Za-z0-9_-]{2,31})(?![\w@]|\.\w)"
_BARE = re.compile(r"(?<![\w@#.-])(?P<code>[A-Z]{3,20}\d{1,4})(?![\w@-]|\.\w)")


class CouponExtractor:
    """`coupon`: the code in upper case. Codes are capitals or hold a digit; "my code is wrong" holds none."""

    def __init__(self, words: Words) -> None:
        filler = any_of(words.coupons.filler)
        self._introduced = compiled(
            any_of(words.coupons.words), rf"[\s:\"'“]*(?:{filler}[\s:\"'“]*){{0,2}}", _CODE
        )

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        shouting = text.isupper()
        for match in self._introduced.finditer(text):
            code = match["code"]
            if any(map(str.isdigit, code)) or (code.isupper() and not shouting):
                yield from self._take(match, text, taken)
        for match in _BARE.finditer(text):
            yield from self._take(match, text, taken)

    def _take(self, match: re.Match[str], text: str, taken: Taken) -> Iterator[Entity]:
        if taken.free(*match.span("code")):
            taken.claim(*match.span("code"))
            yield entity("coupon", match["code"].upper(), text, match.span("code"))
