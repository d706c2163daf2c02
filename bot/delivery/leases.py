"""Leases: one leader at a time, also across machines; a leader that slept too long cannot write."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.delivery.model import Lease
from storage.inserts import insert_new

LEASE_SECONDS = 6  # after a kill: a pre-checkout query, which has ten, is still answered by the next leader
RENEW_AFTER = timedelta(seconds=2)
RENEW_ALONE_AFTER = timedelta(hours=1)  # nobody else could take it


def take(session: Session, name: str, owner: str, *, at: datetime, alone: bool = False) -> int | None:
    """Become or stay the leader: the epoch, or None while somebody else holds it. A new leader, a new epoch.

    `alone` says that there is no other process (SQLite): whoever held it is dead, and is not waited for.
    """
    until = at + timedelta(seconds=LEASE_SECONDS)
    lease = session.get(Lease, name, with_for_update=True)
    if lease is None:  # another process may add it at the same moment: one of the two is the first
        insert_new(session, Lease, {"name": name, "owner": owner, "epoch": 1, "until": until})
        lease = session.get_one(Lease, name, with_for_update=True)
    if lease.owner != owner:
        if lease.until > at and not alone:
            return None
        lease.owner, lease.epoch = owner, lease.epoch + 1
    lease.until = until
    return lease.epoch


def give_up(session: Session, owner: str, *, at: datetime) -> None:
    """Let the next ones in at once, as a clean stop does."""
    session.execute(update(Lease).where(Lease.owner == owner).values(until=at))
