"""How a message is tidied before a model sees it: bounded, one form for each character, no invisible ones."""

import re
import unicodedata
from typing import Final

CHARACTERS_MAX: Final = 1000  # about 200 words; what matters in a message comes before that

_GAP_IN_NAME: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|[\W\d_]+")
_SPACE: Final = re.compile(r"\s+")
_SAME: Final = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"'})


def clean(text: str) -> str:
    """NFKC, straight quotes, single spaces, emoji by name, nothing invisible; at most 1,000 characters."""
    normal = unicodedata.normalize("NFKC", text[:CHARACTERS_MAX]).translate(_SAME)
    visible = normal if normal.isascii() and normal.isprintable() else "".join(map(_readable, normal))
    return _SPACE.sub(" ", visible).strip()[:CHARACTERS_MAX]


def words_of_name(name: str) -> str:
    """What a name in code says: "track_order", "faq/track-order" and "TrackOrder" as "track order"."""
    return " ".join(part for part in _GAP_IN_NAME.split(name) if part).lower()


def folded(text: str) -> str:
    """Lowered, without accents: "Inglés" as "ingles"."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _readable(character: str) -> str:
    """The character; an emoji's name, so that 👍 means something; nothing for what cannot be seen.

    Cs are lone surrogates, Cf zero-width marks, Cc controls, Mn variation selectors, Sk skin tones.
    """
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "So":
        return f" {unicodedata.name(character, '').lower()} "
    unseen = category in {"Cs", "Cf", "Cc", "Cn"} or (category == "Sk" and ord(character) > 0xFFFF)
    return "" if unseen or "\ufe00" <= character <= "\ufe0f" else character
