"""A small model for quick tests, and the shop's own, each trained once."""

import pytest

from app.stage import Template
from nlu.embedding import MiniLmEmbedder
from nlu.entities.extraction import EntityExtractor
from nlu.entities.vocabulary import Vocabulary
from nlu.model import TrainedModel
from nlu.pipeline import PipelineSettings
from nlu.training import train
from nlu.training_data import TrainingData, load, shipped
from tests.nlu.small_shop import AT, small_data


@pytest.fixture(scope="session")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


@pytest.fixture(scope="session")
def small_model(embedder: MiniLmEmbedder) -> TrainedModel:
    return train(small_data(), PipelineSettings(), embedder=embedder, at=AT)


@pytest.fixture(scope="session")
def shop_data() -> TrainingData:
    return load(shipped("en"))


@pytest.fixture(scope="session")
def shop_model(shop_template: Template) -> TrainedModel:
    """The model that the demo shop was trained with, once for all test processes."""
    return shop_template.learnt.models["en"]


@pytest.fixture(scope="session")
def extractor(shop_data: TrainingData) -> EntityExtractor:
    vocabulary = Vocabulary(
        colors=["Black", "White", "Blue", "Red", "Dark Green"],
        sizes=["S", "M", "L", "42"],
        materials=["Stoneware", "Bamboo"],
        categories=["Mugs", "Teapots", "Candles", "Road Bikes", "Blankets", "T-Shirts"],
        products={
            "stoneware-mug": "Stoneware Mug",
            "ocean-teapot": "Ocean Blue Teapot 1 l",
            "black-mug": "Black Mug",
            "camp-lantern": "Camp Lantern (rechargeable)",
            "camp-stove": "Camp Stove",
        },
    )
    return EntityExtractor("en", vocabulary=vocabulary, region="DE", data=shop_data)
