"""How people put questions: what is filler, how a price limit is said; the words themselves are data, by language."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from shop.catalogue.prices import read_price
from shop.money import Money
from storage import yaml_files

WORDS_FOLDER: Final = Path(__file__).parent / "words"
FALLBACK: Final = "en"
TEXT_CHARACTERS_MAX: Final = 2000  # of what a person writes, this much is looked at
TOKENS_MAX: Final = 48
TOKEN_CHARACTERS_MAX: Final = 40
TOKEN: Final = re.compile(r"[^\W_]+")
NUMBER: Final = r"(?P<{name}>\d[\d.,'’]*\d|\d)(?P<{name}_k>k(?![^\W_]))?"
SIGNS: Final = r"[€$£¥₹]"


def fold(text: str) -> str:
    """Lowered, without accents: as both full-text engines compare words."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def tokens(text: str) -> list[str]:
    """The folded words and numbers of a text, in order; the first few dozen of a very long one."""
    found = TOKEN.findall(fold(text[:TEXT_CHARACTERS_MAX]))
    return [token[:TOKEN_CHARACTERS_MAX] for token in found[:TOKENS_MAX]]


def singular(token: str) -> str:
    """A word without its plural ending, well enough to compare two words with."""
    if len(token) > 4 and token.endswith("ies"):
        return token[:-3] + "y"
    if len(token) > 4 and token.endswith(("sses", "shes", "ches", "xes", "zes")):
        return token[:-2]
    if len(token) > 3 and token.endswith("s") and not token.endswith(("ss", "us", "is")):
        return token[:-1]
    return token


def stems(text: str) -> set[str]:
    """The words of a text without their plurals."""
    return {singular(token) for token in tokens(text)}


def _split(text: object) -> object:
    return frozenset(fold(text).split()) if isinstance(text, str) else text


class Words(BaseModel):
    """One language's words; a file of `words/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filler: Annotated[frozenset[str], BeforeValidator(_split)]
    shopping: Annotated[frozenset[str], BeforeValidator(_split)]
    pronouns: Annotated[frozenset[str], BeforeValidator(_split)]
    head: Literal["first", "last"]  # where a group of words names the thing itself
    head_ends: frozenset[str]
    same: tuple[tuple[str, ...], ...]
    under: tuple[str, ...]
    under_after: tuple[str, ...]
    over: tuple[str, ...]
    over_after: tuple[str, ...]
    between: tuple[tuple[str, str], ...]
    currency: tuple[str, ...]
    units: tuple[str, ...]
    measures: dict[
        str, dict[str, float]
    ]  # what is counted: the unit's name → its forms → how much of it one is
    facts: dict[str, tuple[str, ...]]
    related: dict[str, tuple[str, ...]] = {}  # field → words that ask for what it only comes near to
    relations: Annotated[frozenset[str], BeforeValidator(_split)] = frozenset()  # has, contains: no property
    properties: tuple[tuple[str, ...], ...] = ()  # words for the same thing that goods have or are
    endings: tuple[str, ...] = ()  # that make another form of the same word
    weight: str = "Shipping weight"  # what the catalogue's own weight is called
    decimal_point: str = "."


@cache
def words_of(language: str) -> Words:
    """The words of "en", "es-MX" …; English for a language we have no file of."""
    path = WORDS_FOLDER / f"{primary_language(language)}.yml"
    if not path.exists():
        path = WORDS_FOLDER / f"{FALLBACK}.yml"
    return yaml_files.parse(Words, yaml_files.load(path), path)


def primary_language(language: str) -> str:
    """As in `es-MX`, which is `es`; English of what is no language's code."""
    code = re.split(r"[-_]", language.casefold())[0]
    return code if code.isascii() and code.isalpha() else FALLBACK


def content_words(text: str, language: str) -> list[str]:
    """The words that say what a question is about, each once, in order."""
    filler = words_of(language).filler
    return list(dict.fromkeys(token for token in tokens(text) if token not in filler))


def product_words(text: str, language: str) -> list[str]:
    """The words that say which product is wanted: not "show me", "buy" or "order" either."""
    shopping = words_of(language).shopping
    return [word for word in content_words(text, language) if word not in shopping]


def head_word(text: str, language: str, *, besides: Collection[str] = ()) -> str | None:
    """The word that names the thing itself: "mug" in "I need a black mug for coffee". None when there is none.

    `besides` are words that say how the thing shall be (colours, sizes), so never what it is.
    """
    words = words_of(language)
    never, ends = _never_head(language)
    group: list[str] = []
    for token in tokens(text):
        if token in ends and group:
            break
        if token not in never and token not in besides and not token[0].isdigit():
            group.append(token)
    return (group[0] if words.head == "first" else group[-1]) if group else None


