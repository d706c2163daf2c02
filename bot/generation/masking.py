"""A message as it may be shown to a service outside: without what says who somebody is or where they live."""

import re
from typing import Final

from bot.dialogue.hearing import PERSONAL
from bot.dialogue.trace import masked as without_cards
from nlu.understanding import Understanding

LETTERS_MAX: Final = 600
EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LONG_NUMBER: Final = re.compile(r"\+?\d(?:[\d ()/.-]*\d){6,}")  # of a phone, a card, an account


def masked(heard: Understanding) -> str:
    """The first letters of the message, with the kind of each personal detail in its place: "call me at [phone]"."""
    text, end = heard.text, len(heard.text)
    for entity in sorted(heard.entities, key=lambda entity: (-entity.end, entity.start)):
        if entity.name in PERSONAL and entity.end <= end:
            text = f"{text[: entity.start]}[{entity.name}]{text[entity.end :]}"
            end = entity.start
    text = LONG_NUMBER.sub("[number]", EMAIL.sub("[email]", without_cards(text)))
    return text[:LETTERS_MAX]
