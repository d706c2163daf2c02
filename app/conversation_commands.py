"""The command about conversations: stepping through one."""

from pathlib import Path

from app import replay as replaying
from app import replay_view
from app.opening import opened
from app.report import Answer, Failure


def replay(home: Path, config: Path, conversation: str, *, turn: int | None, last: int | None) -> Answer:
    """What happened in a conversation, turn by turn."""
    with opened(home, config) as shop:
        try:
            facts = shop.database.read(
                lambda session: replaying.replay(session, conversation, turn=turn, last=last)
            )
        except replaying.NoSuchConversation as error:
            raise Failure(str(error)) from error
    total, turns = facts["turns_total"], facts["turns"]
    if turn is not None and not turns:
        raise Failure(f"Conversation {facts['conversation']} has {total} turns, and no turn {turn}.")
    shown = "" if len(turns) == total else f", {len(turns)} shown"
    text = f"Conversation {facts['conversation']} on {facts['channel']}: {total} turns{shown}. Times are UTC."
    return Answer(facts, text, view=replay_view.view(facts))
