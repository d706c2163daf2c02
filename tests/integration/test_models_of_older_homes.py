"""A home whose models were made for other training data, languages or files: it opens, or says what to do."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import select

from app import wiring
from app.running import Teller, prepare
from app.settings import Home, Secrets, Settings
from knowledge_base.importing import import_knowledge
from knowledge_base.model import Passage, PassageVector
from nlu.model import ModelStore
from tests.open_shop import settings_for_tests

QUICK = ("WordFeaturizer", "LogisticRegressionClassifier")
BY_MEANING = [{"name": "SentenceEmbedding"}, {"name": "LogisticRegressionClassifier"}]
ENGLISH = {
    "greet": ["hello", "hi there", "good morning", "hey you", "good evening", "hello again"],
    "refund": [
        "i want my money back",
        "refund me",
        "a refund please",
        "give the money back",
        "my refund now",
    ],
}
SPANISH = {
    "greet": ["hola", "buenos días", "buenas tardes", "muy buenas", "hola otra vez"],
    "refund": ["quiero mi dinero", "devuélveme el dinero", "un reembolso, por favor", "mi reembolso ya"],
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of training data, which is where the shop's is read from."""
    folder = tmp_path / "data"
    monkeypatch.setattr(wiring, "TRAINING_DATA", folder)
    teach(folder, "en", ENGLISH)
    teach(folder, "es", SPANISH)
    return folder


def teach(folder: Path, language: str, intents: dict[str, list[str]]) -> None:
    blocks = [
        f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
        for intent, texts in intents.items()
    ]
    (folder / language).mkdir(parents=True, exist_ok=True)
    (folder / language / "all.yml").write_text('version: "3.1"\nnlu:\n' + "".join(blocks), "utf-8")


def settings_in(*languages: str) -> Settings:
    pipeline = [{"name": name} for name in QUICK]
    return settings_for_tests().model_copy(update={"languages": languages, "pipeline": pipeline})


def opens(home: Home, *languages: str, quiet: bool = True) -> dict[str, str]:
    """The ids of the models that the home's shop opens with, by language."""
    loaded = prepare(settings_in(*languages), Secrets(), home, Teller(Console(), quiet=quiet), demo=False)
    loaded.database.close()
    return {language: model.card.id for language, model in loaded.learnt.models.items()}


@pytest.mark.usefixtures("data")
def test_a_language_that_came_later_is_learnt_on_opening_and_the_other_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    before = opens(home, "en")
    after = opens(home, "en", "es")
    assert after["en"] == before["en"]
    assert ModelStore(home.models / "intent").current_id("es") == after["es"]


@pytest.mark.usefixtures("data")
def test_a_model_of_an_older_format_is_made_anew_on_opening(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (model,) = opens(home, "en").values()
    manifest = home.models / "intent" / model / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps(content | {"format": content["format"] - 1}), "utf-8")
    assert opens(home, "en") == {"en": model}
    assert json.loads(manifest.read_text("utf-8"))["format"] == content["format"]


def test_new_intents_are_learnt_on_opening_even_where_they_make_the_old_ones_harder_to_tell(
    tmp_path: Path, data: Path
) -> None:
    home = Home(tmp_path / "home")
    before = opens(home, "en")
    alike = [f"{text} then" for text in ENGLISH["refund"]]
    teach(
        data,
        "en",
        ENGLISH | {"refund_status": alike, "greet_again": [f"{text} you" for text in ENGLISH["greet"]]},
    )
    assert opens(home, "en") != before


def test_a_model_that_reads_the_same_intents_worse_is_not_taken_and_the_shop_opens_with_the_one_of_before(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home")
    before = opens(home, "en")
    confused = [f"{text} {word}" for text in ENGLISH["greet"] for word in ("now", "please", "then", "ok")]
    teach(data, "en", ENGLISH | {"refund": ENGLISH["refund"] + confused})
    assert opens(home, "en", quiet=False) == before
    told = " ".join(capsys.readouterr().out.split())
    assert "English goes on with the model of before" in told
    assert "--force" in told


@pytest.mark.usefixtures("data")
def test_documents_that_other_models_read_are_read_anew_on_opening(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    settings = settings_for_tests().model_copy(update={"languages": ("en",), "pipeline": BY_MEANING})
    (tmp_path / "returns.md").write_text("# Returns\n\nThirty days.\n\n## Broken\n\nSend a photo.\n")
    for place in range(2):
        loaded = prepare(settings, Secrets(), home, Teller(Console(), quiet=True), demo=False)
        if place == 0:
            import_knowledge(loaded.database, [tmp_path / "returns.md"], at=datetime.now(UTC))
            loaded.database.write_now(
                lambda session: session.add(
                    PassageVector(
                        passage_id=session.scalars(select(Passage.id)).first(), model="older", vector=b""
                    )
                )
            )
        read = loaded.database.read(
            lambda session: session.execute(select(PassageVector.passage_id, PassageVector.model)).all()
        )
        loaded.database.close()
    assert {model for _, model in read}.isdisjoint({"older"})
    assert len({passage for passage, _ in read}) == 2
