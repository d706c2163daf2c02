"""A language model behind an OpenAI-compatible endpoint: one question, one text.

The form of a request and its answer: https://platform.openai.com/docs/api-reference/chat/create
"""

from threading import BoundedSemaphore
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nlu.json_service import JsonService
from shop.errors import Unavailable

AT_ONCE: Final = 2  # questions under way; understanding others must not wait for a slow model
TOKENS_MAX: Final = 400
ANSWER_LETTERS_MAX: Final = 8000


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Message(_Part):
    content: str = Field(min_length=1, max_length=ANSWER_LETTERS_MAX)


class _Choice(_Part):
    message: _Message


class _Completion(_Part):
    choices: list[_Choice] = Field(min_length=1)


class ChatEndpoint:
    """Asks one model. Safe to use from several threads."""

    def __init__(self, service: JsonService, *, model: str) -> None:
        self._service = service
        self._model = model
        self._free = BoundedSemaphore(AT_ONCE)

    def complete(self, task: str, about: str) -> str:
        """What the model writes, told its `task`, `about` something. Raises Unavailable, also when too busy."""
        if not self._free.acquire(blocking=False):
            raise Unavailable(f"{self._service.name} is busy with {AT_ONCE} other questions")
        try:
            answer = self._service.post("/chat/completions", self._request(task, about))
        finally:
            self._free.release()
        try:
            return _Completion.model_validate(answer).choices[0].message.content
        except ValidationError:
            raise Unavailable(f"{self._service.name} answered in another shape") from None

    def _request(self, task: str, about: str) -> dict[str, object]:
        return {
            "model": self._model,
            "temperature": 0,
            "max_tokens": TOKENS_MAX,
            "response_format": {"type": "json_object"},
            "messages": [{"role": "system", "content": task}, {"role": "user", "content": about}],
        }
