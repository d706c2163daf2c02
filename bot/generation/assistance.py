"""What a language model may help a turn with: made while nothing is locked, and kept for the turn that asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.generation.proposals import CommandGenerator, Proposed
from bot.generation.wording import AnswerWriter


@dataclass(frozen=True, slots=True)
class Assistance:
    """What came of asking; None for what was not asked yet."""

    proposals: tuple[Proposed, ...] | None = None
    wordings: Mapping[str, str] | None = None  # an answer of ours → the same in other words


@dataclass(frozen=True, slots=True)
class Assistants:
    """Who may be asked; None for what is switched off."""

    generator: CommandGenerator | None = None
    writer: AnswerWriter | None = None
