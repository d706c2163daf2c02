"""Phone numbers of every country, by libphonenumber's rules."""

import re
from collections.abc import Iterator

import phonenumbers

from nlu.entities.spans import Taken, entity
from nlu.understanding import Entity

DIGITS_MIN = 6  # fewer are not worth asking libphonenumber about


WRITTEN_AS_PHONE = re.compile(r"[+0(]")  # only so does a number that no network has given out count as one


class PhoneExtractor:
    """`phone`: E.164, as in +49301234567. Numbers without a country code are read as ones of `region`.

    A number that is possible but not given out is found too when it begins with + or 0: a typo in it is for the
    courier to notice, and it is certainly not how many mugs are wanted.
    """

    def __init__(self, region: str) -> None:
        self._region = region

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        if sum(character.isdigit() for character in text) < DIGITS_MIN:
            return
        for leniency in (phonenumbers.Leniency.VALID, phonenumbers.Leniency.POSSIBLE):
            for match in phonenumbers.PhoneNumberMatcher(text, self._region, leniency, max_tries=50):
                likely = leniency == phonenumbers.Leniency.VALID or WRITTEN_AS_PHONE.match(match.raw_string)
                if likely and taken.free(match.start, match.end):
                    taken.claim(match.start, match.end)
                    value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
                    yield entity("phone", value, text, (match.start, match.end))
