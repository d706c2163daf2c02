"""Money that a customer's bank holds for an order until it is captured."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "authorisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "status", sa.Enum(name="authorisationstatus", native_enum=False, length=32), nullable=False
        ),
        sa.Column("held_at", MOMENT, nullable=False),
        sa.Column("capture_asked_at", MOMENT, nullable=True),
        sa.Column("attempt", NUMBER, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_authorisation_amount_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_authorisation_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
        sa.UniqueConstraint("reference", name=op.f("uq_authorisation_reference")),
    )
    op.create_index(op.f("ix_authorisation_order_id"), "authorisation", ["order_id"])


def downgrade() -> None:
    op.drop_table("authorisation")
