"""All figures that decide what is answered; chosen on the tuning half of the demo shop's questions (`parley bench knowledge`)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides between an answer and none."""

    words_weight: float = 0.1  # of the share of the question's words, beside a whole cosine
    topic_weight: float = 0.5  # of what the nearest topic says, when the question is surely of it
    topic_from: float = 0.2  # the cosine to a topic's question from which it counts
    topic_sure: float = 0.9  # … and from which it counts in full
    context_bonus: float = 0.2  # for a passage headed by what is being talked about
    context_least: float = 0.5  # of the heading's words, to be headed by it
    context_weight: float = (
        0.5  # of the question with the product's name put in, where it says "it" or "they"
    )
    policy_least: float = 0.46  # with an embedder
    words_least: float = 0.34  # without one: the share of the question's weight that a passage holds
    fact_least: float = 0.5  # of the question's words that the field accounts for; more than this
    value_weight: float = 0.5  # a word found in the field's value, against one in its name
    answer_characters_max: int = 360  # a longer passage is cut to the sentences that answer
    sentence_share: float = 0.75  # of the best sentence's score, to be kept beside it


SETTINGS: Final = Settings()
