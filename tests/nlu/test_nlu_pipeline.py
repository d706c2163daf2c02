"""The pipeline section of config.yml."""

from typing import Any

import pytest
from pydantic import ValidationError

from nlu.pipeline import LinearSvmClassifier, PipelineSettings


def test_the_default_is_the_recommended_pipeline() -> None:
    settings = PipelineSettings()
    assert settings.language == "en"
    assert settings.embedding is not None
    assert settings.embedding.weight == 2
    assert [type(part).__name__ for part in settings.classifiers] == [
        "LinearSvmClassifier",
        "LogisticRegressionClassifier",
    ]
    assert (settings.refusal.precision, settings.refusal.quantile) == (0.75, 0.1)


def test_components_are_named_as_in_rasa_with_options_beside_the_name() -> None:
    settings = PipelineSettings.model_validate(
        {
            "language": "es",
            "pipeline": [
                {"name": "CharFeaturizer", "ngrams": [1, 3]},
                {"name": "LinearSvmClassifier", "C": 2},
            ],
        }
    )
    assert settings.embedding is None
    assert settings.classifiers == (LinearSvmClassifier(C=2),)
    assert settings.ngram_featurizers[0].ngrams == (1, 3)


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ([{"name": "WordFeaturiser"}, {"name": "LinearSvmClassifier"}], "did you mean WordFeaturizer"),
        ([{"name": "WordFeaturizer", "ngram": [1, 2]}], "did you mean ngrams"),
        (
            [{"name": "WordFeaturizer", "ngrams": [3, 1]}, "LinearSvmClassifier"],
            "from the shortest to the longest",
        ),
        (["WordFeaturizer"], "needs a classifier"),
        (["LinearSvmClassifier"], "needs a featurizer"),
        (["WordFeaturizer", "WordFeaturizer", "LinearSvmClassifier"], "named twice"),
        ([{"ngrams": [1, 2]}], "a component has a name"),
        ("WordFeaturizer", "list of components"),
        ([{"name": "zzz"}], "known are WordFeaturizer"),
    ],
)
def test_a_mistake_is_refused_with_the_nearest_known_name(pipeline: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PipelineSettings.model_validate({"pipeline": pipeline})
