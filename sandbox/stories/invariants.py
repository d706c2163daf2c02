"""What holds in every story after every step, whatever people did and whatever went wrong.

books.py        money and stock       arrivals.py     events: none lost, none applied twice, none parked
repeats.py      nobody is told the same twice         tracebacks.py   nothing of ours broke
deals.py        seats, groups and quotas of deals
"""

from types import TracebackType
from typing import Self

from sandbox.stories import deals
from sandbox.stories.arrivals import Arrivals
from sandbox.stories.books import Books
from sandbox.stories.repeats import Repeats
from sandbox.stories.stage import Stage
from sandbox.stories.tracebacks import Tracebacks


class Invariants:
    """The rules of one stage. Logs are read from the making of this object until `close`.

    `check` looks at what is new since the last time, so it may be called after every step; what seems wrong in
    that is looked at again in full before it is reported. Call it while nothing moves (after `Stage.settle`): what
    waits for its time, such as a late notice or a refund that is tried again, is no breach.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tracebacks = Tracebacks()
        self._begin()

    def _begin(self) -> None:
        self._books = Books(self._stage.sandbox)
        self._arrivals = Arrivals(self._stage.sandbox)
        self._repeats = Repeats(self._stage)

    def check(self) -> list[str]:
        """A sentence for every breach; none when all holds."""
        breaches = self._look()
        if breaches:  # cursors may have passed what another connection was still writing
            self._begin()
            breaches = self._look()
        return [*breaches, *self._tracebacks.seen()]

    def _look(self) -> list[str]:
        return self._stage.database.read(
            lambda session: [
                *self._books.check(session),
                *self._arrivals.check(session),
                *self._repeats.check(session),
                *deals.check(session, at=self._stage.clock.now()),
            ]
        )

    def close(self) -> None:
        """Read no more logs."""
        self._tracebacks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
