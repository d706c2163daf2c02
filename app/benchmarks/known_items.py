"""Queries whose answer is known: a few words of a product's title, plain and with typos, by a seed.

Of a title count only words that somebody would look for it by: not "of", "3" or "for".
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase
from typing import Final

SEED: Final = 20261123
WORDS: Final = 3
TYPOS: Final = 2
LETTERS_MIN: Final = 3
JOINING: Final = frozenset(("and", "for", "from", "the", "with"))
MISTYPED_LETTERS_MIN: Final = 3  # in shorter words a typo leaves nothing to tell the word by
WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class KnownItem:
    """What somebody types who has seen a product, and the products whose title it is."""

    words: str
    mistyped: str
    wanted: frozenset[int]  # places in the list of titles; several where several have the very same title


def known_items(titles: Sequence[str], count: int, *, seed: int = SEED) -> list[KnownItem]:
    """Of at most `count` titles, three words each in their order, and the same with two typos."""
    chance = Random(seed)  # noqa: S311 - the same every time is what is wanted
    places: defaultdict[str, set[int]] = defaultdict(set)
    for place, title in enumerate(titles):
        places[title].add(place)
    long_enough = [place for place, title in enumerate(titles) if len(_words(title)) >= WORDS]
    chosen = chance.sample(long_enough, min(count, len(long_enough)))
    return [_known_item(chance, titles[place], frozenset(places[titles[place]])) for place in chosen]


def _known_item(chance: Random, title: str, wanted: frozenset[int]) -> KnownItem:
    words = _words(title)
    kept = [words[place] for place in sorted(chance.sample(range(len(words)), WORDS))]
    return KnownItem(" ".join(kept), " ".join(mistyped(chance, kept)), wanted)


def _words(title: str) -> list[str]:
    said = WORD.findall(title)
    return [word for word in said if len(word) >= LETTERS_MIN and word.lower() not in JOINING]


def mistyped(chance: Random, words: Sequence[str], *, typos: int = TYPOS) -> list[str]:
    """The words with so many typos, each anywhere in any word that is long enough; both may hit the same one."""
    typed = list(words)
    long_enough = [place for place, word in enumerate(typed) if len(word) >= MISTYPED_LETTERS_MIN]
    for _ in range(typos if long_enough else 0):
        place = chance.choice(long_enough)
        slip = chance.choice(SLIPS)(chance, typed[place])
        typed[place] = (
            slip if slip != words[place] else _inserted(chance, typed[place])
        )  # one must not undo another
    return typed


def _inserted(chance: Random, word: str) -> str:
    at = chance.randint(0, len(word))
    return word[:at] + chance.choice(ascii_lowercase) + word[at:]


def _deleted(chance: Random, word: str) -> str:
    at = chance.randrange(len(word))
    return word[:at] + word[at + 1 :]


def _substituted(chance: Random, word: str) -> str:
    at = chance.randrange(len(word))
    other = chance.choice([letter for letter in ascii_lowercase if letter != word[at].lower()])
    return word[:at] + other + word[at + 1 :]


def _transposed(chance: Random, word: str) -> str:
    pairs = [at for at in range(len(word) - 1) if word[at].lower() != word[at + 1].lower()]
    if not pairs:
        return _substituted(chance, word)
    at = chance.choice(pairs)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


SLIPS: Final[tuple[Callable[[Random, str], str], ...]] = (_inserted, _deleted, _substituted, _transposed)
