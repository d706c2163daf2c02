"""A posting moves an amount from one account to another: one row names both, so the books balance by construction."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.money import Money
from storage.types import Base


class Account(StrEnum):
    """Where money is, whose it is, and what it was for."""

    # held: a debit is money that came
    STRIPE = "stripe"  # our balance at Stripe; Telegram's native payments are charged there, too
    CASH = "cash"
    BANK = "bank"
    DISPUTED = "disputed"  # withdrawn by a customer's bank until the dispute is decided
    # owed: a credit is money that is somebody else's
    CUSTOMER_MONEY = "customer_money"  # received, and not yet earned
    REFUNDS_DUE = "refunds_due"  # promised back, and not yet there
    TAX = "tax"
    EXCHANGES = "exchanges"  # goods that came back, until they have paid for others: at rest nothing
    # earned and spent
    SALES = "sales"  # goods at full price
    DELIVERY = "delivery"
    DISCOUNTS = "discounts"
    RETURNS = "returns"  # earned once, and promised back
    FEES = "fees"
    LOSSES = "losses"  # disputes that were lost


HELD = (Account.STRIPE, Account.CASH, Account.BANK)
PROVIDER_ACCOUNTS = {
    "stripe": Account.STRIPE,
    "telegram": Account.STRIPE,
    "cash": Account.CASH,
    "bank": Account.BANK,
}


class PostingKind(StrEnum):
    """What happened."""

    RECEIVED = "received"
    EARNED = "earned"
    DISCOUNT = "discount"
    REFUND_ASKED = "refund_asked"
    REFUND_SETTLED = "refund_settled"
    REFUND_CAME_BACK = "refund_came_back"  # the bank would not take it, after it was said to be sent
    GIVEN_OTHERWISE = "given_otherwise"  # staff gave it back from another place
    FEE = "fee"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    EXCHANGED = "exchanged"  # what came back pays for another order


class Posting(Base):
    """`amount_minor` goes to `debit` and comes from `credit`. Both databases refuse to change or delete one."""

    __tablename__ = "ledger_posting"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        UniqueConstraint("cause", "debit", "credit"),  # a cause is posted once
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry: Mapped[UUID] = mapped_column(index=True)  # the postings of one happening
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[PostingKind]
    debit: Mapped[Account]
    credit: Mapped[Account]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("order.id"), index=True)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"), index=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"), index=True)
    cause: Mapped[str]  # names what was posted, as in "payment:<id>:received"
    memo: Mapped[str]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