@cache
def _never_head(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """Words that never name the thing itself, and words before which it was named."""
    words = words_of(language)
    measures = frozenset(fold(word) for word in (*words.units, *words.currency))
    return words.filler | words.shopping | measures, frozenset(fold(word) for word in words.head_ends)


@cache
def _same(language: str) -> dict[str, tuple[str, ...]]:
    groups = [tuple(fold(word) for word in group) for group in words_of(language).same]
    return {word: group for group in groups for word in group}


def alternatives(word: str, language: str) -> tuple[str, ...]:
    """The word itself, then others for the same goods."""
    others = _same(language).get(singular(word), ())
    return (word, *(other for other in others if other != singular(word)))


@cache
def _properties(language: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in words_of(language).properties:
        words = tuple(singular(fold(word)) for word in group)
        for word in words:
            found[word] = (*found.get(word, ()), *words)
    return found


def properties_of(word: str, language: str) -> tuple[str, ...]:
    """The word itself, then others for the same thing that goods have or are."""
    return tuple(dict.fromkeys((word, *_properties(language).get(singular(word), ()))))


def same_property(word: str, other: str, language: str) -> bool:
    """Whether both are forms of one word: leak, leaks, leaking; but not hand and handle."""
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    endings = words_of(language).endings
    if any(long == short + ending for ending in endings):
        return True
    cut = short[:-1]  # engrave, engraving; vegano, vegana
    return len(cut) > 2 and short[-1] in "eoa" and long.startswith(cut) and long[len(cut) :] in endings


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Limits that a text names, and the text without them."""

    rest: str
    at_most: Money | None = None
    at_least: Money | None = None


def price_range(text: str, *, language: str, currency: str) -> PriceRange:
    """Read "under 15 euros", "between 10 and 20", "50 or more" as amounts of `currency`."""
    text = text[:TEXT_CHARACTERS_MAX]
    for name, pattern in _patterns(primary_language(language)):
        match = pattern.search(text)
        if match is None:
            continue
        rest = f"{text[: match.start()]} {text[match.end() :]}"
        amounts = [
            _amount(match, group, currency) for group in ("low", "high") if group in pattern.groupindex
        ]
        if None in amounts:
            continue
        if name == "between":
            low, high = amounts
            assert low is not None
            assert high is not None
            return PriceRange(rest, at_most=max(low, high), at_least=min(low, high))
        if name == "under":
            return PriceRange(rest, at_most=amounts[0])
        return PriceRange(rest, at_least=amounts[0])
    return PriceRange(text)


def _amount(match: re.Match[str], group: str, currency: str) -> Money | None:
    number = match[group]
    try:
        amount = read_price(number, currency)
    except ValueError:  # "1.500" may be either; of a limit people mean the larger
        digits = re.sub(r"\D", "", number)
        if not 0 < len(digits) < 10:
            return None
        amount = read_price(digits, currency)
    return amount * 1000 if match[f"{group}_k"] else amount


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    words = words_of(language)
    money = rf"(?:\s*(?:{SIGNS}|(?:{_any(words.currency)})(?![^\W_])))"
    not_unit = rf"(?!\s*(?:{_any(words.units)})(?![^\W_])|[\d.,]*\d)"
    sign = rf"(?:{SIGNS}\s*)?"

    def amount(name: str) -> str:
        return rf"{sign}{NUMBER.format(name=name)}(?:{money}|{not_unit})"

    def built(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    found = [
        (
            "between",
            built(rf"(?<![^\W_]){re.escape(a)}\s+{amount('low')}\s+{re.escape(b)}\s+{amount('high')}"),
        )
        for a, b in words.between
    ]
    found.append(("under", built(rf"(?:{_whole(words.under)})\s*{amount('high')}")))
    found.append(("under", built(rf"{amount('high')}\s*(?:{_any(words.under_after)})(?![^\W_])")))
    found.append(("over", built(rf"(?:{_whole(words.over)})\s*{amount('low')}")))
    found.append(("over", built(rf"{amount('low')}\s*(?:{_any(words.over_after)})(?![^\W_])")))
    return found


def _any(phrases: Iterable[str]) -> str:
    """An alternative of the phrases, the longer ones first."""
    return "|".join(re.escape(phrase.strip()) for phrase in sorted(phrases, key=len, reverse=True))


def _whole(phrases: Iterable[str]) -> str:
    """The same, each beginning where a word does."""
    return "|".join(_starts(phrase.strip()) for phrase in sorted(phrases, key=len, reverse=True))


def _starts(phrase: str) -> str:
    return rf"(?<![^\W_]){re.escape(phrase)}(?![^\W_])" if phrase[0].isalnum() else re.escape(phrase)


def sentences(text: str) -> Iterator[str]:
    """The sentences and list items of a passage, in order."""
    for line in text.split("\n"):
        yield from (
            part.strip() for part in re.split(r"(?<=[.!?…])\s+(?=[A-ZÀ-Þ0-9\"“¿¡(•])", line) if part.strip()
        )
