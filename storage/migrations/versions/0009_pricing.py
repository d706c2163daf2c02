"""What an order's total is made of beside goods and delivery: discounts and tax; and what else its customer told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MINOR = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ADDS_UP = "total_minor = items_minor - discount_minor + delivery_minor + CASE WHEN tax_included THEN 0 ELSE tax_minor END"
PARTS = "discount_minor BETWEEN 0 AND items_minor AND tax_minor >= 0"
ORDER_TEXTS = ("coupon_code", "pickup_point", "country", "email", "note", "gift_message")
ORDER_AMOUNTS = ("discount_minor", "tax_minor", "delivery_tax_minor", "delivery_tax_rate_bp")
LINE_AMOUNTS = ("discount_minor", "tax_minor", "tax_rate_bp")


def upgrade() -> None:
    with op.batch_alter_table("order") as order:
        for name in ORDER_AMOUNTS:
            order.add_column(sa.Column(name, MINOR, nullable=False, server_default="0"))
        order.add_column(sa.Column("tax_included", sa.Boolean(), nullable=False, server_default=sa.true()))
        order.add_column(sa.Column("discounts", JSON, nullable=False, server_default="[]"))
        for name in ORDER_TEXTS:
            order.add_column(sa.Column(name, sa.Text(), nullable=True))
    with op.batch_alter_table("order") as order:
        order.drop_constraint(op.f("ck_order_total_adds_up"), type_="check")
        order.create_check_constraint(op.f("ck_order_total_adds_up"), ADDS_UP)
        order.create_check_constraint(op.f("ck_order_parts_not_negative"), PARTS)
    with op.batch_alter_table("order_line") as line:
        for name in LINE_AMOUNTS:
            line.add_column(sa.Column(name, MINOR, nullable=False, server_default="0"))


def downgrade() -> None:
    """Goes only where no order has a discount or added tax: their totals could not be told apart any more."""
    with op.batch_alter_table("order_line") as line:
        for name in LINE_AMOUNTS:
            line.drop_column(name)
    with op.batch_alter_table("order") as order:
        order.drop_constraint(op.f("ck_order_total_adds_up"), type_="check")
        order.drop_constraint(op.f("ck_order_parts_not_negative"), type_="check")
        order.create_check_constraint(
            op.f("ck_order_total_adds_up"), "total_minor = items_minor + delivery_minor"
        )
    with op.batch_alter_table("order") as order:
        for name in (*ORDER_AMOUNTS, "tax_included", "discounts", *ORDER_TEXTS):
            order.drop_column(name)
