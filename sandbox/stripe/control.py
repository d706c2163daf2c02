"""The sandbox over HTTP: another process sends people to the pay page, plants faults and holds webhooks back.

JSON in, JSON out, below /_people and /_faults. What cannot be is 404 or 422 with its reason. Everyone who can connect
may do all of it: this is for loopback alone.
"""

from random import Random

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from sandbox.stripe.errors import StripeError
from sandbox.stripe.people import Outcome
from sandbox.stripe.world import StripeWorld


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Visit(_Body):
    """Who pays which session with which card (see people.People.pay)."""

    session: str
    card: str = "visa"
    details: dict[str, str] = {}


class Plan(_Body):
    """What the next requests to an endpoint run into (see faults.Fault)."""

    endpoint: str = "*"
    faults: list[str]


class Deliveries(_Body):
    """How the next events of a type go out (see webhooks.Webhooks.next)."""

    event_type: str = "*"
    ways: list[str]


class Release(_Body):
    """In which order the events go out that were held; `seed` shuffles them."""

    reverse: bool = False
    seed: int | None = None


class Resend(_Body):
    event: str


def routes(world: StripeWorld) -> APIRouter:
    """All of it, for that world."""
    control, router = _Control(world), APIRouter()
    router.add_api_route("/_people/pay", control.pay, methods=["POST"])
    for path, handler in (
        ("requests", control.plan),
        ("webhooks", control.deliver),
        ("webhooks/hold", control.hold),
        ("webhooks/release", control.release),
        ("webhooks/resend", control.resend),
    ):
        router.add_api_route(f"/_faults/{path}", handler, methods=["POST"], status_code=204)
    router.add_api_route("/_faults/requests", control.clear, methods=["DELETE"], status_code=204)
    return router


class _Control:
    def __init__(self, world: StripeWorld) -> None:
        self._world = world

    async def pay(self, visit: Visit) -> Outcome:
        try:
            return await self._world.pay(visit.session, visit.card, **visit.details)
        except StripeError as error:
            raise HTTPException(404, error.message) from error
        except (TypeError, ValueError) as error:
            raise HTTPException(422, str(error)) from error

    async def plan(self, plan: Plan) -> None:
        try:
            self._world.faults.next(plan.endpoint, plan.faults)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    async def clear(self) -> None:
        self._world.faults.clear()

    async def deliver(self, deliveries: Deliveries) -> None:
        try:
            self._world.webhooks.next(deliveries.event_type, deliveries.ways)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    async def hold(self) -> None:
        self._world.webhooks.hold()

    async def release(self, release: Release) -> None:
        shuffle = None if release.seed is None else Random(release.seed)  # noqa: S311 - an order, no secret
        self._world.webhooks.release(reverse=release.reverse, shuffle=shuffle)

    async def resend(self, resend: Resend) -> None:
        if self._world.account.events.get(resend.event) is None:
            raise HTTPException(404, f"there is no event {resend.event!r}")
        self._world.webhooks.resend(resend.event)
