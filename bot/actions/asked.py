"""Keeps what people asked, and what became of it, for staff to learn from."""

from bot.dialogue.dialogue import Dialogue
from knowledge_base import questions
from knowledge_base.questions import Verdict


def keep(dialogue: Dialogue, words: str, verdict: Verdict, *, source: str = "") -> None:
    """A question, or a search in vain, of this conversation at this moment; `source` is what answered it."""
    questions.keep(
        dialogue.session,
        words,
        conversation=dialogue.conversation,
        language=dialogue.heard_language,
        verdict=verdict,
        answered_from=source,
        at=dialogue.now,
    )
