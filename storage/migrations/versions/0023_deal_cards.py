"""Cards of groups of deals in chats that many read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "deal_card",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("shown", JSON, nullable=False),
        sa.Column("under_way", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["deal_group.id"],
            name=op.f("fk_deal_card_group_id_deal_group"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "chat", name=op.f("pk_deal_card")),
    )
    op.create_index(op.f("ix_deal_card_chat"), "deal_card", ["chat"])


def downgrade() -> None:
    op.drop_table("deal_card")
