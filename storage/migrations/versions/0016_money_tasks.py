"""Tasks for staff, disputes, orders that a dispute freezes, and what comparing with the provider found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
FACTS = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "staff_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum(name="taskkind", native_enum=False, length=32), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        *(sa.Column(f"{what}_id", sa.Uuid(), nullable=True) for what in ("order", "payment", "refund")),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("facts", FACTS, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        *(
            sa.ForeignKeyConstraint([f"{what}_id"], [f"{what}.id"], name=f"fk_staff_task_{what}_id_{what}")
            for what in ("order", "payment", "refund")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_task")),
        sa.UniqueConstraint("cause", name=op.f("uq_staff_task_cause")),
    )
    for name in ("order_id", "payment_id", "refund_id", "closed_at"):
        op.create_index(op.f(f"ix_staff_task_{name}"), "staff_task", [name])
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Enum(name="disputestatus", native_enum=False, length=32), nullable=False),
        sa.Column("answer_by", MOMENT, nullable=True),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("reference", name=op.f("uq_dispute_reference")),
    )
    op.create_index(op.f("ix_dispute_payment_id"), "dispute", ["payment_id"])
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("checked", NUMBER, nullable=False),
        sa.Column("found", FACTS, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
    )
    op.create_index(op.f("ix_reconciliation_at"), "reconciliation", ["at"])
    op.add_column("order", sa.Column("frozen", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("order", "frozen")
    for table in ("reconciliation", "dispute", "staff_task"):
        op.drop_table(table)
