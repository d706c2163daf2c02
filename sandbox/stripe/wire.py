"""The HTTP side of the API: keys, versions, forms, idempotency and planted faults around one endpoint's work."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.stripe import expansion, passage
from sandbox.stripe.account import Account, Caller
from sandbox.stripe.endpoints import ENDPOINTS, Call, Endpoint
from sandbox.stripe.errors import JSON, StripeError, invalid
from sandbox.stripe.faults import (
    RATE_LIMITED_REASON,
    SLOW_SECONDS,
    ConnectionDropped,
    Fault,
    Faults,
    refusal,
)
from sandbox.stripe.idempotency import Idempotency
from sandbox.stripe.model import SavedAnswer
from sandbox.stripe.parameters import API_VERSION, Parameters, check, decode
from sandbox.stripe.webhooks import Webhooks

FORM: Final = "application/x-www-form-urlencoded"
_HELP: Final = "See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."


class DroppedResponse(Response):
    """Closes the connection without a byte of an answer, as far as ASGI lets an application do that.

    A header with an impossible name makes the server give up after it counts the response as started, and so it
    can only hang up; a server that let it pass meets the exception next.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        dropped = ConnectionDropped(f"{scope['method']} {scope['path']}: a planted fault")
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"\0", b"")]})
        except RuntimeError as refused:
            raise dropped from refused
        raise dropped


class CutResponse(Response):
    """Promises the whole answer, sends half of it and hangs up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        raise ConnectionDropped(f"{scope['method']} {scope['path']}: a planted fault")


_PROXY_PAGE: Final = (
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


@dataclass
class Answer:
    """What goes back: the body as text, so that a replay is the same to the byte."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def response(self) -> Response:
        return Response(self.body, self.status, self.headers, media_type="application/json")

    @property
    def cut(self) -> Response:
        return CutResponse(self.body, self.status, self.headers, media_type="application/json")


@dataclass(frozen=True)
class Asked:
    """One request, taken off the wire."""

    endpoint: Endpoint
    ids: dict[str, str]
    path: str
    pairs: tuple[tuple[str, str], ...]
    request_id: str
    key: str | None

    @property
    def line(self) -> str:
        return f"{self.endpoint.name.partition(' ')[0]} {self.path}"

    @property
    def fingerprint(self) -> str:
        return json.dumps(sorted(self.pairs))


