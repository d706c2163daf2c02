"""The wire: /{version}/{node}/{edge} over HTTP, as graph.facebook.com serves them."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import FastAPI
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.faults import DroppedConnection
from sandbox.messenger import endpoints as _endpoints  # noqa: F401  # pyright: ignore[reportUnusedImport] - registers them
from sandbox.messenger.calls import ENDPOINTS, PAGE, PERSON, Call, Endpoint, Upload, read_parameters
from sandbox.messenger.control import people_routes
from sandbox.messenger.errors import GraphError, error, invalid
from sandbox.messenger.faults import Fault
from sandbox.messenger.rules import MEDIA_BYTES_MAX, VERSION_MAX
from sandbox.messenger.state import Json, Person, StoredFile
from sandbox.messenger.world import MessengerWorld

_VERSION = re.compile(r"v(\d+)\.0")
_REQUEST_BYTES_MAX = MEDIA_BYTES_MAX + 1024 * 1024


def create_app(world: MessengerWorld, *, with_people: bool = True) -> FastAPI:
    """An ASGI app for one world, to be served alone or mounted under a path.

    `with_people` adds /_people/…, through which anyone who can connect acts as any person of the world.
    Served alone it opens and closes the world; who mounts it does that (`world.open`, `world.close`).
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await world.open()
        yield
        await world.close()

    app = FastAPI(title="Messenger Platform emulator", openapi_url=None, lifespan=lifespan)
    server = _Server(world)
    app.add_route("/_files/{number:int}", server.file, methods=["GET"])
    if with_people:
        app.router.routes.extend(people_routes(world))
    app.add_route("/{path:path}", server.answer, methods=["GET", "POST", "DELETE"])
    return app


class _Server:
    def __init__(self, world: MessengerWorld) -> None:
        self._world = world

    async def answer(self, request: Request) -> Response:
        """One call."""
        path: str = request.path_params["path"]
        name = path.strip("/").rsplit("/", 1)[-1]
        fault = self._world.faults.take("user" if name.isdigit() else name)
        if fault is not None and not fault.served:
            return await self._fail(fault)
        response = await self._serve(request, path, name)
        return response if fault is None else await self._fail(fault)

    async def file(self, request: Request) -> Response:
        """A file that somebody sent, as from Meta's CDN: whoever has the address may fetch it."""
        file = self._world.store.find(StoredFile, str(request.path_params["number"]))
        if file is None:
            return Response("Bad URL hash", status_code=403)
        return Response(self._world.store.bytes_of(file.number), media_type=file.mime_type)

    async def _serve(self, request: Request, path: str, name: str) -> Response:
        try:
            answer = await self._call(request, path)
        except GraphError as refused:
            self._world.refusals.append((name, refused.code, refused.message))
            return self._refusal(refused)
        return JSONResponse(answer, headers={"facebook-api-version": f"v{VERSION_MAX}.0"})

    async def _call(self, request: Request, path: str) -> Json:
        given, upload = await _read(request)
        node, edge = _node_and_edge(path)
        self._check_token(request, given, node)
        person = self._world.store.find(Person, node)
        is_page = node in {"me", self._world.page_id}
        if not is_page and person is None:
            raise error("no_object", method=request.method.lower(), id=node)
        if edge and not is_page:
            raise error("path", path=f"/{edge}")
        wanted = ENDPOINTS.get((request.method, edge or (PAGE if is_page else PERSON)))
        if wanted is None:
            raise error("path", path=f"/{edge or node}")
        return await self._ask(wanted, given, upload, person)

    async def _ask(self, wanted: Endpoint, given: Json, upload: Upload | None, person: Person | None) -> Json:
        params = read_parameters(wanted, given, upload)
        return await wanted.serve(Call(self._world, params, upload, person))

    def _check_token(self, request: Request, given: Json, node: str) -> None:
        """https://developers.facebook.com/docs/graph-api/guides/secure-requests."""
        kind, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = str(given.get("access_token") or (bearer if kind.lower() in {"bearer", "oauth"} else ""))
        if not token:
            raise error("me_needs_token" if node == "me" else "no_token")
        if not hmac.compare_digest(token.encode(), self._world.page_token.encode()):
            raise error("token")
        proof = given.get("appsecret_proof")
        if proof is None and self._world.proof_required:
            raise error("proof_missing")
        right = hmac.new(self._world.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if proof is not None and not hmac.compare_digest(str(proof).encode(), right.encode()):
            raise error("proof")

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind == "refuse":
            return self._refusal(fault.refusal())
        if fault.kind == "gateway":
            return HTMLResponse("<html><body>Sorry, something went wrong.</body></html>", fault.status or 502)
        if fault.kind == "hang":
            await self._world.clock.sleep(fault.seconds)
        return DroppedConnection()

    def _refusal(self, refused: GraphError) -> Response:
        headers = {"facebook-api-version": f"v{VERSION_MAX}.0", **refused.headers}
        if refused.code == 190:
            headers["WWW-Authenticate"] = f'OAuth "Facebook Platform" "invalid_token" "{refused.message}"'
        return JSONResponse(refused.answer(self._world.trace()), status_code=refused.status, headers=headers)


def _node_and_edge(path: str) -> tuple[str, str]:
    """The parts after the version, which may be left out. Raises 2500."""
    parts = [part for part in path.split("/") if part]
    version = _VERSION.fullmatch(parts[0]) if parts else None
    if version is not None and 2 <= int(version[1]) <= VERSION_MAX:
        parts = parts[1:]
    if not 1 <= len(parts) <= 2 or not re.fullmatch(r"me|\d+", parts[0]):
        raise error("path", path=f"/{path}")
    return parts[0], parts[1] if len(parts) == 2 else ""


async def _read(request: Request) -> tuple[Json, Upload | None]:
    """What was given in the query, and in the body in any of its three forms."""
    if int(request.headers.get("content-length", 0)) > _REQUEST_BYTES_MAX:
        raise error("too_large")
    given: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if request.method == "GET":
        return given, None
    if kind.startswith("application/json"):
        return given | _json_object(await request.body()), None
    if kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        texts, upload = await _form(request)
        return given | texts, upload
    return given, None


def _json_object(body: bytes) -> Json:
    if not body:
        return {}
    try:
        read: Any = json.loads(body)
    except ValueError:
        raise invalid("The request's body is no JSON") from None
    if not isinstance(read, dict):
        raise invalid("The request's body must be a JSON object")
    return cast("Json", read)


async def _form(request: Request) -> tuple[Json, Upload | None]:
    texts: Json = {}
    uploads: list[Upload] = []
    async with request.form() as form:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                texts[name] = value
            elif name != "filedata" or uploads:
                raise invalid("An incorrect number of files uploaded. Must upload exactly one file")
            else:
                content = await value.read()
                uploads.append(Upload(value.filename or "", content, value.content_type or ""))
    return texts, uploads[0] if uploads else None
