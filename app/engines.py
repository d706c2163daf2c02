"""The choice of engine: who understands messages, and which services outside help with it."""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path

from app.settings import Secrets, Settings
from nlu.json_service import JsonService
from nlu.rasa_server import OwnReading, RasaInterpreter, RasaServer
from nlu.understanding import Interpreter
from shop.errors import Unavailable
from storage import yaml_files
from storage.yaml_files import Mistake

SHOWN_MAX = 20  # names in a message


def rasa_service(settings: Settings, secrets: Secrets) -> JsonService | None:
    """The Rasa server that config.yml names as the engine, if it does; the caller closes it."""
    chosen, token = settings.nlu, secrets.rasa_token
    if chosen.engine != "rasa" or chosen.url is None:
        return None
    return JsonService(
        "the Rasa server",
        chosen.url,
        timeout_seconds=chosen.timeout_seconds,
        pause_seconds=chosen.pause_seconds,
        parameters={"token": token.get_secret_value()} if token else {},
    )


def interpreter_with(rasa: JsonService | None, own: OwnReading, settings: Settings) -> Interpreter:
    """Rasa where there is a server of it, with our own reading beside it; else our own alone."""
    if rasa is None:
        return own
    return RasaInterpreter(
        RasaServer(rasa), own, language=settings.language, refuse_below=settings.nlu.refuse_below
    )


@contextmanager
def interpreter(settings: Settings, secrets: Secrets, own: OwnReading) -> Generator[Interpreter]:
    """The chosen engine's interpreter, for the while of a command."""
    rasa = rasa_service(settings, secrets)
    try:
        yield interpreter_with(rasa, own, settings)
    finally:
        if rasa is not None:
            rasa.close()


def check_rasa(settings: Settings, secrets: Secrets, config: Path, wanted: Collection[str]) -> list[Mistake]:
    """Whether the server answers, and which of the `wanted` intents its model was never taught."""
    service = rasa_service(settings, secrets)
    if service is None:
        return []
    line = yaml_files.line_of(yaml_files.load(config), ["nlu", "url"])
    try:
        known = RasaServer(service).intents()
    except Unavailable as error:
        return [Mistake(config, line, f"{error} at {service.url}: start it with `rasa run --enable-api`")]
    finally:
        service.close()
    if not known:  # `rasa train nlu` leaves the domain out
        return [Mistake(config, line, f"{service.name} does not tell which intents its model knows: train it with `rasa train`")]  # fmt: skip
    missing = sorted(set(wanted) - known)
    if not missing:
        return []
    more = f" and {len(missing) - SHOWN_MAX} more" if len(missing) > SHOWN_MAX else ""
    names = ", ".join(missing[:SHOWN_MAX]) + more
    text = f"the model of the Rasa server lacks intents that flows use: {names}; export the examples anew (parley nlu export --rasa DIR) and train it"
    return [Mistake(config, line, text)]
