"""What Telegram answers when it refuses: a code, a sentence, sometimes parameters for the client."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any


class ApiError(Exception):
    """A refusal as the Bot API words it; the constructors below add Telegram's own prefix."""

    def __init__(
        self, code: int, description: str, parameters: dict[str, Any] | None = None, *, reason: str = ""
    ) -> None:
        super().__init__(description)
        self.code = code
        self.reason = reason  # without the prefix, in the capitals it was written in
        self.description = description
        self.parameters = parameters

    def answer(self) -> dict[str, Any]:
        """The JSON body of the refusal."""
        body = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(reason: str) -> ApiError:
    """400. The first letter becomes small unless the reason is a code such as BUTTON_DATA_INVALID."""
    return ApiError(400, f"Bad Request: {_as_clause(reason)}", reason=reason)


@contextmanager
def parsing(what: str) -> Generator[None]:
    """Refusals within are told as "can't parse {what}: …"."""
    try:
        yield
    except ApiError as error:
        raise bad_request(f"Can't parse {what}: {error.reason}") from None


def forbidden(reason: str) -> ApiError:
    """403: the person or the chat does not want this bot."""
    return ApiError(403, f"Forbidden: {_as_clause(reason)}")


def too_many_requests(retry_after_seconds: int) -> ApiError:
    """429, with the pause the client must keep."""
    return ApiError(
        429,
        f"Too Many Requests: retry after {retry_after_seconds}",
        {"retry_after": retry_after_seconds},
    )


def conflict(reason: str) -> ApiError:
    """409: two ways of receiving updates at once."""
    return ApiError(409, f"Conflict: {reason}")


UNAUTHORIZED = ApiError(401, "Unauthorized")
NOT_FOUND = ApiError(404, "Not Found")


def _as_clause(reason: str) -> str:
    # The Bot API server does the same: telegram-bot-api, Client.cpp, fail_query_with_error.
    keeps_its_capital = len(reason) > 1 and (reason[1] == "_" or reason[1].isupper())
    return reason if keeps_its_capital else reason[:1].lower() + reason[1:]
