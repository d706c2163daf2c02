"""What simulated people write: what they look for, who they are, and how their fingers slip."""

import string
from random import Random
from typing import Final

FIRST_NAMES: Final = (
    "Ana", "Bo", "Cleo", "Dries", "Elif", "Femke", "Goran", "Hanna", "Imre", "Jonas", "Katrien", "Lars", "Mila",
    "Nora", "Otto", "Pia", "Quinten", "Rosa", "Sofie", "Tom", "Ugo", "Vera", "Wout", "Xenia", "Yara", "Zoë",
)  # fmt: skip
LAST_NAMES: Final = (
    "Ruiz", "Peeters", "Janssens", "Yilmaz", "De Smet", "Novak", "Berg", "Okafor", "Moreau", "Lindqvist", "Claes",
)  # fmt: skip
ADDRESSES: Final = (
    "Kouter 1, 9000 Ghent",
    "Veldstraat 12, 9000 Ghent",
    "Meir 50, 2000 Antwerp",
    "Rue Neuve 8, 1000 Brussels",
    "Bondgenotenlaan 101, 3000 Leuven",
    "Steenstraat 7, 8000 Bruges",
)
WISHES: Final = (
    "a black mug under 15 euros",
    "blue mug",
    "I am looking for a teapot",
    "coffee beans",
    "a gift for a tea lover, up to 30 euros",
    "soy candle",
    "wool socks",
    "something for the kitchen",
    "notebook",
    "do you have linen aprons?",
    "olive oil",
    "a big bowl for salad",
    "show me lamps",
    "camping cup",
    "honey",
    "travel mug with lid",
    "towels",
    "chocolate",
    "dinner plates in blue",
    "a present for my sister",
)
DEAL_WISHES: Final = (
    "any group deals?",
    "what is cheaper when we buy together?",
    "show me the group deals",
)
GROUP_WISHES: Final = (
    "start a group for the honey jar trio",
    "start a group for the picnic blanket",
    "I want to start a group for honey",
    "start a group",
)
GROUP_QUESTIONS: Final = (
    "how many are still missing in my group?",
    "my group",
    "is my group full?",
)
QUESTIONS: Final = (
    "does it go in the dishwasher?",
    "how long does delivery take?",
    "what does delivery cost?",
    "can I return it?",
    "do you ship to Spain?",
    "where is your shop?",
    "when are you open?",
    "how can I pay?",
    "is it in stock?",
    "what is it made of?",
    "is there a warranty?",
    "are you a robot?",
)
GARBAGE: Final = (
    "🤖🤖🤖",
    "👍",
    "asdf qwer",
    "?",
    "...",
    "مرحبا كيف الحال",
    "שלום, מה המחיר?",
    "1234567890",
    "<b>bold</b> & <script>alert(1)</script>",
    "'; DROP TABLE customer; --",
    "\u200b \u200b",
    "Z̷̪̈́a̶l̶g̸o̵",
    "/start /start /start",
    "cancel cancel cancel",
    "ok ok ok no yes no",
)
LONG_LETTERS: Final = 5000
_NEIGHBOURS: Final = {
    letter: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for place, letter in enumerate(row)
}


def typo(text: str, random: Random) -> str:
    """The text with one slip: two letters swapped, one missing, one double, or its neighbour on the keyboard.

    Numbers, and words of fewer than four letters, stay as they are.
    """
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not long:
        return text
    chosen = random.choice(long)
    words[chosen] = _slip(words[chosen], random)
    return " ".join(words)


def _slip(word: str, random: Random) -> str:
    at = random.randrange(1, len(word) - 1)
    match random.randrange(4):
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 1:
            return word[:at] + word[at + 1 :]
        case 2:
            return word[:at] + word[at] + word[at:]
        case _:
            near = _NEIGHBOURS.get(word[at].lower(), string.ascii_lowercase)
            return word[:at] + random.choice(near) + word[at + 1 :]


def phone(random: Random) -> str:
    """A number as Belgians write it."""
    return f"+32 9 {random.randrange(200, 399)} {random.randrange(10, 99)} {random.randrange(10, 99)}"


def long_text(random: Random) -> str:
    """More than anybody wants to read."""
    words = ("mug", "please", "tea", "why", "and", "blue", "order", "money", "nothing", "seventeen")
    text = ""
    while len(text) < LONG_LETTERS:
        text += random.choice(words) + " "
    return text[:LONG_LETTERS]
