"""The wire: /bot{token}/{method} and /file/bot{token}/{path} over HTTP, as api.telegram.org serves them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import DroppedConnection
from sandbox.telegram import methods as _methods  # noqa: F401  # pyright: ignore[reportUnusedImport] - registers them
from sandbox.telegram.calls import HANDLERS, Call, Upload, read_parameters
from sandbox.telegram.control import people_routes
from sandbox.telegram.errors import NOT_FOUND, UNAUTHORIZED, ApiError, bad_request
from sandbox.telegram.faults import Fault
from sandbox.telegram.json_values import as_object
from sandbox.telegram.methods.media import file_path
from sandbox.telegram.schema import method_name
from sandbox.telegram.state import Bot, Json, StoredFile
from sandbox.telegram.world import TelegramWorld

_REQUEST_BYTES_MAX = 55 * 1024 * 1024  # files of 50 MB, and something around them


def create_app(world: TelegramWorld, *, with_people: bool = True) -> FastAPI:
    """An ASGI app for one world, to be served alone or mounted under a path.

    `with_people` adds /_people/…, through which anyone who can connect acts as any person of the world.
    Served alone it opens and closes the world; who mounts it does that (`world.open`, `world.close`).
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await world.open()
        yield
        await world.close()

    app = FastAPI(title="Telegram Bot API emulator", openapi_url=None, lifespan=lifespan)
    server = _Server(world)
    app.add_route("/bot{token}/{method}", server.answer, methods=["GET", "POST"])
    app.add_route("/file/bot{token}/{path:path}", server.file, methods=["GET"])
    if with_people:
        app.router.routes.extend(people_routes(world))
    world.webhooks.call_method = server.call_from_webhook
    return app


class _Server:
    def __init__(self, world: TelegramWorld) -> None:
        self._world = world

    async def answer(self, request: Request) -> Response:
        """One method call."""
        name = request.path_params["method"]
        fault = self._world.faults.take(name)
        if fault is not None and not fault.served:
            return await self._fail(fault)
        response = await self._serve(request, name)
        return response if fault is None else await self._fail(fault)

    async def file(self, request: Request) -> Response:
        """A file that getFile named."""
        bot = self._find_bot(request.path_params["token"])
        wanted = request.path_params["path"]
        file = next((f for f in self._world.store.all(StoredFile) if file_path(f) == wanted), None)
        if bot is None or file is None:
            return _refusal(UNAUTHORIZED if bot is None else NOT_FOUND)
        return Response(self._world.store.bytes_of(file.number), media_type="application/octet-stream")

    async def call_from_webhook(self, bot: Bot, name: str, parameters: Json) -> None:
        """A method in a webhook's answer: nobody learns how it ended."""
        try:
            await self._call(bot, name, parameters, {})
        except ApiError as error:
            self._world.note_refusal(bot, name, error)

    async def _serve(self, request: Request, name: str) -> Response:
        bot = self._find_bot(request.path_params["token"])
        if bot is None:
            return _refusal(UNAUTHORIZED)
        try:
            given, uploads = await _read(request)
            result = await _unless_gone(request, self._call(bot, name, given, uploads))
        except ApiError as error:
            self._world.note_refusal(bot, name, error)
            return _refusal(error)
        return JSONResponse({"ok": True, "result": result})

    async def _call(self, bot: Bot, name: str, given: Json, uploads: Mapping[str, Upload]) -> Any:
        known = method_name(name)
        handler = HANDLERS.get(known or "")
        if known is None or handler is None:
            raise NOT_FOUND
        return await handler(Call(self._world, bot, known, read_parameters(known, given, uploads), uploads))

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind == "refuse":
            return _refusal(fault.refusal())
        if fault.kind == "hang":
            await self._world.clock.sleep(fault.seconds)
        return DroppedConnection()

    def _find_bot(self, token: str) -> Bot | None:
        bot = self._world.store.find(Bot, token.partition(":")[0])
        return bot if bot is not None and bot.token == token else None


async def _read(request: Request) -> tuple[Json, dict[str, Upload]]:
    """What was given in the query, and in the body in any of its three forms."""
    if int(request.headers.get("content-length", 0)) > _REQUEST_BYTES_MAX:
        raise ApiError(413, "Request Entity Too Large")
    given: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if request.method == "GET":
        return given, {}
    if kind.startswith("application/json"):
        return given | _json_object(await request.body()), {}
    if kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        texts, uploads = await _form(request)
        return given | texts, uploads
    return given, {}


def _json_object(body: bytes) -> Json:
    if not body:
        return {}
    try:
        read = json.loads(body)
    except ValueError:
        raise bad_request("Can't parse JSON object") from None
    given = as_object(read)
    if given is None:
        raise bad_request("Expected a JSON object")
    return given


async def _form(request: Request) -> tuple[Json, dict[str, Upload]]:
    texts: Json = {}
    uploads: dict[str, Upload] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                uploads[name] = Upload(value.filename or "", await value.read(), value.content_type or "")
            else:
                texts[name] = value
    return texts, uploads


async def _unless_gone(request: Request, call: Any) -> Any:
    """The call's result; when the client hangs up while it waits (a long poll), the call ends too."""
    working = asyncio.ensure_future(call)
    leaving = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
    finally:
        working.cancel()
        leaving.cancel()
    raise ApiError(499, "Client Closed Request")


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _refusal(error: ApiError) -> Response:
    headers = (
        {"Retry-After": str(error.parameters["retry_after"])}
        if error.code == 429 and error.parameters
        else None
    )
    return JSONResponse(error.answer(), status_code=error.code, headers=headers)
