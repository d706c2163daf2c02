"""The commands that keep a shop open: for customers, or for a talk in the terminal."""

from pathlib import Path

from app import running
from app.log import set_up
from app.report import Failure
from app.settings import Home, read_secrets, read_settings


def serve(home: Path, config: Path, *, port: int | None, sandbox: bool, as_json: bool) -> None:
    """Open the shop and stay open until Ctrl-C."""
    settings, secrets = read_settings(config), read_secrets()
    set_up(settings.log)
    try:
        running.serve(settings, secrets, Home(home), port=port, sandbox=sandbox, quiet=as_json)
    except running.CannotOpen as error:
        raise Failure(str(error)) from error


def chat(home: Path, config: Path, *, port: int | None) -> None:
    """Talk in the terminal."""
    settings, secrets = read_settings(config), read_secrets()
    set_up(settings.log.model_copy(update={"level": "error"}))
    try:
        running.chat(settings, secrets, Home(home), port=port)
    except running.CannotOpen as error:
        raise Failure(str(error)) from error
