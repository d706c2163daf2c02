"""All figures that decide what is answered. Those that a fit makes are data: see `judgement`."""

from dataclasses import dataclass, field
from typing import Final

from knowledge_base.judgement import Judgements, read_judgements


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides between an answer and none."""

    judgements: Judgements = field(default_factory=read_judgements)
    context_bonus: float = 6.0  # to the score of a passage headed by what is being talked about
    context_least: float = 0.5  # of the heading's words, to be headed by it
    context_weight: float = (
        0.5  # of the question with the product's name put in, where it says "it" or "they"
    )
    fact_least: float = 0.5  # of the question's words that the field accounts for; more than this
    value_weight: float = 0.5  # a word found in the field's value, against one in its name
    answer_characters_max: int = 360  # a longer passage is cut to the sentences that answer
    sentence_share: float = 0.75  # of the best sentence's score, to be kept beside it


SETTINGS: Final = Settings()
