"""The ledger, with what happened before it as its first postings; and refunds that can be sent once more."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HELD = {"stripe": "stripe", "telegram": "stripe"}
UNUSABLE = {"wrong_amount", "too_late", "already_paid", "no_order"}  # reasons of refunds of what paid nothing
ORDER_AMOUNTS = "items_minor discount_minor delivery_minor tax_minor delivery_tax_minor tax_included"
APPEND_ONLY = "the ledger is append-only"

POSTINGS = sa.table(
    "ledger_posting",
    sa.column("entry", sa.Uuid()),
    sa.column("at", sa.DateTime(timezone=True)),
    *(sa.column(name, sa.Text()) for name in ("kind", "debit", "credit", "currency", "cause", "memo")),
    sa.column("amount_minor", sa.BigInteger()),
    *(sa.column(name, sa.Uuid()) for name in ("order_id", "payment_id", "refund_id")),
)
REFUNDS = sa.table("refund", sa.column("id", sa.Uuid()), sa.column("status", sa.Text()))


def upgrade() -> None:
    op.create_table(
        "ledger_posting",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", _names("postingkind"), nullable=False),
        sa.Column("debit", _names("account"), nullable=False),
        sa.Column("credit", _names("account"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_posting_amount_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_posting_two_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_posting")),
        sa.UniqueConstraint("cause", "debit", "credit", name=op.f("uq_ledger_posting_cause_debit_credit")),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=f"fk_ledger_posting_{table}_id_{table}"
            )
            for table in ("order", "payment", "refund")
        ),
    )
    for name in ("entry", "at", "order_id", "payment_id", "refund_id"):
        op.create_index(op.f(f"ix_ledger_posting_{name}"), "ledger_posting", [name])
    with op.batch_alter_table("refund") as refund:
        refund.add_column(sa.Column("attempt", _integer(), nullable=False, server_default="1"))
        refund.add_column(sa.Column("unsure", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("refund") as refund:
        refund.alter_column("attempt", server_default=None)
        refund.alter_column("unsure", server_default=None)
    _post_the_past()
    _refuse_changes()


def _integer() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _names(name: str) -> sa.Enum:
    """A name of ours in 32 letters; which there are is the code's business."""
    return sa.Enum(name=name, native_enum=False, length=32)


# ── what happened before ────────────────────────────────────────────────────────────────────────────


def _post_the_past() -> None:
    """Post each payment and refund as the shop would have posted it."""
    connection = op.get_bind()
    refunds = defaultdict[UUID, list[Any]](list)
    for refund in connection.execute(_read("refund", "status reason currency", "settled_at")):
        refunds[refund.payment_id].append(refund)
    paid = {
        row.id: row
        for row in connection.execute(
            _read("order", "currency", "", ORDER_AMOUNTS).where(
                sa.text("id IN (SELECT order_id FROM order_move WHERE after = 'paid')")
            )
        )
    }
    postings: list[dict[str, Any]] = []
    earned: set[UUID] = set()
    for payment in connection.execute(_read("payment", "provider reference currency", "received_at")):
        gone = refunds[payment.id]
        order = paid.get(payment.order_id)
        usable = not {refund.reason for refund in gone} & UNUSABLE
        pays = order is not None and payment.order_id not in earned and usable
        postings += _of_payment(payment, order if pays else None)
        if pays:
            earned.add(payment.order_id)
        anew = _asked_for_anew(payment, gone)
        for refund in gone:
            postings += _of_refund(
                refund, payment, "returns" if pays else "customer_money", anew=refund in anew
            )
        ids = [refund.id for refund in anew]
        connection.execute(sa.update(REFUNDS).where(REFUNDS.c.id.in_(ids)).values(status="otherwise"))
    if postings:
        connection.execute(sa.insert(POSTINGS), postings)


