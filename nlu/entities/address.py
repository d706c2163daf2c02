"""Postal addresses: Main Street 5, 10115 Berlin; 221 Oak Avenue, London; Calle Mayor 12, 28013 Madrid."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from babel import Locale

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity

_NAME = r"[^\W\d_][\w'’.-]*"  # a word of a street's or city's name
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ])[\w'’.-]*"
_HOUSE = r"\d{1,4}(?:\s?[a-fA-F](?!\w))?(?:\s?[-/]\s?\d{1,4}[a-f]?)?(?!\w)"
# Germany, Spain, France, Italy 5 digits; Austria, Switzerland 4; Netherlands 1012 AB; Portugal 1000-001; UK; US 10001-1234
_POSTCODE = r"(?:(?-i:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})|(?-i:[A-Z]{2}\s)?\d{5}(?:-\d{4})?|\d{4}-\d{3}|\d{4}\s?(?-i:[A-Z]{2})|\d{4})(?!\w)"
_CITY = rf"{_CAPITAL}(?:[ -](?:{_CAPITAL}|de|del|la|am|an der|sur|upon))*"
_BARE = re.compile(r"(?P<postcode>\d{5})")


class AddressExtractor:
    """`address`: {"street"?, "postcode"?, "city"?, "country"?}; the country as ISO 3166 code ("DE").

    A street is recognised by a word that only streets have, by its ending (Hauptstraße), or by a
    postcode and city after it; the house number may stand before or after it.
    """

    def __init__(self, words: Words) -> None:
        known = words.addresses
        never = any_of(known.never_in_street)
        name = rf"(?:(?!{never}){_NAME})"
        sure = any_of(known.street_words)
        vague = rf"(?=(?-i:[A-Z])){any_of(known.vague_street_words)}"
        glued = "(?:" + "|".join(re.escape(ending) for ending in known.street_endings) + ")"
        ending = rf"(?:{name}\s){{0,2}}(?:{_NAME}{glued}(?![\w])|{name}\s{glued}(?!\w))"
        beginning = rf"{any_of(known.street_beginnings)}\s*(?:{name}\s){{0,4}}{_NAME}"
        suffixed = rf"(?:{name}\s){{1,3}}(?:{sure}|{vague})"
        ends, towns_after = any_of(known.ends), any_of(known.towns_after)
        unmarked = rf"{_CAPITAL}(?:\s{_CAPITAL}){{0,2}}"
        stop = rf"(?=\s*(?:$|[,.;!?)\n])|\s+(?:{ends}|{_POSTCODE}|{_CAPITAL}))"
        tail = rf"\s*[,\n]?\s*(?P<postcode>{_POSTCODE})"
        self._streets = (
            compiled(rf"(?<!\w)(?P<street>(?:{beginning}|{ending}|{suffixed}),?\s{_HOUSE})"),
            compiled(rf"(?<![\w.,])(?P<street>{_HOUSE},?\s{suffixed}){stop}"),
            compiled(rf"(?<![\w.,])(?P<street>{_HOUSE},?\s{beginning}){stop}"),
            re.compile(rf"(?<!\w)(?P<street>{unmarked}\s{_HOUSE})(?={tail}\s+{_CAPITAL})", re.IGNORECASE),
        )
        self._postcode_city = compiled(
            rf"(?<![\w.,-])(?P<postcode>{_POSTCODE})\s+(?!{any_of(words.prices.currencies)})(?P<city>{_CITY})"
        )
        self._tail = compiled(
            rf"(?:\s*[,\n]\s*|\s+)(?:(?P<postcode>{_POSTCODE})(?:[\s,]+(?P<city>{_CITY}))?"
            rf"|(?P<city2>{_CITY})[\s,]+(?P<postcode2>{_POSTCODE}))"
        )
        self._city = compiled(
            rf"(?:\s*[,\n]\s*|\s+{towns_after}\s+)(?P<city>{_CITY})(?=\s*(?:$|[,.;!?\n])|\s+{ends})"
        )
        self._country = compiled(rf"\s*,\s*(?P<country>{_NAME}(?:\s{_NAME}){{0,3}})")
        self._countries = _countries(words.language)

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        if not any(character.isdigit() for character in text):
            return
        for pattern in self._streets:
            for match in pattern.finditer(text):
                if taken.free(*match.span("street")):
                    yield self._complete(text, match, taken)
        for match in self._postcode_city.finditer(text):
            if taken.free(*match.span()) and (len(match["postcode"]) > 4 or match.span() == (0, len(text))):
                yield self._with_country(text, dict(match.groupdict()), match.span(), taken)
        if (bare := _BARE.fullmatch(text.strip())) and taken.free(0, len(text)):
            begin = text.index(bare.group())
            yield self._with_country(text, dict(bare.groupdict()), (begin, begin + 5), taken)

    def _complete(self, text: str, street: re.Match[str], taken: Taken) -> Entity:
        """A street, together with the postcode and city that follow it."""
        parts: dict[str, str | None] = {"street": street["street"]}
        end = street.end("street")
        if tail := self._tail.match(text, end):
            parts["postcode"] = tail["postcode"] or tail["postcode2"]
            parts["city"] = tail["city"] or tail["city2"]
            end = tail.end()
        elif city := self._city.match(text, end):
            parts["city"] = city["city"]
            end = city.end()
        return self._with_country(text, parts, (street.start("street"), end), taken)

    def _with_country(
        self, text: str, parts: dict[str, str | None], span: tuple[int, int], taken: Taken
    ) -> Entity:
        start, end = span
        if country := self._country.match(text, end):
            code = self._countries.get(country["country"].casefold())
            if code:
                parts, end = parts | {"country": code}, country.end()
        if parts.get("city") and (code := self._countries.get(str(parts["city"]).casefold())):
            parts = {**parts, "city": None, "country": code}
        value = {part: " ".join(words.split()).rstrip(".,") for part, words in parts.items() if words}
        taken.claim(start, end)
        return entity("address", value, text, (start, end))


@cache
def _countries(language: str) -> dict[str, str]:
    """Names of countries in the shop's language and in their own, to ISO 3166 codes (CLDR)."""
    found: dict[str, str] = {"uk": "GB", "usa": "US", "england": "GB", "scotland": "GB", "holland": "NL"}
    for locale in ("en", "de", "es", "fr", "it", language):
        territories: dict[str, str] = dict(cast("Any", Locale(locale)).territories)  # babel leaves it untyped
        for code, name in territories.items():
            if len(code) == 2 and code.isalpha():
                found.setdefault(name.casefold(), code)
    return found
