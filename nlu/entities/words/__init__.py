"""The words of each language that entity extractors look for, read from one YAML file a language."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

WORDS_FOLDER: Final = Path(__file__).parent
FALLBACK: Final = "en"

Terms = tuple[str, ...]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NumberWords(_Section):
    """Words around numbers that say whether they count something."""

    phrases: dict[str, int]
    dozen: Terms
    one: Terms
    before_one: Terms
    more: Terms
    less: Terms
    units: Terms
    vague_units: Terms  # units that are other words, too: 2 in blue are no inches
    not_after: Terms


class PriceWords(_Section):
    """Currencies, and words that make a number a bound."""

    currencies: Terms
    below: Terms
    above: Terms
    around: Terms
    between: Terms
    and_: Terms = Field(alias="and")
    vague: Terms
    may_follow: Terms
    after: Terms


class OrderWords(_Section):
    words: Terms


class CouponWords(_Section):
    words: Terms
    filler: Terms


class NameWords(_Section):
    """What introduces a name, from certain to possible, and what is never one."""

    sure: Terms
    likely: Terms
    full: Terms
    my: Terms
    particles: Terms
    not_names: Terms


class AddressWords(_Section):
    """What makes words the name of a street."""

    street_words: Terms
    vague_street_words: Terms
    street_endings: Terms
    street_beginnings: Terms
    never_in_street: Terms
    introductions: Terms
    towns_after: Terms  # what may stand between a street and its town: Main Street 5 in Ghent
    ends: Terms  # what may follow an address in the same sentence


class MomentWords(_Section):
    """Words for days and times beside the names that every language's CLDR has."""

    relative: dict[str, int]  # days from today
    not_after: Terms  # before which such a word is another: "la mañana" is the morning
    of_day: dict[str, str]  # times that have a name: noon is 12:00
    ahead: Terms  # in 3 days
    units: Terms
    of: Terms  # the 3rd of December
    ordinal_ends: Terms  # what may stand at a day's number: 3rd
    strictly: Terms  # before a day, where the day itself is too late: "before Friday"
    before: Terms  # after which "3/12" is a day and no fraction


class OrdinalWords(_Section):
    words: dict[str, int]
    numbered: Terms
    not_before: Terms
    not_after: Terms


class NegationWords(_Section):
    words: Terms
    no: Terms
    filler: Terms
    or_: Terms = Field(alias="or")
    one: Terms
    after: Terms  # what may stand behind the unwanted instead: "la blanca no"


class SizeWords(_Section):
    words: Terms
    aliases: tuple[Terms, ...]
    before: Terms


class Words(_Section):
    """Everything that extractors know of one language."""

    language: str
    numbers: NumberWords
    prices: PriceWords
    orders: OrderWords
    coupons: CouponWords
    names: NameWords
    addresses: AddressWords
    delivery: dict[str, Terms]
    moments: MomentWords
    ordinals: OrdinalWords
    comparatives: dict[str, Terms]
    against: Terms  # what stands between two things that are compared
    negations: NegationWords
    sizes: SizeWords
    plurals: tuple[tuple[str, str], ...]
    asking: Terms  # what a question about something begins with
    pointing: Terms  # what stands for something said before: "how long does that take?"
    as_before: Terms  # what points to the answer given last time
    articles: Terms  # what a further thing in a list begins with: two mugs and an apron
    joins: Terms  # what stands between two wishes of one message
    abbreviations: Terms  # a full stop after them ends no sentence
    stand_ins: dict[str, str]  # plain words for what only this shop's catalogue calls so
    language_names: dict[str, str]  # names of languages that CLDR does not have, to their codes
    common: str

    @property
    def common_words(self) -> frozenset[str]:
        return frozenset(self.common.split())


@cache
def words(language: str) -> Words:
    """The words of a language; English ones where there is no file for it yet."""
    file = WORDS_FOLDER / f"{language}.yml"
    if not file.is_file():
        file = WORDS_FOLDER / f"{FALLBACK}.yml"
    parser: Any = YAML(typ="safe", pure=True)
    content: Any = parser.load(file.read_text(encoding="utf-8"))
    return Words.model_validate(content)
