"""Prices that hold for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATE = sa.Enum("planned", "running", "over", name="salestate", native_enum=False, length=32)


def upgrade() -> None:
    op.create_table(
        "sale",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", NUMBER, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("regular_minor", NUMBER, nullable=True),
        sa.Column("before_minor", NUMBER, nullable=True),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_sale_price_not_negative")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_sale_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_sale_variant_id_variant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale")),
    )
    for column in ("variant_id", "state"):
        op.create_index(op.f(f"ix_sale_{column}"), "sale", [column])


def downgrade() -> None:
    op.drop_table("sale")
