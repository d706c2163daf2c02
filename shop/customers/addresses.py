"""A customer's address book: where they have had things sent, the last used first."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shop.customers.model import Customer, CustomerAddress
from storage.types import JsonObject

KEPT_MAX: Final = 8  # addresses of one customer; the longest unused goes


def saved(session: Session, customer: Customer) -> list[CustomerAddress]:
    """Theirs, the last used first."""
    return list(
        session.scalars(
            select(CustomerAddress)
            .where(CustomerAddress.customer_id == customer.id)
            .order_by(CustomerAddress.used_at.desc(), CustomerAddress.id)
        )
    )


def find(session: Session, customer: Customer, address_id: UUID) -> JsonObject | None:
    """One of theirs; None for somebody else's, and for what is gone."""
    found = session.get(CustomerAddress, address_id)
    return found.address if found is not None and found.customer_id == customer.id else None


def keep(session: Session, customer: Customer, address: JsonObject, *, at: datetime) -> None:
    """Remember that they use it now. The same address, however it is spelt, is kept once."""
    customer.address = address
    known = {_key(each.address): each for each in saved(session, customer)}
    entry = known.get(_key(address))
    if entry is None:
        entry = CustomerAddress(customer_id=customer.id, address=address, used_at=at)
        session.add(entry)
    entry.address, entry.used_at = address, at
    session.flush()
    late = [each.id for each in saved(session, customer)[KEPT_MAX:]]
    if late:
        session.execute(delete(CustomerAddress).where(CustomerAddress.id.in_(late)))


def _key(address: JsonObject) -> str:
    """What tells one address from another: its words, whatever their case and commas."""
    parts = (address.get(part) for part in ("street", "postcode", "city", "country"))
    words = " ".join(str(part) for part in parts if part).casefold()
    return "".join(letter for letter in words if letter.isalnum())
