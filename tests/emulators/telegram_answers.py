"""What a method answers, held against the Bot API's description: an emulator's answer with a hole in it is a lie."""

import json
import types
from typing import Any, Union, get_args, get_origin

from aiogram import methods
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.telegram.schema import problems

RETURNS: dict[str, Any] = {
    method.__api_method__.lower(): method.__returning__
    for method in vars(methods).values()
    if isinstance(method, type) and method is not methods.TelegramMethod and hasattr(method, "__returning__")
}


def misfits(value: Any, expected: Any) -> list[str]:
    """What is wrong with a value that should be of a type of aiogram's: nothing, if it is well."""
    if get_origin(expected) is list:
        if not isinstance(value, list):
            return [f"no list: {value!r}"]
        return [problem for item in value for problem in misfits(item, get_args(expected)[0])]
    if get_origin(expected) in {Union, types.UnionType}:
        return min((misfits(value, option) for option in get_args(expected)), key=len)
    if expected in {bool, int, str}:
        return [] if type(value) is expected else [f"{value!r} is no {expected.__name__}"]
    return problems(expected.__name__, value)


def answer_problems(method: str, body: dict[str, Any]) -> list[str]:
    """What is wrong with the body of an answer to that method."""
    if body.get("ok") is True:
        return misfits(body["result"], RETURNS[method.lower()])
    extra = set(body) - {"ok", "error_code", "description", "parameters"}
    wrong = [f"unknown {name}" for name in sorted(extra)]
    if not isinstance(body.get("error_code"), int) or not isinstance(body.get("description"), str):
        wrong.append("a refusal has a code and a description")
    return wrong + problems("ResponseParameters", body.get("parameters", {}))


class CheckedAnswers:
    """An ASGI app whose every Bot API answer is checked; what is wrong gathers in `found`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.found: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def watched(message: Message) -> None:
            nonlocal body
            await send(message)
            body += message.get("body", b"")
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._check(scope["path"], body)

        await self._app(scope, receive, watched)

    def _check(self, path: str, body: bytes) -> None:
        prefix, _, method = path.strip("/").partition("/")
        if not prefix.startswith("bot") or method.lower() not in RETURNS:
            return
        found = answer_problems(method, json.loads(body))
        self.found += [f"{method}: {problem}" for problem in found]
