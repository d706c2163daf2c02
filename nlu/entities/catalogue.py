"""Colours, sizes, materials, categories and products, by the catalogue's own words, typos included."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from nlu.entities.spans import Taken, Token, any_of, compiled, entity, tokens
from nlu.entities.vocabulary import CatalogueVocabulary
from nlu.entities.words import Words
from nlu.understanding import Entity

TYPO_LETTERS_MIN: Final = 4  # shorter words have too many neighbours
TWO_TYPOS_LETTERS_MIN: Final = 8
WORD_LETTERS_MIN: Final = 3  # the shortest word that may be meant by a typo: mugg
PRODUCTS_BY_PART_MAX: Final = 5000  # beyond that, parts of titles name hardly any single product
TITLE_WORDS_MAX: Final = 12
WORDS_OF_TERM_MAX: Final = 12

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a run of words stands for."""

    entity: str
    value: str


class CatalogueExtractor:
    """`color`, `not_color`, `size`, `material`, `category` and `product` (its handle).

    The longest run of words wins within a kind; a product's title may hold a colour and a category, which are found as
    well. A whole word only: no "black" in "blackberry". Words of four letters may have one
    typo, from eight on two; a frequent word of the language is never taken for a typo.
    """

    def __init__(
        self,
        words: Words,
        vocabulary: CatalogueVocabulary,
        *,
        lookups: Mapping[str, Sequence[str]],
        synonyms: Mapping[str, str],
    ) -> None:
        self._words = words
        self._plurals = words.plurals
        self._word = lru_cache(maxsize=65536)(self._compared)
        self._common = frozenset(map(self._word, words.common_words))
        self._terms: dict[Key, list[Meaning]] = defaultdict(list)
        leads = {self._key(said): self._key(value) for said, value in synonyms.items()}
        for terms in (
            _catalogued(vocabulary),
            lookups,
        ):  # the catalogue's own spelling before the general one
            for kind, values in terms.items():
                for value in values:
                    self._add(kind, value, value)
            self._add_synonyms(leads)
        self._add_sizes(vocabulary.sizes)
        self._add_products(vocabulary.products)
        self._known = frozenset(word for key in self._terms for word in key)
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._known):
            if len(word) >= WORD_LETTERS_MIN:
                self._by_letter[word[0]].append(word)
        self._longest = min(WORDS_OF_TERM_MAX, max(map(len, self._terms), default=0))
        self._size_word = compiled(any_of(words.sizes.words), r"\s*[:=]?\s*$")
        self._before_size = compiled(any_of(words.sizes.before), r"\s+$")
        self._no = compiled(r"(?<!\w)(?:", any_of(words.negations.no), r")\s+$")
        self._not = compiled(any_of(words.negations.words), rf"\s+(?:{any_of(words.negations.filler)}\s+)*$")
        self._not_after = compiled(r"\s+", any_of(words.negations.after), r"\s*(?:[.,;:!?]|$)")
        self._or = compiled(r"\s*", any_of(words.negations.or_), r"\s*")
        self._one = compiled(r"\s+", any_of(words.negations.one))
        self._corrected = lru_cache(maxsize=4096)(self._nearest)

    @property
    def descriptions(self) -> frozenset[str]:
        """Every word of a colour, size, material or category, in the form it is compared in."""
        described = (
            key for key, meanings in self._terms.items() if any(m.entity != "product" for m in meanings)
        )
        return frozenset(word for key in described for word in key)

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        words = tokens(text)
        keys = [self._word(token.text) for token in words]
        found: list[Entity] = []
        for start, end, meanings in self._matches(keys):
            span = words[start].start, words[end - 1].end
            if taken.free(*span):
                found.extend(self._meant(text, words[start:end], meanings, span))
        found.extend(self._stated_sizes(text, words, taken, found))
        for item in found:
            if item.name == "size" and item.text.strip() != text.strip():
                taken.claim(item.start, item.end)
        yield from _negated(found, text, self._is_negated, self._or)

    # --- the index ---

    def _add(self, kind: str, said: str, value: str) -> None:
        if key := self._key(said):
            self._index(key, Meaning(kind, value))

    def _index(self, key: Key, meaning: Meaning) -> None:
        """The first meaning of a kind stays."""
        if all(known.entity != meaning.entity for known in self._terms[key]):
            self._terms[key].append(meaning)

    def _add_synonyms(self, leads: Mapping[Key, Key]) -> None:
        """Other words for what is known by now. One may lead to the next: negra is negro, and negro is black."""
        for said, value in leads.items():
            passed = {said}
            while value not in self._terms and value in leads and value not in passed:
                passed.add(value)
                value = leads[value]  # noqa: PLW2901 - one step along the way
            for meaning in list(self._terms.get(value, ())):
                if said:
                    self._index(said, meaning)

    def _add_sizes(self, sizes: Iterable[str]) -> None:
        """Other ways to say the sizes that there are: medium for M."""
        known = list(sizes)
        for aliases in self._words.sizes.aliases:
            value = next((size for size in known if size.casefold() in aliases), None)
            for alias in aliases:
                self._add("size", alias, value or aliases[0].upper())

    def _add_products(self, products: Mapping[str, str]) -> None:
        parts: dict[Key, set[str]] = defaultdict(set)
        for handle, title in products.items():
            key = self._key(title)[:TITLE_WORDS_MAX]
            for said in (key, self._key(handle)):
                if any(self._is_telling(word) for word in said):
                    self._index(said, Meaning("product", handle))
            if len(products) <= PRODUCTS_BY_PART_MAX:
                for part in _runs(key):
                    parts[part].add(handle)
        for part, handles in parts.items():
            telling = self._is_telling(part[0]) and self._is_telling(part[-1])
            if telling and len(handles) == 1 and not self._is_description(part):
                self._index(part, Meaning("product", next(iter(handles))))

    def _is_telling(self, word: str) -> bool:
        """Whether a title's word may point to it: "of the" in "Map of the World" does not."""
        return len(word) > 1 and word not in self._common

    def _is_description(self, part: Key) -> bool:
        """Whether it is a colour, a material and the like, side by side: "black mug" asks for any black mug."""
        return all(any(m.entity != "product" for m in self._terms.get((word,), ())) for word in part)

    def _key(self, said: str) -> Key:
        return tuple(self._word(token.text) for token in tokens(said))

    def _compared(self, word: str) -> str:
        """The form that words are compared in: lower case, no accents, singular."""
        folded = unicodedata.normalize("NFKD", word.casefold())
        bare = "".join(character for character in folded if not unicodedata.combining(character))
        if len(bare) > 3:
            for ending, singular in self._plurals:
                if bare.endswith(ending):
                    return bare[: len(bare) - len(ending)] + singular
        return bare

    # --- the message ---

    def _matches(self, keys: Sequence[str]) -> Iterator[tuple[int, int, list[Meaning]]]:
        """Runs of words that mean something, longest first; those inside a product's title as well."""
        corrected = [self._corrected(key) for key in keys]
        covered, titled = [False] * len(keys), [False] * len(keys)
        for length in range(min(self._longest, len(keys)), 0, -1):
            for start in range(len(keys) - length + 1):
                meanings = self._terms.get(tuple(corrected[start : start + length]))
                if not meanings or any(covered[start : start + length]):
                    continue
                if any(titled[start : start + length]):
                    meanings = [meaning for meaning in meanings if meaning.entity != "product"]
                yield start, start + length, meanings
                if any(meaning.entity == "product" for meaning in meanings):
                    titled[start : start + length] = [True] * length
                if any(meaning.entity != "product" for meaning in meanings):
                    covered[start : start + length] = [True] * length

    def _nearest(self, word: str) -> str:
        """The vocabulary's word that this is a typo of, or the word itself."""
        if len(word) < TYPO_LETTERS_MIN or word in self._known or word in self._common or not word.isalpha():
            return word
        typos = 2 if len(word) >= TWO_TYPOS_LETTERS_MIN else 1
        near = [known for known in self._by_letter.get(word[0], ()) if abs(len(known) - len(word)) <= typos]
        best = process.extractOne(word, near, scorer=DamerauLevenshtein.distance, score_cutoff=typos)
        return best[0] if best else word

    def _meant(
        self, text: str, words: Sequence[Token], meanings: Iterable[Meaning], span: tuple[int, int]
    ) -> Iterator[Entity]:
        for meaning in meanings:
            if meaning.entity != "size" or self._is_size(text, words, span):
                yield entity(meaning.entity, meaning.value, text, span)

    def _is_size(self, text: str, words: Sequence[Token], span: tuple[int, int]) -> bool:
        """Short sizes need a sign that they are one: a capital (M), "size 42", "in 42", or nothing beside them."""
        said = words[0].text
        alone = text.strip(" .!?") == text[slice(*span)]
        before = text[: span[0]]
        if len(words) > 1 or alone or self._size_word.search(before):
            return True
        if said.isdigit():
            return bool(self._before_size.search(before)) and not text[span[1] :].lstrip()[:1].isalpha()
        return (
            len(said) > 2 or (said.isupper() and not text.isupper()) or bool(self._before_size.search(before))
        )

    def _stated_sizes(
        self, text: str, words: Sequence[Token], taken: Taken, found: Sequence[Entity]
    ) -> Iterator[Entity]:
        """What stands after the word size is one, even if the shop has never heard of it: size 47."""
        sizes = {item.start for item in found if item.name == "size"}
        for token in words:
            measure = token.text[0].isdigit() or (len(token.text) <= 3 and token.text.isupper())
            if token.start in sizes or not measure or not taken.free(token.start, token.end):
                continue
            if self._size_word.search(text[: token.start]):
                yield entity("size", token.text.upper(), text, (token.start, token.end))

    def _is_negated(self, text: str, start: int, end: int) -> bool:
        before = text[:start]
        if self._not.search(before) or self._not_after.match(text[end:]):
            return True
        return bool(self._no.search(before)) and not self._one.match(text[end:])


def _catalogued(vocabulary: CatalogueVocabulary) -> dict[str, Sequence[str]]:
    """The catalogue's terms of each kind."""
    return {
        "color": vocabulary.colors,
        "size": vocabulary.sizes,
        "material": vocabulary.materials,
        "category": vocabulary.categories,
    }


def _runs(key: Key) -> Iterator[Key]:
    """Every run of two words or more that is not all of it."""
    for length in range(2, len(key)):
        for start in range(len(key) - length + 1):
            yield key[start : start + length]


def _negated(
    found: Iterable[Entity], text: str, is_negated: Callable[[str, int, int], bool], joined: re.Pattern[str]
) -> Iterator[Entity]:
    """Colours that are not wanted under another name: not black, not black or red."""
    before: Entity | None = None
    for item in sorted(found, key=lambda item: (item.start, -item.end)):
        if item.name != "color":
            yield item
            continue
        goes_on = (
            before is not None
            and before.name == "not_color"
            and joined.fullmatch(text[before.end : item.start])
        )
        if goes_on or is_negated(text, item.start, item.end):
            item = Entity("not_color", item.value, item.text, item.start, item.end)  # noqa: PLW2901 - the same, renamed
        before = item
        yield item
