"""Phone numbers of every country, by libphonenumber's rules."""

from collections.abc import Iterator

import phonenumbers

from nlu.entities.spans import Taken, entity
from nlu.understanding import Entity

DIGITS_MIN = 6  # fewer are not worth asking libphonenumber about


class PhoneExtractor:
    """`phone`: E.164, as in +49301234567. Numbers without a country code are read as ones of `region`."""

    def __init__(self, region: str) -> None:
        self._region = region

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        if sum(character.isdigit() for character in text) < DIGITS_MIN:
            return
        for match in phonenumbers.PhoneNumberMatcher(text, self._region, max_tries=50):
            if taken.free(match.start, match.end):
                taken.claim(match.start, match.end)
                value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
                yield entity("phone", value, text, (match.start, match.end))
