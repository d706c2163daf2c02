"""Customers who wait for something to be in stock again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LINKS = {"customer_id": "customer", "product_id": "product", "variant_id": "variant"}


def upgrade() -> None:
    op.create_table(
        "stock_watch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_stock_watch_{column}_{table}"),
                ondelete="CASCADE",
            )
            for column, table in LINKS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_watch")),
    )
    for column in (*LINKS, "told_at"):
        op.create_index(op.f(f"ix_stock_watch_{column}"), "stock_watch", [column])


def downgrade() -> None:
    op.drop_table("stock_watch")
