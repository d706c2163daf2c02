"""What every object of the account has."""

from typing import Final

from pydantic import BaseModel

DAY_SECONDS: Final = 86_400


class Entity(BaseModel):
    """Anything with an id and a time of creation (Unix seconds)."""

    id: str
    created: int