class Api:
    """Answers requests to /v1 on behalf of one account."""

    def __init__(self, account: Account, webhooks: Webhooks) -> None:
        self._account = account
        self._webhooks = webhooks
        self._idempotency = Idempotency(account)
        self.faults = Faults(endpoint.name for endpoint in ENDPOINTS)

    async def answer(self, request: Request, path: str) -> Response:
        """The response, errors included; its headers name the request as Stripe does."""
        passage.catch_up(self._account)
        request_id = self._account.new_id("req_", 14)
        try:
            self._authenticate(request)
            self._check_version(request)
            asked = await self._read(request, path, request_id)
        except StripeError as error:
            return self._finish(self._refused(error, request_id), request_id, None).response
        return await self._under_fault(asked)

    def _authenticate(self, request: Request) -> None:
        key = _given_key(request.headers.get("authorization", ""))
        if not key:
            raise StripeError(
                401,
                "invalid_request_error",
                "You did not provide an API key. You need to provide your API key in the Authorization header, using "
                f"Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). {_HELP}",
            )
        if key != self._account.settings.api_key:
            raise StripeError(401, "invalid_request_error", f"Invalid API Key provided: {_masked(key)}")

    def _check_version(self, request: Request) -> None:
        version = request.headers.get("stripe-version", API_VERSION)
        if version != API_VERSION:
            raise invalid(
                f"Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION} and no other."
            )

    async def _read(self, request: Request, path: str, request_id: str) -> Asked:
        method = request.method
        endpoint, ids = _endpoint_of(method, path)
        if method == "POST":
            key = request.headers.get("idempotency-key")
            pairs = _form(await request.body(), request.headers.get("content-type", ""))
        else:
            key = None  # has no effect on GET and DELETE, which are idempotent by definition
            pairs = tuple(parse_qsl(request.url.query, keep_blank_values=True))
        return Asked(endpoint, ids, path, pairs, request_id, key)

    async def _under_fault(self, asked: Asked) -> Response:
        fault = self.faults.take(asked.endpoint.name)
        if fault == Fault.LOST:
            return DroppedResponse()
        if fault == Fault.BAD_GATEWAY:
            return HTMLResponse(_PROXY_PAGE, 502)
        answer = self._respond(asked, fault)
        if fault == Fault.SLOW:
            await self._linger(asked)
        if fault == Fault.TIMEOUT:
            return DroppedResponse()
        if fault == Fault.GARBLED:
            return HTMLResponse(_PROXY_PAGE, 502)
        whole = self._finish(answer, asked.request_id, asked.key)
        return whole.cut if fault == Fault.CUT else whole.response

    async def _linger(self, asked: Asked) -> None:
        """Keep the answer back, and the key busy as long."""
        if asked.key is not None:
            self._idempotency.begin(asked.key)
        try:
            await self._account.clock.sleep(SLOW_SECONDS)
        finally:
            if asked.key is not None:
                self._idempotency.end(asked.key)

    def _respond(self, asked: Asked, fault: Fault) -> Answer:
        try:
            saved = asked.key and self._idempotency.saved(asked.key, asked.line, asked.fingerprint)
            error = refusal(fault)
            if error is not None and fault != Fault.ERROR_SAVED:
                raise error
            if saved:
                return _replayed(saved)
            parameters = check(asked.endpoint.name, decode(asked.pairs))
            asked.endpoint.check_honoured(parameters)
            expansion.check(asked.endpoint.shows, parameters.get("expand", []))
        except StripeError as error:
            return self._refused(error, asked.request_id)
        return self._work(asked, parameters, error)

    def _work(self, asked: Asked, parameters: Parameters, planted: StripeError | None) -> Answer:
        """Run the endpoint. Its answer is kept under the key, refusals too: the work had begun."""
        account = self._account
        account.caller = Caller(asked.request_id, asked.key)
        try:
            if planted is not None:
                raise planted
            call = Call(account, self._webhooks, asked.path, asked.ids, parameters)
            shown = expansion.expand(account, asked.endpoint.run(call), parameters.get("expand", []))
            answer = Answer(200, _encoded(shown))
        except StripeError as error:
            answer = self._refused(error, asked.request_id)
        finally:
            account.caller = Caller()
        if asked.key is not None:
            self._keep(asked, answer)
        account.store.commit()
        return answer

    def _keep(self, asked: Asked, answer: Answer) -> None:
        assert asked.key is not None
        saved = SavedAnswer(
            id=asked.key,
            created=self._account.now(),
            request=asked.line,
            parameters=asked.fingerprint,
            request_id=asked.request_id,
            status=answer.status,
            body=answer.body,
        )
        self._idempotency.save(saved)

    def _refused(self, error: StripeError, request_id: str) -> Answer:
        log = f"https://dashboard.stripe.com/test/logs/{request_id}?t={self._account.now()}"
        headers = {"WWW-Authenticate": 'Basic realm="Stripe"'} if error.status == 401 else {}
        # https://docs.stripe.com/error-low-level: the server may know better than the client's own rule.
        if error.status == 500:
            headers["Stripe-Should-Retry"] = "false"
        if error.code in RATE_LIMITED_REASON:
            headers["Stripe-Rate-Limited-Reason"] = RATE_LIMITED_REASON[error.code]
        return Answer(error.status, _encoded(error.body(log)), headers)

    def _finish(self, answer: Answer, request_id: str, key: str | None) -> Answer:
        answer.headers |= {"Request-Id": request_id, "Stripe-Version": API_VERSION}
        if key is not None:
            answer.headers |= {"Idempotency-Key": key}
        return answer


def _given_key(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _masked(key: str) -> str:
    """As Stripe shows a wrong key: the kind and the last four."""
    kind = key[:8] if key.startswith(("sk_test_", "sk_live_", "rk_test_", "pk_test_")) else key[:2]
    return f"{kind}{'*' * max(len(key) - len(kind) - 4, 4)}{key[-4:]}"


def _endpoint_of(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    for endpoint in ENDPOINTS:
        ids = endpoint.match(method, path)
        if ids is not None:
            return endpoint, ids
    raise invalid(
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing slash. "
        "If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. "
        "Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        status=404,
    )


def _form(body: bytes, content_type: str) -> tuple[tuple[str, str], ...]:
    if body and content_type.partition(";")[0].strip().lower() != FORM:
        raise invalid(
            f"Invalid request (check that your POST content type is {FORM}). If you have any questions, we can help "
            "at https://support.stripe.com/."
        )
    try:
        return tuple(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body)))
    except ValueError:
        raise invalid("Invalid request: the body is no URL-encoded form.") from None


def _replayed(saved: SavedAnswer) -> Answer:
    headers = {"Idempotent-Replayed": "true", "Original-Request": saved.request_id}
    return Answer(saved.status, saved.body, headers)


def _encoded(shown: JSON) -> str:
    return json.dumps(shown, indent=2, ensure_ascii=False)
