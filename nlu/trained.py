"""The model of some training data: the one that was made of it before, or one that is trained now."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime

from nlu.embedding import Embedder
from nlu.model import FORMAT, ModelFileError, ModelStore, TrainedModel
from nlu.pipeline import PipelineSettings
from nlu.training_data import TrainingData

Progress = Callable[[str, float], None]
"""What is being done, and how much of it all is done (0–1)."""


def model_id(
    data: TrainingData, settings: PipelineSettings, *, embedder: Embedder | None, seed: int = 0
) -> str:
    """Names the model that this data and these settings give; the same in, the same name."""
    content = [
        FORMAT,
        data.digest(),
        settings.model_dump(mode="json"),
        embedder.name if embedder else None,
        seed,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def ensure_model(
    store: ModelStore,
    data: TrainingData,
    settings: PipelineSettings,
    *,
    embedder: Embedder | None,
    at: datetime,
    progress: Progress | None = None,
    force: bool = False,
    seed: int = 0,
) -> tuple[TrainedModel, bool]:
    """The model of this data and these settings, put to use; True when it had to be trained.

    A model that was trained on the same before is only loaded. Raises TrainingDataError, and WorseModel when
    the one in use is clearly better (it stays in use), unless forced.
    """
    used = needed(embedder, settings)
    identity = model_id(data, settings, embedder=used, seed=seed)
    try:
        model, trained = (store.load(identity, embedder=used), False) if store.has(identity) else (None, True)
    except ModelFileError:
        store.discard(identity)  # half-copied or changed by hand: what it was made from is here
        model, trained = None, True
    if model is None:
        from nlu.training import train  # noqa: PLC0415 - scikit-learn: a second and 70 MB that reading never needs

        model = train(data, settings, embedder=used, at=at, progress=progress, seed=seed)
    if trained or store.current_id(settings.language) != identity:
        store.adopt(model, force=force)
    return model, trained


def needed(embedder: Embedder | None, settings: PipelineSettings) -> Embedder | None:
    """The embedder, if the pipeline names one; raises ValueError where it does and none is given."""
    if settings.embedding is None:
        return None
    if embedder is None:
        raise ValueError("the pipeline names SentenceEmbedding, so training needs an embedder")
    return embedder
