"""The sandbox's Stripe as a web application: /v1 for the shop, /pay and /authenticate for its customers.

Beside them stands what steers it from another process: control.py.
"""

from asyncio import CancelledError, create_task
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request
from fastapi.responses import Response

from sandbox.stripe import control, pay_page
from sandbox.stripe.world import StripeWorld


def create_app(world: StripeWorld, *, alone: bool = False) -> FastAPI:
    """The application, to be mounted where the world's base_url says.

    A mounted application has no lifespan of its own: its host starts `world.run()` as a task. With `alone` the
    application does so itself.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        clockwork = create_task(world.run())
        yield
        clockwork.cancel()
        with suppress(CancelledError):
            await clockwork
        world.close()

    app = FastAPI(
        title="Stripe sandbox",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan if alone else None,
    )
    pay_page.add_routes(app, world)
    app.include_router(control.routes(world))

    @app.api_route("/v1/{path:path}", methods=["GET", "POST", "DELETE", "PUT", "PATCH"])
    async def api(request: Request, path: str) -> Response:
        return await world.api.answer(request, f"/v1/{path}")

    assert api
    return app
