"""People over HTTP: a page or another process makes them, reads their screens and acts for them.

JSON in, JSON out, under /_people/; acts.py has the actions, bodies.py what they take. A thing that a person cannot
do is 400 with {"error": …}. Everyone who can connect may act as everyone: this is for loopback alone.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.telegram.control import bodies
from sandbox.telegram.control.acts import ACTIONS, Act
from sandbox.telegram.control.shown import bot_json, group_json, message_json, user_json
from sandbox.telegram.group_state import Group
from sandbox.telegram.people import CannotDo, ShownMessage
from sandbox.telegram.state import StoredFile
from sandbox.telegram.world import TelegramWorld
from storage.clock import SystemClock

_WAIT_SECONDS_MAX = 60.0


def people_routes(world: TelegramWorld) -> list[BaseRoute]:
    """The routes under /_people/."""
    control = _Control(world)
    places = ("/_people/users/{user:int}/bots/{bot}", "/_people/users/{user:int}/groups/{group}")
    return [
        Route("/_people/bots", _guarded(control.bots), methods=["GET", "POST"]),
        Route("/_people/users", _guarded(control.users), methods=["GET", "POST"]),
        Route("/_people/groups", _guarded(control.groups), methods=["GET", "POST"]),
        Route("/_people/files/{number:int}", _guarded(control.file), methods=["GET"]),
        Route("/_people/faults", _guarded(control.plan_faults), methods=["POST"]),
        Route("/_people/redeliver", _guarded(control.redeliver), methods=["POST"]),
        Route("/_people/updates/{bot}", _guarded(control.updates), methods=["GET"]),
        Route("/_people/users/{user:int}/stars", _guarded(control.stars), methods=["GET", "POST"]),
        Route("/_people/users/{user:int}/open", _guarded(control.open), methods=["POST"]),
        *(Route(f"{place}/messages", _guarded(control.messages), methods=["GET"]) for place in places),
        *(Route(f"{place}/{{action}}", _guarded(control.act), methods=["POST"]) for place in places),
    ]


class _Control:
    def __init__(self, world: TelegramWorld) -> None:
        self._world = world

    async def bots(self, request: Request) -> Any:
        if request.method == "POST":
            given = bodies.NewBot.model_validate(await request.json())
            self._world.add_bot(**given.model_dump())
        return [bot_json(bot) for bot in self._world.bots()]

    async def users(self, request: Request) -> Any:
        if request.method == "GET":
            return [user_json(user.record) for user in self._world.users()]
        given = bodies.NewUser.model_validate(await request.json())
        return user_json(self._world.add_user(**given.model_dump()).record)

    async def groups(self, request: Request) -> Any:
        """All groups (with ?user= those a person is in), or a new one."""
        if request.method == "POST":
            given = bodies.NewGroup.model_validate(await request.json())
            group = self._world.add_group(
                given.title,
                [self._world.user(number) for number in given.members],
                bots=[self._world.bot(name) for name in given.bots],
                type=given.type,
                username=given.username,
                is_forum=given.is_forum,
            )
            return group_json(self._world, group)
        user = int(request.query_params.get("user", 0))
        groups = [g for g in self._world.all_groups() if not user or g.member(user).is_inside]
        return [group_json(self._world, group) for group in groups]

    async def file(self, request: Request) -> Any:
        file = self._world.store.find(StoredFile, str(request.path_params["number"]))
        if file is None:
            raise CannotDo("no such file")
        return Response(self._world.store.bytes_of(file.number), media_type=file.mime_type)

    async def plan_faults(self, request: Request) -> Any:
        given = bodies.PlannedFaults.model_validate(await request.json())
        self._world.faults.next(given.method, given.faults)
        return {}

    async def redeliver(self, request: Request) -> Any:
        given = bodies.Redelivery.model_validate(await request.json())
        self._world.redeliver(self._world.bot(given.bot), given.update_id)
        return {}

    async def updates(self, request: Request) -> Any:
        """Every update the bot was ever to be told, with whether it took notice."""
        history = self._world.updates.history(self._world.bot(request.path_params["bot"]))
        return [update.as_json() | {"delivered": update.delivered} for update in history]

    async def stars(self, request: Request) -> Any:
        """The Stars a person owns; POST buys some."""
        person = self._world.user(request.path_params["user"])
        if request.method == "POST":
            person.buy_stars(bodies.Stars.model_validate(await request.json()).amount)
        return {"stars": person.stars}

    async def open(self, request: Request) -> Any:
        """Follow a link; says which message or group came of it."""
        given = bodies.Open.model_validate(await request.json())
        group = None if given.group is None else self._world.group(given.group)
        reached = self._world.user(request.path_params["user"]).open(given.link, group=group)
        if reached is None:
            return {"waiting": True}
        return {"group" if isinstance(reached, Group) else "message_id": reached.id}

    async def messages(self, request: Request) -> Any:
        """The screen: messages above ?after=, waiting up to ?wait= seconds for the first one from others."""
        act = self._place(request)
        after = int(request.query_params.get("after", 0))
        wait = min(float(request.query_params.get("wait", 0)), _WAIT_SECONDS_MAX)

        def news() -> list[ShownMessage] | None:
            fresh = [message for message in act.person.chat(act.where) if message.id > after]
            return fresh if any(not message.mine for message in fresh) else None

        if wait > 0:
            await self._world.changes.wait_until(news, clock=SystemClock(), seconds=wait)
        shown = [message_json(message) for message in act.person.chat(act.where) if message.id > after]
        keyboard = [[asdict(key) for key in row] for row in act.person.keyboard(act.where)]
        return {"messages": shown, "keyboard": keyboard, "typing": act.person.typing(act.where)}

    async def act(self, request: Request) -> Any:
        """One action of a person in a chat."""
        action = ACTIONS.get(request.path_params["action"])
        if action is None:
            raise CannotDo(f"no such action; there are {', '.join(ACTIONS)}")
        shape, do = action
        body = shape.model_validate(await request.json() if await request.body() else {})
        return await do(self._place(request), body)

    def _place(self, request: Request) -> Act:
        person = self._world.user(request.path_params["user"])
        if "group" in request.path_params:
            return Act(self._world, person, self._world.group(int(request.path_params["group"])))
        return Act(self._world, person, self._world.bot(request.path_params["bot"]))


def _guarded(endpoint: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Answers as JSON; what cannot be done, or was asked wrongly, is 400 with a sentence."""

    async def answer(request: Request) -> Response:
        try:
            result = await endpoint(request)
        except (CannotDo, ValidationError, ValueError, TypeError, TimeoutError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except KeyError as error:
            return JSONResponse({"error": str(error.args[0])}, status_code=404)
        return result if isinstance(result, Response) else JSONResponse(result)

    return answer
