"""Coupons with their uses, codes that were guessed, and customers' address books."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "coupon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("percent", NUMBER, nullable=True),
        sa.Column("amount_minor", NUMBER, nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minimum_minor", NUMBER, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uses_max", NUMBER, nullable=True),
        sa.Column("uses_per_customer_max", NUMBER, nullable=True),
        sa.Column("first_order_only", sa.Boolean(), nullable=False),
        sa.Column("categories", JSON, nullable=False),
        sa.Column("handles", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(percent IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_coupon_one_kind")),
        sa.CheckConstraint("percent BETWEEN 1 AND 90", name=op.f("ck_coupon_percent_in_range")),
        sa.CheckConstraint(
            "amount_minor > 0 AND minimum_minor > amount_minor", name=op.f("ck_coupon_amount_below_minimum")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_code")),
    )
    op.create_table(
        "coupon_use",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_coupon_use_order_id_order"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_use_coupon_id_coupon")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_coupon_use_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_coupon_use")),
    )
    op.create_index(op.f("ix_coupon_use_coupon_id"), "coupon_use", ["coupon_id"])
    op.create_table(
        "coupon_guess",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_coupon_guess_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_guess")),
    )
    op.create_index(op.f("ix_coupon_guess_customer_id_at"), "coupon_guess", ["customer_id", "at"])
    op.create_table(
        "customer_address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("address", JSON, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_customer_address_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_address")),
    )
    op.create_index(op.f("ix_customer_address_customer_id"), "customer_address", ["customer_id"])


def downgrade() -> None:
    for table in ("customer_address", "coupon_guess", "coupon_use", "coupon"):
        op.drop_table(table)
