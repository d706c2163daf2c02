"""Invoices have numbers without a gap."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "invoice_year",
        sa.Column("year", NUMBER, autoincrement=False, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_invoice_year")),
    )
    op.create_table(
        "invoice",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("year", NUMBER, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_invoice_order_id_order")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_invoice_year_number")),
    )


def downgrade() -> None:
    op.drop_table("invoice")
    op.drop_table("invoice_year")
