"""The merchant's documents in a database of their own for a while, ready to be asked."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import update

from app.benchmarks.data_sets import MissingData
from app.settings import Home, Settings
from app.topics import IntentTopics
from app.wiring import embedder_across, embedder_for, read_training_data, trained_model
from knowledge_base.importing import import_knowledge
from knowledge_base.means import Means
from knowledge_base.model import Passage
from knowledge_base.passages import refresh_passage_vectors
from nlu.embedding import Embedder
from storage.engine import Database
from storage.migrate import upgrade


@contextmanager
def means_for(
    settings: Settings,
    *,
    tell: Callable[[str], None],
    embedder: Embedder | None = None,
    languages: Sequence[str] = (),
) -> Generator[Means]:
    """What a shop of these settings answers with, its intent models trained for the occasion; or with another embedder.

    Of its `languages`, the main one where none is named.
    """
    own = embedder_for(settings)
    if own is None:
        yield Means()
        return
    tell("Knowledge: training the intents")
    data = read_training_data(settings)
    with TemporaryDirectory(prefix="parley-bench-") as folder:
        models = {
            language: trained_model(settings, Home(Path(folder)), data[language], language=language)[0]
            for language in languages or settings.languages[:1]
        }
        across = embedder_across(settings) if len(models) > 1 else None
        yield Means(embedder or own, across, IntentTopics(models.get))


@contextmanager
def taken_in(
    documents: Path, means: Means, *, language: str, at: datetime, unasked: bool = False
) -> Generator[Database]:
    """A file or folder, imported; `unasked` leaves out the questions that it lists for its passages. Raises MissingData."""
    with TemporaryDirectory(prefix="parley-bench-") as folder:
        database = Database.open(f"sqlite:///{folder}/parley.db")
        try:
            upgrade(database)
            problems = import_knowledge(database, [documents], at=at, language=language).problems
            if problems:
                raise MissingData("\n".join(str(problem) for problem in problems))
            if unasked:
                database.write_now(lambda session: session.execute(update(Passage).values(phrasings=[])))
            refresh_passage_vectors(database, means)
            yield database
        finally:
            database.close()
