"""The week in questions: how many were answered, what was missing, and what should be looked at again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge_base.clusters import Cluster, clusters
from knowledge_base.embedding import Embedder
from knowledge_base.freshness import DueDocument, due_documents
from knowledge_base.gaps import open_clusters
from knowledge_base.questions import AskedQuestion, Verdict

WEEK: Final = timedelta(days=7)
LISTED_MAX: Final = 10
SEARCHES_MAX: Final = 500  # the newest that are looked through


@dataclass(frozen=True, slots=True)
class Week:
    """Counts are of questions; each is counted once, under what became of it."""

    since: datetime
    until: datetime
    answered: int  # … and nothing said about it
    helpful: int
    unhelpful: int
    unanswered: int
    gaps: Sequence[Cluster]  # still open, of any age, what most people asked first
    not_found: Sequence[Cluster]  # searches of this week that found nothing
    due: Sequence[DueDocument]

    @property
    def asked(self) -> int:
        return self.answered + self.helpful + self.unhelpful + self.unanswered

    @property
    def share_answered(self) -> float | None:
        """0–1: that got an answer, whether it helped or not; None where nobody asked."""
        return 1 - self.unanswered / self.asked if self.asked else None


def week_until(session: Session, until: datetime, embedder: Embedder | None) -> Week:
    """The seven days before `until`."""
    since = until - WEEK
    in_week = (AskedQuestion.at > since, AskedQuestion.at <= until)
    by_verdict = select(AskedQuestion.verdict, func.count()).where(*in_week).group_by(AskedQuestion.verdict)
    counts: dict[Verdict, int] = dict(session.execute(by_verdict).all())
    searches = session.scalars(
        select(AskedQuestion)
        .where(*in_week, AskedQuestion.verdict == Verdict.NOT_FOUND)
        .order_by(AskedQuestion.at.desc(), AskedQuestion.id.desc())
        .limit(SEARCHES_MAX)
    ).all()
    return Week(
        since=since,
        until=until,
        answered=counts.get(Verdict.ANSWERED, 0),
        helpful=counts.get(Verdict.HELPFUL, 0),
        unhelpful=counts.get(Verdict.UNHELPFUL, 0),
        unanswered=counts.get(Verdict.UNANSWERED, 0),
        gaps=open_clusters(session, embedder)[:LISTED_MAX],
        not_found=clusters(searches, embedder)[:LISTED_MAX],
        due=due_documents(session, at=until)[:LISTED_MAX],
    )


def sentences(week: Week) -> Iterable[str]:
    """The counts in words, for a person."""
    share = week.share_answered
    if share is None:
        yield "Nobody asked a question in these seven days."
        return
    questions = "1 question" if week.asked == 1 else f"{week.asked} questions"
    yield f"{questions} in these seven days, {share:.0%} with an answer."
    if week.helpful or week.unhelpful:
        yield f"By what people said, {week.helpful} of the answers helped and {week.unhelpful} did not."
