"""What the console needs to answer customers' open questions: those of one meaning together, and the way to publish."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot import telling
from bot.dialogue.replies import Replies
from knowledge_base import gaps
from knowledge_base.clusters import Cluster
from knowledge_base.means import Means
from knowledge_base.passages import refresh_passage_vectors
from knowledge_base.weekly import Week, week_until
from storage.engine import Database


class AnswerDesk:
    """Implements `console.services.Answering`."""

    def __init__(
        self,
        database: Database,
        replies: Replies,
        means: Means,
        wake: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._replies = replies
        self._means = means
        self._wake = wake

    def open_questions(self, session: Session) -> Sequence[Cluster]:
        """What nobody has answered yet, what most people asked first."""
        return gaps.open_clusters(session, self._means.embedder)

    def week(self, session: Session, until: datetime) -> Week:
        """The seven days before: how many were answered, what is missing, which documents to look at again."""
        return week_until(session, until, self._means.embedder)

    async def publish(self, answer_id: UUID, *, at: datetime) -> int:
        """Approve a draft, tell those who wait for it, and let it be found by meaning; how many were told. Raises NotAnAnswer.

        Approved and told are one commit. Its vectors come after; until then it is found by its words.
        """
        told = await self._database.run(lambda session: self._approve(session, answer_id, at))
        await self._wake()
        await asyncio.to_thread(refresh_passage_vectors, self._database, self._means)
        return told

    def _approve(self, session: Session, answer_id: UUID, at: datetime) -> int:
        answer = gaps.approve(session, answer_id, at=at)
        return telling.tell(session, answer, replies=self._replies, at=at)
