"""Structured logs with a turn's id on every line, and with secrets and personal data masked."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from app.settings import LogSettings

MASK = "•••"
SECRET_NAMES = re.compile(r"token|secret|password|authorization|api_key|signature|cookie", re.IGNORECASE)
PERSONAL_NAMES = re.compile(
    r"^(text|name|phone|email|address|caption|said|payload|person|words)$", re.IGNORECASE
)
SECRET_VALUES = re.compile(
    r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}"  # a Telegram bot token
    r"|\bEAA[A-Za-z0-9]{16,}"  # Meta's access tokens
    r"|\b(?:sk|rk|pk|whsec)_[A-Za-z0-9_]{6,}"  # Stripe keys
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in a URL
)
PERSONAL_VALUES = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.]+"  # e-mail
    r"|\+\d[\d ()/.-]{6,}\d"  # phone number in international form
)


def set_up(settings: LogSettings) -> None:
    """Send every log line, ours and the libraries', through the same masks to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    level = getattr(logging, settings.level.upper())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets and what people told us, wherever they are in a line."""
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name) or (PERSONAL_NAMES.match(name) and isinstance(value, str | Mapping)):
        return MASK
    if isinstance(value, Mapping):
        return {key: _masked(str(key), inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [_masked(name, inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str):
        return PERSONAL_VALUES.sub(MASK, SECRET_VALUES.sub(MASK, value))
    return value
