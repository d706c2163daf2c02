"""Whether anything of ours broke: every exception that reached a log, of ours or of a library."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, cast

import structlog


class Tracebacks:
    """Listens to structlog and to logging from its making until `close`, and changes nothing in them."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._handler = _Handler(self._seen)
        logging.getLogger().addHandler(self._handler)
        # The list itself is kept: a bound logger may hold it already.
        self._processors: list[Any] = structlog.get_config()["processors"]
        self._processors.insert(0, self._note)

    def seen(self) -> list[str]:
        """All so far."""
        return list(self._seen)

    def close(self) -> None:
        """Listen no more; closing twice does nothing."""
        logging.getLogger().removeHandler(self._handler)
        if self._note in self._processors:
            self._processors.remove(self._note)

    def _note(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        told = event.get("exc_info")
        if told:
            self._seen.append(f"a traceback in the logs: {event.get('event')}: {_last_words(told)}")
        return event


class _Handler(logging.Handler):
    """Notes what libraries log with a traceback."""

    def __init__(self, seen: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._list = seen

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and not _is_planted(record):
            self._list.append(
                f"a traceback in the logs of {record.name}: {record.getMessage()}: {_last_words(record.exc_info)}"
            )


def _is_planted(record: logging.LogRecord) -> bool:
    """Whether it is the sandbox's Stripe that hangs up (see DroppedResponse in sandbox/stripe/wire.py)."""
    error = record.exc_info[1] if record.exc_info else None
    return record.name == "uvicorn.error" and str(error) == "Invalid HTTP header name."


def _last_words(told: Any) -> str:
    """The exception and the place it came from; `told` is what a log calls exc_info."""
    error = sys.exc_info()[1] if told is True else told
    if isinstance(error, tuple):
        error = cast("tuple[Any, ...]", error)[1]
    if not isinstance(error, BaseException):
        return "no exception"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
