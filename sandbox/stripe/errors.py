"""Stripe's refusals: what went wrong, as its API says it (https://docs.stripe.com/api/errors)."""

from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]


@dataclass
class StripeError(Exception):
    """One error object and its HTTP status. `extra` holds the objects some errors carry (payment_intent, …)."""

    status: int
    type: str
    message: str
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None
    extra: JSON = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        return self.message

    def body(self, request_log_url: str) -> JSON:
        """The JSON answer; keys without a value are left out, as Stripe does."""
        error: JSON = {
            "code": self.code,
            "decline_code": self.decline_code,
            "doc_url": documentation_of(self.code),
            "message": self.message,
            "param": self.param,
            "request_log_url": request_log_url,
            "type": self.type,
            **self.extra,
        }
        return {"error": {key: value for key, value in error.items() if value is not None}}


def documentation_of(code: str | None) -> str | None:
    """The page about an error code."""
    return f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}" if code else None


def invalid(
    message: str, *, param: str | None = None, code: str | None = None, status: int = 400
) -> StripeError:
    """The request is at fault."""
    return StripeError(status, "invalid_request_error", message, code=code, param=param)


def no_such(kind: str, object_id: str, *, param: str) -> StripeError:
    """An object that is not there."""
    return invalid(f"No such {kind}: '{object_id}'", param=param, code="resource_missing", status=404)


def unexpected_state(message: str, intent: JSON) -> StripeError:
    """A payment that is past what was asked of it; the error carries the payment as it is."""
    error = invalid(message, code="payment_intent_unexpected_state")
    error.extra["payment_intent"] = intent
    return error


def not_emulated(what: str, *, param: str | None = None) -> StripeError:
    """The real API would take it, this emulator would have to ignore it: it says so instead."""
    return invalid(
        f"The sandbox does not emulate {what}. The real Stripe may accept this request.",
        param=param,
        code="sandbox_not_emulated",
    )
