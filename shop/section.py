"""How a part of config.yml is read: frozen, every key known, amounts as decimals."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of config.yml: frozen, and every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Price = Annotated[Decimal, Field(ge=0, le=1_000_000)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]  # ISO 3166-1, such as BE
