"""The sandbox's Stripe as a web application: /v1 for the shop, /pay and /authenticate for its customers."""

from asyncio import CancelledError, create_task
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from sandbox.stripe import pay_page
from sandbox.stripe.errors import StripeError
from sandbox.stripe.people import Outcome
from sandbox.stripe.world import StripeWorld


class Visit(BaseModel):
    """What POST /_people/pay takes: who pays which session with which card (see people.People.pay)."""

    model_config = ConfigDict(extra="forbid")

    session: str
    card: str = "visa"
    details: dict[str, str] = {}


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

    @app.api_route("/v1/{path:path}", methods=["GET", "POST", "DELETE", "PUT", "PATCH"])
    async def api(request: Request, path: str) -> Response:
        return await world.api.answer(request, f"/v1/{path}")

    @app.post("/_people/pay")
    async def pay(visit: Visit) -> Outcome:
        try:
            return await world.pay(visit.session, visit.card, **visit.details)
        except StripeError as error:
            raise HTTPException(404, error.message) from error
        except (TypeError, ValueError) as error:
            raise HTTPException(422, str(error)) from error

    assert api
    assert pay
    return app