def _read(name: str, texts: str, times: str, amounts: str = "amount_minor") -> Any:
    links = {"refund": "payment_id", "payment": "order_id"}.get(name, "")
    sorted_by = {"refund": "asked_at", "payment": "received_at"}.get(name, "id")
    return (
        sa.select(
            sa.column("id", sa.Uuid()),
            *(sa.column(link, sa.Uuid()) for link in links.split()),
            *(sa.column(text, sa.Text()) for text in texts.split()),
            *(sa.column(time, sa.DateTime(timezone=True)) for time in times.split()),
            *(sa.column("asked_at", sa.DateTime(timezone=True)) for _ in range(name == "refund")),
            *(sa.column(amount, sa.BigInteger()) for amount in amounts.split()),
        )
        .select_from(sa.table(name))
        .order_by(sa.column(sorted_by))
    )


def _of_payment(payment: Any, order: Any | None) -> list[dict[str, Any]]:
    links = {"entry": payment.id, "order_id": payment.order_id, "payment_id": payment.id, "refund_id": None}
    shared = {**links, "currency": payment.currency, "at": payment.received_at, "memo": payment.reference}
    received = {
        "kind": "received",
        "cause": f"payment:{payment.id}:received",
        "amount_minor": payment.amount_minor,
    }
    rows = [{**shared, **received, "debit": HELD[payment.provider], "credit": "customer_money"}]
    if order is not None:
        earned = {"kind": "earned", "cause": f"payment:{payment.id}:earned"}
        for debit, credit, amount in _parts(order):
            if amount:
                rows.append({**shared, **earned, "debit": debit, "credit": credit, "amount_minor": amount})
    return rows


def _parts(order: Any) -> list[tuple[str, str, int]]:
    """What the customer's money and the discount were for; a discount is never more than the goods without tax."""
    within = order.tax_minor if order.tax_included else 0
    of_delivery = order.delivery_tax_minor if order.tax_included else 0
    goods = order.items_minor - (within - of_delivery)
    return [
        ("discounts", "sales", order.discount_minor),
        ("customer_money", "sales", goods - order.discount_minor),
        ("customer_money", "delivery", order.delivery_minor - of_delivery),
        ("customer_money", "tax", order.tax_minor),
    ]


def _asked_for_anew(payment: Any, refunds: list[Any]) -> list[Any]:
    """Refunds that failed and were asked for once more: together with those they would be more than the payment."""
    promised = sum(refund.amount_minor for refund in refunds)
    anew: list[Any] = []
    for refund in refunds:
        if refund.status == "failed" and promised > payment.amount_minor:
            promised -= refund.amount_minor
            anew.append(refund)
    return anew


def _of_refund(refund: Any, payment: Any, out_of: str, *, anew: bool) -> list[dict[str, Any]]:
    links = {
        "entry": refund.id,
        "order_id": payment.order_id,
        "payment_id": payment.id,
        "refund_id": refund.id,
    }
    shared = {
        **links,
        "currency": refund.currency,
        "amount_minor": refund.amount_minor,
        "memo": refund.reason,
    }
    cause = f"refund:{refund.id}"
    asked = {"kind": "refund_asked", "cause": f"{cause}:asked", "at": refund.asked_at}
    rows: list[dict[str, Any]] = [{**shared, **asked, "debit": out_of, "credit": "refunds_due"}]
    if refund.status == "settled":
        settled = {"kind": "refund_settled", "cause": f"{cause}:settled:1", "at": refund.settled_at}
        rows.append({**shared, **settled, "debit": "refunds_due", "credit": HELD[payment.provider]})
    elif anew:
        replaced = {"kind": "given_otherwise", "cause": f"{cause}:otherwise", "at": refund.asked_at}
        rows.append(
            {**shared, **replaced, "memo": "asked for anew", "debit": "refunds_due", "credit": out_of}
        )
    return rows


# ── append-only ─────────────────────────────────────────────────────────────────────────────────────


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ledger_posting_no_{what.lower()} BEFORE {what} ON ledger_posting"
                f" BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION ledger_posting_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{APPEND_ONLY}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_posting_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_posting_refuse()"
    )


def downgrade() -> None:
    """Goes while no refund was given back in a way that the schema before did not know."""
    op.drop_table("ledger_posting")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_posting_refuse()")
    with op.batch_alter_table("refund") as refund:
        refund.drop_column("unsure")
        refund.drop_column("attempt")
