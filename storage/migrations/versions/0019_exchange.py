"""Exchanges: what is wanted instead, and money of one order that pays for another."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "payment_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("from_order_id", sa.Uuid(), nullable=False),
        sa.Column("to_order_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_transfer_amount_positive")),
        sa.CheckConstraint("from_order_id <> to_order_id", name=op.f("ck_payment_transfer_two_orders")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_transfer_payment_id_payment")
        ),
        sa.ForeignKeyConstraint(
            ["from_order_id"], ["order.id"], name=op.f("fk_payment_transfer_from_order_id_order")
        ),
        sa.ForeignKeyConstraint(
            ["to_order_id"], ["order.id"], name=op.f("fk_payment_transfer_to_order_id_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_transfer")),
    )
    for column in ("payment_id", "from_order_id", "to_order_id"):
        op.create_index(op.f(f"ix_payment_transfer_{column}"), "payment_transfer", [column])
    with op.batch_alter_table("refund") as refund:
        refund.add_column(sa.Column("order_id", sa.Uuid(), nullable=True))
        refund.create_foreign_key(op.f("fk_refund_order_id_order"), "order", ["order_id"], ["id"])
        refund.create_index(op.f("ix_refund_order_id"), ["order_id"])
    op.execute(
        "UPDATE refund SET order_id ="
        " (SELECT payment.order_id FROM payment WHERE payment.id = refund.payment_id)"
    )
    with op.batch_alter_table("order") as order:
        order.add_column(sa.Column("exchanged_minor", NUMBER, server_default="0", nullable=False))
    with op.batch_alter_table("order") as order:
        order.alter_column("exchanged_minor", server_default=None)
    with op.batch_alter_table("return") as asked:
        asked.add_column(sa.Column("wanted_variant_id", sa.Uuid(), nullable=True))
        asked.add_column(sa.Column("wanted_name", sa.Text(), nullable=True))
        asked.create_foreign_key(
            op.f("fk_return_wanted_variant_id_variant"),
            "variant",
            ["wanted_variant_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    """Goes while no order was paid with money of another."""
    with op.batch_alter_table("return") as asked:
        asked.drop_constraint(op.f("fk_return_wanted_variant_id_variant"), type_="foreignkey")
        asked.drop_column("wanted_name")
        asked.drop_column("wanted_variant_id")
    with op.batch_alter_table("order") as order:
        order.drop_column("exchanged_minor")
    with op.batch_alter_table("refund") as refund:
        refund.drop_constraint(op.f("fk_refund_order_id_order"), type_="foreignkey")
        refund.drop_index(op.f("ix_refund_order_id"))
        refund.drop_column("order_id")
    op.drop_table("payment_transfer")
