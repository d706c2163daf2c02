"""Knowing who writes."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.customers.model import ChannelAccount, Customer


def find(session: Session, channel: str, account: str) -> Customer | None:
    """The customer behind this account; None for somebody new."""
    owned = select(Customer).join(ChannelAccount, ChannelAccount.customer_id == Customer.id)
    return session.scalars(
        owned.where(ChannelAccount.channel == channel, ChannelAccount.account == account)
    ).one_or_none()


def recognise(
    session: Session, channel: str, account: str, *, display_name: str, username: str, at: datetime
) -> Customer:
    """The customer behind this account, made on first sight; names follow what the channel says."""
    known = session.scalars(
        select(ChannelAccount).where(ChannelAccount.channel == channel, ChannelAccount.account == account)
    ).one_or_none()
    if known is None:
        customer = Customer(created_at=at)
        session.add(customer)
        session.flush()
        known = ChannelAccount(channel=channel, account=account, customer_id=customer.id)
        session.add(known)
    known.display_name = display_name or known.display_name or ""
    known.username = username or known.username or ""
    return session.get_one(Customer, known.customer_id)


def display_name(session: Session, customer: Customer) -> str:
    """What to call them: the name they gave, else the one their account shows, else nothing."""
    if customer.name:
        return customer.name
    shown = session.scalars(
        select(ChannelAccount.display_name).where(ChannelAccount.customer_id == customer.id).limit(1)
    ).one_or_none()
    return shown or ""
