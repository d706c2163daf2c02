"""A few examples of a few intents: enough to train a model in no time."""

from datetime import UTC, datetime

from nlu.pipeline import PipelineSettings
from nlu.training_data import Example, TrainingData

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

SMALL = {
    "greet": ["hello", "hi there", "good morning", "hey you", "good evening", "hello again"],
    "order_status": [
        "where is my order",
        "has my parcel shipped",
        "track my package",
        "when does my parcel arrive",
        "order status please",
        "is my order on its way",
    ],
    "refund": [
        "i want my money back",
        "refund me please",
        "can i get a refund",
        "give the money back",
        "a refund for my broken mug",
    ],
    "rare": ["sing a song"],
}
N_GRAMS = PipelineSettings.model_validate(
    {"pipeline": ["WordFeaturizer", "CharFeaturizer", "LinearSvmClassifier", "LogisticRegressionClassifier"]}
)


def small_data() -> TrainingData:
    return TrainingData(tuple(Example(text, intent) for intent, texts in SMALL.items() for text in texts))
