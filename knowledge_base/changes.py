"""Which products changed since somebody last looked (migration 0007 keeps that)."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, column, func, select, table
from sqlalchemy.orm import Session

FEW: Final = 200
SHARE_MAX: Final = 0.2  # of what is kept; after more changes, reading it all again is quicker
KEYS_A_STATEMENT: Final = 500

_CHANGE = table("search_change", column("product_id", Uuid()), column("version", BigInteger()))


def changed_since(session: Session, version: int, *, kept: int) -> Collection[UUID] | None:
    """The products that changed, also those that are gone. None where all should be read: `kept` says how much that is."""
    newer = _CHANGE.c.version > version
    if not kept:
        return None
    count = session.execute(select(func.count()).select_from(_CHANGE).where(newer)).scalar_one()
    if count > max(FEW, SHARE_MAX * kept):
        return None
    return set(session.scalars(select(_CHANGE.c.product_id).where(newer)))
