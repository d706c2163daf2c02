"""Idempotency keys: a request sent twice is worked on once (https://docs.stripe.com/api/idempotent_requests)."""

from typing import Final

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.model import DAY_SECONDS, SavedAnswer

KEY_LENGTH_MAX: Final = 255
KEPT_SECONDS: Final = DAY_SECONDS  # Stripe removes keys "after they're at least 24 hours old"


class Idempotency:
    """The answers kept under the keys of one account, and the keys that are being worked on."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._in_progress: set[str] = set()

    def saved(self, key: str, request: str, parameters: str) -> SavedAnswer | None:
        """The answer given before to this request. Raises when the key is another request's, or busy."""
        if len(key) > KEY_LENGTH_MAX:
            raise invalid(f"The Idempotency-Key may have at most {KEY_LENGTH_MAX} characters.")
        if key in self._in_progress:
            raise StripeError(
                409,
                "idempotency_error",
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                code="idempotency_key_in_use",
            )
        answer = self._account.answers.get(key)
        if answer is None or answer.created + KEPT_SECONDS <= self._account.now():
            return None
        _check_same(answer, request, parameters)
        return answer

    def begin(self, key: str) -> None:
        """From now until `end` the key is busy."""
        self._in_progress.add(key)

    def end(self, key: str) -> None:
        self._in_progress.discard(key)

    def save(self, answer: SavedAnswer) -> None:
        """Keep the first answer under its key; drop those whose time is over."""
        answers, limit = self._account.answers, self._account.now() - KEPT_SECONDS
        while (old := answers.oldest()) is not None and old.created <= limit:
            answers.delete(old.id)
        answers.save(answer)


def _check_same(answer: SavedAnswer, request: str, parameters: str) -> None:
    if answer.request != request:
        before, now = (line.partition(" ")[2] for line in (answer.request, request))
        what = f"for the same endpoint they were first used for ('{before}' vs '{now}')"
    elif answer.parameters != parameters:
        what = "with the same parameters they were first used with"
    else:
        return
    raise StripeError(
        400,
        "idempotency_error",
        f"Keys for idempotent requests can only be used {what}. Try using a key other than '{answer.id}' if you "
        "meant to execute a different request.",
    )
