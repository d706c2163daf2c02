"""Goods that come back."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATUSES = ("asked", "approved", "refused", "received", "refunded", "exchanged")


def status(name: str) -> sa.Column[str]:
    kind = sa.Enum(*STATUSES, name="returnstatus", native_enum=False, length=32)
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "return",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        status("status"),
        sa.Column(
            "wish", sa.Enum("refund", "exchange", name="wish", native_enum=False, length=32), nullable=False
        ),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("worth_minor", NUMBER, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_return_order_id_order"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_return_order_id_number")),
    )
    op.create_index(op.f("ix_return_order_id"), "return", ["order_id"])
    op.create_index(op.f("ix_return_status"), "return", ["status"])
    op.create_table(
        "return_line",
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("units", NUMBER, nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_return_line_units_positive")),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["order_line.id"],
            name=op.f("fk_return_line_order_line_id_order_line"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["return.id"], name=op.f("fk_return_line_return_id_return"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("return_id", "order_line_id", name=op.f("pk_return_line")),
    )
    op.create_table(
        "return_move",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        status("before"),
        status("after"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["return_id"], ["return.id"], name=op.f("fk_return_move_return_id_return"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_move")),
    )
    op.create_index(op.f("ix_return_move_return_id"), "return_move", ["return_id"])


def downgrade() -> None:
    op.drop_table("return_move")
    op.drop_table("return_line")
    op.drop_table("return")
