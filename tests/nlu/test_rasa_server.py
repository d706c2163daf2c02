"""A Rasa server as the engine: what is taken from it, and that a message is understood whatever it does."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from nlu.entities.extraction import EntityExtractor
from nlu.json_service import JsonService, LeftAlone
from nlu.rasa_server import RasaInterpreter, RasaServer
from nlu.understanding import Entity, IntentGuess, Understanding
from shop.errors import Unavailable
from tests.recorded_server import RecordedServer, Recording, recording, replaying

OWN = IntentGuess("own_guess", 0.9)


class OwnReading:
    """Stands for our trained model; the entities are the real ones."""

    def __init__(self, extractor: EntityExtractor) -> None:
        self._extractor = extractor

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        return Understanding(text, language or "en", (OWN,), self.entities(text))

    def entities(self, text: str, *, language: str | None = None) -> tuple[Entity, ...]:
        del language
        return self._extractor.extract(text)


Running = Callable[..., AbstractContextManager[tuple[RasaInterpreter, RecordedServer]]]


@pytest.fixture
def running(extractor: EntityExtractor) -> Running:
    @contextmanager
    def run(*answers: Recording, **options: Any) -> Iterator[tuple[RasaInterpreter, RecordedServer]]:
        with replaying(*answers) as server:
            service = JsonService("the Rasa server", server.url, **{"timeout_seconds": 5.0, **options})
            try:
                own = OwnReading(extractor)
                yield RasaInterpreter(RasaServer(service), own, language="en", refuse_below=0.3), server
            finally:
                service.close()

    return run


def said(intent: str | None, confidence: float, *entities: dict[str, Any], **others: float) -> Recording:
    ranking = [{"name": name, "confidence": sure} for name, sure in {intent: confidence, **others}.items()]
    guess = {"name": intent, "confidence": confidence}
    return Recording({"text": "", "intent": guess, "intent_ranking": ranking, "entities": list(entities)})


def found(entity: str, start: int, end: int, value: Any, **more: Any) -> dict[str, Any]:
    return {"entity": entity, "start": start, "end": end, "value": value, **more}


def test_what_a_real_server_was_unsure_of_is_refused_with_its_guesses(running: Running) -> None:
    text = "show me black mugs from france"
    with running(recording("rasa_unsure")) as (interpreter, server):
        understood = interpreter.parse(text)
    assert understood.refused
    assert understood.engine == "rasa"
    assert len(understood.intents) > 3
    probabilities = [guess.probability for guess in understood.intents]
    assert probabilities == sorted(probabilities, reverse=True)
    assert {(entity.name, entity.text) for entity in understood.entities} >= {
        ("color", "black"),
        ("country", "france"),
    }
    assert understood.values("color") == ["Black"], "ours, and once"
    assert (server.asked[0].path, server.asked[0].body) == ("/model/parse", {"text": text})


def test_our_own_entities_stay_and_rasas_other_ones_come_along(running: Running) -> None:
    text = "a black mug for a birthday"
    answer = said(
        "search", 0.9, found("color", 2, 7, "noir", extractor="DIETClassifier"), found("occasion", 18, 26, "birthday")
    )  # fmt: skip
    with running(answer) as (interpreter, _):
        understood = interpreter.parse(text)
    assert understood.values("color") == ["Black"], "the catalogue's, though Rasa read the same word"
    assert understood.values("occasion") == ["birthday"]
    assert [text[e.start : e.end] for e in understood.entities if e.name == "occasion"] == ["birthday"]


@pytest.mark.parametrize(
    "entity",
    [
        found("quantity", 2, 8, "strange"),  # ours are numbers
        found("product", 2, 8, "stoneware-mug"),  # the catalogue alone knows handles
        found("price_max", 2, 8, 1),
        found("phone", 2, 8, "+4930123456"),
        found("occasion", 2, 99, "beyond the text"),
        found("occasion", 8, 8, "nowhere"),
        found("occasion", 2, 8, {"a": "mapping"}),
        found("occasion", 2, 8, "x" * 201),
        found("color", 2, 8, ["red"]),
    ],
    ids=lambda entity: f"{entity['entity']}-{str(entity['value'])[:12]}",
)
def test_an_entity_that_would_mean_something_else_here_is_left_out(
    running: Running, entity: dict[str, Any]
) -> None:
    with running(said("search", 0.9, entity)) as (interpreter, _):
        assert interpreter.parse("a strange thing").entities == ()


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (said("search", 0.31, greet=0.3), False),
        (said("search", 0.29), True),
        (said("nlu_fallback", 0.3, search=0.25), True),
        (said("nlu_fallback", 0.6, search=0.55, greet=0.5), True),
        (said("out_of_scope", 0.98, search=0.01), True),
        (said(None, 0.0), True),
    ],
)
def test_what_rasa_does_not_believe_is_refused(running: Running, answer: Recording, refused: bool) -> None:
    with running(answer) as (interpreter, _):
        understood = interpreter.parse("some words")
        assert understood.refused is refused
        assert (understood.refusal_score > interpreter.threshold) is refused
    assert not {"nlu_fallback", "out_of_scope"} & {guess.name for guess in understood.intents}


BROKEN = {
    "status 500": Recording({"status": "failure"}, status=500),
    "status 401": Recording({"status": "failure"}, status=401),
    "no JSON": Recording("<html>"),
    "half of it": Recording('{"intent": {"name": "sea'),
    "a list": Recording([]),
    "null": Recording(None),
    "no intent": Recording({"text": "x"}),
    "intent as a word": Recording({"intent": "search"}),
    "confidence beyond one": said("search", 17.0),
    "confidence that is no number": Recording('{"intent": {"name": "search", "confidence": NaN}}'),
    "entities as a word": Recording({"intent": {"name": "a", "confidence": 0.5}, "entities": "x"}),
    "deep": Recording("[" * 100_000),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_costs_nothing_but_a_warning(running: Running, answer: Recording) -> None:
    with running(answer) as (interpreter, _), capture_logs() as logs:
        understood = interpreter.parse("my number is 030 1234567")
    assert understood.intents == (OWN,)
    assert understood.engine == "parley"
    assert [line["event"] for line in logs] == ["rasa.unavailable"]
    assert "030" not in str(logs), "no words of a person in the log"


def test_a_silent_server_costs_one_short_wait_and_is_then_left_alone(running: Running) -> None:
    with (
        running(Recording(silent=True), timeout_seconds=0.1) as (interpreter, server),
        capture_logs() as logs,
    ):
        answers = [interpreter.parse(f"message {number}") for number in range(5)]
    assert all(understood.intents == (OWN,) for understood in answers)
    assert len(server.asked) == 1
    assert len(logs) == 1


def test_a_server_that_is_gone_is_asked_again_after_its_pause(extractor: EntityExtractor) -> None:
    now = [0.0]
    with replaying(said("search", 0.9)) as server:
        url = server.url
    service = JsonService("it", url, timeout_seconds=5, pause_seconds=10, now=lambda: now[0])
    with pytest.raises(Unavailable, match=r"it gave no answer \(ConnectError\)"):
        service.post("/model/parse", {})
    with pytest.raises(LeftAlone, match="left alone for 10 s"):
        service.post("/model/parse", {})
    now[0] = 10.1
    with pytest.raises(Unavailable, match="ConnectError"):
        service.post("/model/parse", {})
    service.close()


def test_a_server_that_asks_for_time_gets_it() -> None:
    now = [0.0]
    with replaying(Recording({}, status=429, headers={"Retry-After": "60"}), Recording({"ok": 1})) as server:
        service = JsonService("it", server.url, timeout_seconds=5, pause_seconds=1, now=lambda: now[0])
        with pytest.raises(Unavailable, match="status 429"):
            service.post("/x", {})
        now[0] = 59.0
        with pytest.raises(LeftAlone):
            service.post("/x", {})
        now[0] = 61.0
        assert service.post("/x", {}) == {"ok": 1}
        service.close()


def test_an_answer_that_comes_too_late_or_too_long_is_not_waited_for() -> None:
    ticks = iter(range(100))
    with replaying(Recording({"long": "x" * 200_000}), Recording("x" * 2_100_000)) as server:
        slow = JsonService("it", server.url, timeout_seconds=1, pause_seconds=0, now=lambda: next(ticks))
        with pytest.raises(Unavailable, match="too slow"):
            slow.post("/x", {})
        slow.close()
        service = JsonService("it", server.url, timeout_seconds=5)
        with pytest.raises(Unavailable, match="more than"):
            service.post("/x", {})
        service.close()


def test_nobody_can_command_rasa_with_a_slash(running: Running) -> None:
    """Rasa takes "/cancel{…}" for an intent with entities, said with full confidence."""
    with running(said("search", 0.9, found("occasion", 0, 8, "birthday"))) as (interpreter, server):
        understood = interpreter.parse('/ /birthday{"color": "x"}')
    assert server.asked[0].body == {"text": 'birthday{"color": "x"}'}
    assert [(e.text, e.start) for e in understood.entities if e.name == "occasion"] == [("birthday", 3)]


@pytest.mark.parametrize("text", ["", "   ", "/", "// /", "\u200b"])
def test_nothing_to_read_is_not_sent(running: Running, text: str) -> None:
    with running(said("search", 0.9)) as (interpreter, server):
        assert interpreter.parse(text).engine == "parley"
    assert server.asked == []


@pytest.mark.parametrize("text", ["\ud800 half a pair", "nul\0", "🎉" * 300, "x" * 4000, '"quotes"\\'])
def test_any_text_is_sent_and_understood(running: Running, text: str) -> None:
    with running(said("search", 0.9)) as (interpreter, server):
        assert interpreter.parse(text).engine == "rasa"
    assert len(server.asked[0].body["text"]) == len(text), "places stay right"


def test_another_language_is_understood_by_ourselves(running: Running) -> None:
    with running(said("search", 0.9)) as (interpreter, server):
        assert interpreter.parse("hola", language="es").engine == "parley"
        assert interpreter.parse("hello", language="en").engine == "rasa"
    assert len(server.asked) == 1


def test_the_intents_of_a_model_are_those_of_its_domain(running: Running) -> None:
    domain = Recording({"intents": ["greet", {"order_status": {"use_entities": []}}]})
    with replaying(domain, Recording({"intents": 5}), Recording([])) as server:
        service = JsonService("it", server.url, timeout_seconds=5, parameters={"token": "geheim"})
        assert RasaServer(service).intents() == {"greet", "order_status"}
        for _ in range(2):
            with pytest.raises(Unavailable, match="another shape"):
                RasaServer(service).intents()
        service.close()
    assert server.asked[0].path == "/domain?token=geheim"
    assert server.asked[0].headers["Accept"] == "application/json"
