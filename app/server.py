"""The web server: webhooks, pictures, the hosted chats, the console; and the loops that run beside it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import structlog
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from app.phones.paths import CHAT_PATH
from app.sandbox import Sandbox
from app.serving import PromptServer
from app.wiring import Parley
from bot.channels import messenger
from bot.channels.web import LINK_PATH, ChatInput, HostedChannel, LinkPayload
from bot.deals import pictures as deal_pictures
from bot.delivery.ahead import is_at_work
from bot.events import Inbound, ProviderNotified
from bot.papers import PATH, NoSuchPaper
from bot.transcript import since
from payments.disputes import lane_of
from payments.stripe_gateway import WEBHOOK_PATH, ForgedNotice, Notice
from shop.orders.service import NoSuchOrder

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel

log = structlog.get_logger()

NO_CONVERSATION = "system:payments"  # notices that belong to no chat
LIMITED_PATHS = ("/webhooks/", "/chat/")
LONG_POLL_SECONDS = 25.0
STOP_SECONDS = 8


class AddressInUse(Exception):  # noqa: N818 - what happened
    """Somebody else listens there."""


class BodyLimit:
    """Refuses bodies over `bytes_max` with 413, also those that do not say how long they are."""

    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(LIMITED_PATHS):
            await self._app(scope, receive, send)
            return
        body = await self._read(receive)
        if body is None:
            await Response("Too much: the body is over the limit.", 413)(scope, receive, send)
            return
        taken = False

        async def again() -> Message:
            nonlocal taken
            if taken:
                return await receive()
            taken = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    async def _read(self, receive: Receive) -> bytes | None:
        chunks, size, more = [b""], 0, True
        while more:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._bytes_max:
                return None
            chunks.append(chunk)
            more = message["type"] == "http.request" and message.get("more_body", False)
        return b"".join(chunks)


def create_app(parley: Parley, sandbox: Sandbox | None, *, notices: tuple[str, ...] = ()) -> FastAPI:
    """Everything the shop serves. Its life is the delivery's: start-up takes up what was left, stopping is clean."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if sandbox is not None:
                await stack.enter_async_context(sandbox.running())
            for far_end in (parley.stripe, parley.telegram, parley.messenger):
                if far_end is not None:  # let go of last: what is being sent is sent to its end
                    stack.push_async_callback(far_end.close)
            await parley.delivery.start()
            stack.push_async_callback(parley.delivery.stop)
            app.state.listening = _listen(parley)
            stack.push_async_callback(stop_listening, app, parley)
            yield

    app = FastAPI(title="Parley", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(BodyLimit, bytes_max=parley.settings.server.body_max_kilobytes * 1024)
    _add_health(app)
    _add_stripe_webhook(app, parley)
    for channel in (parley.web, parley.terminal):
        _add_chat(app, parley, channel)
    _add_messengers(app, parley)
    _add_papers(app, parley)
    _add_deal_pictures(app, parley)
    if sandbox is not None:
        sandbox.mount(app)
    if parley.settings.channels.web.enabled:
        if sandbox is None:
            _mount_console(app, parley, notices)
        else:
            _mount_demo(app, parley, sandbox, notices)
    elif parley.messenger is not None:  # Meta fetches the pictures of cards from us
        app.mount("/media", StaticFiles(directory=parley.home.media))
    return app


def _add_papers(app: FastAPI, parley: Parley) -> None:
    @app.get(f"{PATH}/{{name}}")
    async def paper(name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        papers, at = parley.papers, parley.clock.now()
        try:
            order_id, kind, language = papers.read(name)
            content = await papers.draw(parley.database, order_id, kind, language, at=at)
        except (NoSuchPaper, NoSuchOrder):
            raise HTTPException(404) from None
        headers = {
            "Content-Disposition": f'inline; filename="{kind}.pdf"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(content, media_type="application/pdf", headers=headers)


def _add_deal_pictures(app: FastAPI, parley: Parley) -> None:
    languages = parley.settings.languages

    @app.get(f"{deal_pictures.PATH}/{{language}}/{{carried}}.png")
    async def deal_picture(request: Request, language: str, carried: LinkPayload) -> Response:  # pyright: ignore[reportUnusedFunction]
        if language not in languages:
            raise HTTPException(404)
        base = parley.settings.server.public_url or str(request.base_url).rstrip("/")
        wanted = await parley.database.look(
            lambda session: deal_pictures.find(
                session, carried, language=language, link=base + LINK_PATH + carried
            )
        )
        if wanted is None:
            raise HTTPException(404)
        content = await parley.deal_pictures.draw(parley.database, wanted)
        headers = {"Cache-Control": "private, max-age=60", "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type="image/png", headers=headers)


def _mount_demo(app: FastAPI, parley: Parley, sandbox: Sandbox, notices: tuple[str, ...]) -> None:
    """The phones as the front page, which show the console's pages too."""
    from app.phones import page  # noqa: PLC0415 - heavy: only where pages are served

    page.add_routes(app)
    _mount_console(app, parley, notices, demo=True)
    page.add_page(parley, sandbox)


def _mount_console(app: FastAPI, parley: Parley, notices: tuple[str, ...], *, demo: bool = False) -> None:
    from console.pages import ConsoleServices, mount  # noqa: PLC0415 - heavy: only where pages are served

    password = parley.secrets.staff_password
    mount(
        app,
        ConsoleServices(
            database=parley.database,
            clock=parley.clock,
            profile=parley.settings.shop,
            web=parley.web,
            receive=parley.delivery.receive,
            wake=parley.delivery.wake,
            trainer=parley.trainer,
            answering=parley.answer_desk,
            media=parley.home.media,
            secret=parley.home.secret(),
            staff_password=password.get_secret_value() if password else None,
            notices=notices,
            tell=parley.notices,
            paper_link=parley.papers.link,
            fetch=parley.telegram.fetch if parley.telegram else None,
            secure_cookies=(parley.settings.server.public_url or "").startswith("https://"),
            chat_path=CHAT_PATH if demo else "/",
            staff_in_frames=demo,
        ),
    )


def _listen(parley: Parley) -> list[asyncio.Task[None]]:
    """Begin to hear from the messengers, or tell them where we do."""
    tasks: list[asyncio.Task[None]] = []
    if parley.telegram is not None:
        tasks.append(asyncio.create_task(_run_telegram(parley, parley.telegram), name="telegram"))
    if parley.messenger is not None:
        tasks.append(asyncio.create_task(parley.messenger.introduce(), name="messenger"))
    return tasks


def _add_messengers(app: FastAPI, parley: Parley) -> None:
    receive = parley.delivery.receive
    if parley.telegram is not None and parley.settings.channels.telegram.updates == "webhook":
        from bot.channels import telegram  # noqa: PLC0415 - aiogram: six seconds

        app.include_router(telegram.webhook_router(parley.telegram, receive))
    if parley.messenger is not None:
        app.include_router(messenger.webhook_router(parley.messenger, receive))


async def _run_telegram(parley: Parley, channel: "TelegramChannel") -> None:
    """Poll, or tell Telegram where our webhook is."""
    if parley.settings.channels.telegram.updates == "polling":  # Telegram serves one poller a bot
        await parley.delivery.lead("telegram", partial(channel.poll, parley.delivery.receive))
    else:
        await channel.set_webhook(f"{parley.settings.server.public_url}/webhooks/telegram")


async def stop_listening(app: FastAPI, parley: Parley) -> None:
    """Take nothing more in: no updates, and nobody waits in a chat. Repeating it does no harm."""
    for channel in (parley.web, parley.terminal):
        channel.close()
    listening: list[asyncio.Task[None]] = getattr(app.state, "listening", [])
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz")
    async def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
        return {"status": "ok"}


def _add_stripe_webhook(app: FastAPI, parley: Parley) -> None:
    @app.post(WEBHOOK_PATH)
    async def stripe_webhook(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        if parley.stripe is None:
            raise HTTPException(404)
        try:
            notice = parley.stripe.read_notice(
                await request.body(), request.headers.get("Stripe-Signature", "")
            )
        except ForgedNotice as error:
            log.warning("webhook.forged", source="stripe", reason=str(error)[:120])
            raise HTTPException(403, "the signature does not verify") from error
        await parley.delivery.receive([await _inbound(parley, notice)])
        return Response(status_code=200)


async def _inbound(parley: Parley, notice: Notice) -> Inbound:
    """The notice in the lane that we asked Stripe to name; without one, in that of the payment it is about."""
    lane = notice.conversation or await parley.database.look(lambda session: lane_of(session, notice.object))
    return Inbound(
        source="stripe",
        external_id=notice.id,
        conversation=lane or NO_CONVERSATION,
        sequence=notice.created,
        event=ProviderNotified(type=notice.type, object=notice.object),
    )


def _add_chat(app: FastAPI, parley: Parley, channel: HostedChannel) -> None:
    """The chat as plain HTTP: the terminal's way in, and any other client's."""

    @app.post(f"/chat/{channel.name}/{{chat}}", status_code=202)
    async def say(chat: str, said: ChatInput) -> dict[str, bool]:  # pyright: ignore[reportUnusedFunction]
        _check_chat_name(chat)
        new = await parley.delivery.receive([channel.read(chat, said, at=parley.clock.now())])
        return {"new": bool(new)}

    @app.get(f"/chat/{channel.name}/{{chat}}")
    async def listen(chat: str, after: int = 0, wait: bool = False) -> dict[str, object]:  # pyright: ignore[reportUnusedFunction]
        """What was said after that message, and whether the shop is still at work on more."""
        _check_chat_name(chat)
        bell = channel.look(chat)
        try:
            conversation = channel.conversation(chat)
            heard = await _heard(parley, conversation, after)
            if not heard["said"] and wait:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), LONG_POLL_SECONDS)
                heard = await _heard(parley, conversation, after)
            return heard
        finally:
            channel.look_away(chat, bell)


def _check_chat_name(chat: str) -> None:
    if not 16 <= len(chat) <= 64 or not chat.replace("-", "").replace("_", "").isalnum():
        raise HTTPException(404)


async def _heard(parley: Parley, conversation: str, after: int) -> dict[str, object]:
    """Both of one moment: where nothing more is under way, the last word is among what was said."""
    found, at_work = await parley.database.look(
        lambda session: (
            since(session, conversation, after=after),
            is_at_work(session, parley.clock, conversation),
        )
    )
    said = [
        {"id": each.id, "author": each.author.value, "content": each.content, "at": each.at.isoformat()}
        for each in found
    ]
    return {"said": said, "at_work": at_work}


# ---------------------------------------------------------------------- running


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else is begun. Raises AddressInUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # asyncio: no Nagle for what says TCP
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise AddressInUse(
            f"{host}:{port} is taken by another program. Stop it, or choose another port: --port {port + 1}"
        ) from error
    listener.listen(128)
    return listener


class PageSocket(WebSocketsSansIOProtocol):
    """A page's socket. uvicorn stumbles over one whose page is leaving just when the server stops; that is no error."""

    def shutdown(self) -> None:
        with contextlib.suppress(InvalidState):
            super().shutdown()
        self.transport.close()


class ShopServer(PromptServer):
    """uvicorn, which waits for open requests before it stops: so the long ones are ended first."""

    def __init__(self, app: FastAPI, parley: Parley) -> None:
        config = uvicorn.Config(
            app,
            ws=PageSocket,
            log_config=None,  # logs go through ours
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            server_header=False,
            lifespan="on",
        )
        super().__init__(config)
        self.opened = asyncio.Event()
        self._app, self._parley = app, parley

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.opened.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await stop_listening(self._app, self._parley)
        await super().shutdown(sockets)
