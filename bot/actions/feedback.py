"""Whether an answer helped, why not, and who wants to hear when we know better."""

from bot.actions.asked import keep
from bot.dialogue.dialogue import Dialogue, Outcome, action
from knowledge_base import questions
from knowledge_base.questions import Verdict


@action("noted", "nothing")
def note_helpful(dialogue: Dialogue) -> Outcome:
    """The last answer helped."""
    return _note(dialogue, Verdict.HELPFUL)


@action("noted", "nothing")
def note_unhelpful(dialogue: Dialogue) -> Outcome:
    """The last answer did not help: staff see the question."""
    return _note(dialogue, Verdict.UNHELPFUL)


@action("noted", "nothing")
def note_reason(dialogue: Dialogue) -> Outcome:
    """Why it did not, in the slot `reason`."""
    reason = str(dialogue.slot("reason") or "")
    known = questions.give_reason(dialogue.session, dialogue.conversation, reason, at=dialogue.now)
    return Outcome("noted" if known else "nothing")


@action("kept", "nothing")
def promise_to_tell(dialogue: Dialogue) -> Outcome:
    """They hear of it when staff have answered their last question."""
    kept = questions.want_answer(dialogue.session, dialogue.conversation, at=dialogue.now)
    return Outcome("kept" if kept else "nothing")


def _note(dialogue: Dialogue, verdict: Verdict) -> Outcome:
    given = dialogue.state.answered
    if given is None:
        return Outcome("nothing")
    keep(dialogue, given.question, verdict, source=given.source)
    return Outcome("noted")
