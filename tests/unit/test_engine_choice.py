"""The choice of engine in config.yml, and what `parley check` and `parley nlu export` say of it."""

from pathlib import Path

import pytest

from app import engines
from app.checking import mistakes
from app.report import Failure
from app.settings import ROOT, Secrets, read_secrets, read_settings
from app.understanding_commands import export_rasa
from app.wiring import TRAINING_DATA
from nlu import training_data
from nlu.understanding import Entity, Understanding
from storage.yaml_files import Mistakes
from tests.recorded_server import Recording, replaying

GOOD = (ROOT / "config.yml").read_text("utf-8")


def written(folder: Path, section: str) -> Path:
    """The shop's config with another section of that name."""
    path, key = folder / "config.yml", section.partition(" ")[0]
    others = "\n".join(line for line in GOOD.splitlines() if not line.startswith(key))
    path.write_text(f"{others}\n{section}\n", "utf-8")
    return path


class Own:
    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        return Understanding(text, "en")

    def entities(self, text: str, *, language: str | None = None) -> tuple[Entity, ...]:
        return ()


def test_our_own_engine_is_the_default() -> None:
    settings = read_settings(ROOT / "config.yml")
    own = Own()
    assert settings.nlu.engine == "parley"
    with engines.interpreter(settings, Secrets(), own) as chosen:
        assert chosen is own


def test_a_rasa_server_is_asked_with_its_token_from_the_environment(tmp_path: Path) -> None:
    answer = {"intent": {"name": "greet", "confidence": 0.9}}
    with replaying(Recording(answer)) as server:
        settings = read_settings(written(tmp_path, f"nlu: {{engine: rasa, url: '{server.url}/'}}"))
        secrets = read_secrets({"PARLEY_RASA_TOKEN": "geheim"})
        with engines.interpreter(settings, secrets, Own()) as chosen:
            assert chosen.parse("hello").intent == "greet"
    assert server.asked[0].path == "/model/parse?token=geheim"
    assert "geheim" not in repr(secrets)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("nlu: {engine: rasa}", r"config.yml:\d+: 'nlu': .*needs the server's address"),
        ("nlu: {engin: rasa}", r"config.yml:\d+: unknown key 'nlu.engin' — did you mean 'engine'"),
        ("nlu: {engine: dialogflow}", r"config.yml:\d+: 'nlu.engine'"),
        ("nlu: {engine: rasa, url: 'localhost:5005'}", "'nlu.url': .*is no address such as http://"),
        ("nlu: {engine: rasa, url: 'http://me:secret@rasa'}", "secrets come from the environment"),
        ("nlu: {engine: rasa, url: 'http://rasa/?token=1'}", "secrets come from the environment"),
        ("nlu: {timeout_seconds: 0}", "'nlu.timeout_seconds'"),
    ],
)
def test_a_mistake_in_the_choice_is_named(tmp_path: Path, section: str, message: str) -> None:
    with pytest.raises(Mistakes, match=message):
        read_settings(written(tmp_path, section))


def checked(folder: Path, url: str) -> list[str]:
    return [str(each).replace(f"{folder}/", "") for each in mistakes(written(folder, f"nlu: {{engine: rasa, url: '{url}'}}"))]  # fmt: skip


def test_check_is_content_with_a_server_that_knows_every_intent(tmp_path: Path) -> None:
    intents = list(training_data.load(TRAINING_DATA / "en").intents)
    with replaying(Recording({"intents": intents})) as server:
        assert checked(tmp_path, server.url) == []


def test_check_names_the_intents_that_the_server_was_never_taught(tmp_path: Path) -> None:
    intents = set(training_data.load(TRAINING_DATA / "en").intents) - {"order_status", "affirm"}
    with replaying(Recording({"intents": sorted(intents)})) as server:
        (found,) = checked(tmp_path, server.url)
    assert found.startswith("config.yml:")
    assert "lacks intents that flows use: affirm, order_status; export the examples anew" in found


def test_check_says_when_the_server_cannot_be_asked(tmp_path: Path) -> None:
    with replaying(Recording({}, status=401), Recording({"version": "3.1"})) as server:
        url = server.url
        assert "answered with status 401" in checked(tmp_path, url)[0]
        assert "train it with `rasa train`" in checked(tmp_path, url)[0]
    (found,) = checked(tmp_path, url)
    assert f"gave no answer (ConnectError) at {url}: start it with" in found


def test_a_language_without_examples_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"no examples in 'xx'; there are in: en, es"):
        export_rasa(
            ROOT / "config.yml",
            tmp_path / "out",
            language="xx",
            epochs=1,
            force=False,
            data_folder=TRAINING_DATA,
        )
    assert not (tmp_path / "out").exists()


def test_an_export_tells_what_it_wrote_and_keeps_what_is_there(tmp_path: Path) -> None:
    def export(*, force: bool) -> dict[str, object]:
        return export_rasa(
            ROOT / "config.yml",
            tmp_path / "out",
            language=None,
            epochs=1,
            force=force,
            data_folder=TRAINING_DATA,
        ).facts

    facts = export(force=False)
    assert (facts["language"], facts["intents"]) == (
        "en",
        len(training_data.load(TRAINING_DATA / "en").intents) + 1,
    )
    assert all(Path(path).is_file() for path in facts["files"])  # type: ignore[attr-defined]
    with pytest.raises(Failure, match="not empty"):
        export(force=False)
    assert export(force=True) == facts
    (tmp_path / "file").write_text("here")
    with pytest.raises(Failure, match="is not empty"):
        export_rasa(
            ROOT / "config.yml",
            tmp_path / "file",
            language=None,
            epochs=1,
            force=False,
            data_folder=TRAINING_DATA,
        )
