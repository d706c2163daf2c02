"""The knowledge base as this shop uses it: with its models, judged as its own questions taught."""

from dataclasses import replace
from pathlib import Path

from app.settings import Home, Settings
from knowledge_base.judgement import read_judgements
from knowledge_base.means import Means
from knowledge_base.service import KnowledgeBase
from knowledge_base.settings import SETTINGS


def knowledge_for(settings: Settings, home: Home, means: Means) -> KnowledgeBase:
    """Search and answers. Raises Mistakes where the home's own judgements cannot be read."""
    file = judgement_file(home)
    return KnowledgeBase(
        means=means,
        settings=replace(SETTINGS, judgements=read_judgements(file)) if file.exists() else SETTINGS,
        language=settings.language,
    )


def judgement_file(home: Home) -> Path:
    """Where the home keeps what `parley calibrate` fitted on the shop's own questions."""
    return home.folder / "judgements.yml"
