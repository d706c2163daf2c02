"""What staff labelled for the model to learn from, and which turns they are asked to look at."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "labelled_message",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labelled_message")),
        sa.UniqueConstraint("language", "key", name=op.f("uq_labelled_message_language_key")),
    )
    op.add_column("turn_trace", sa.Column("missed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        op.f("ix_turn_trace_missed"),
        "turn_trace",
        ["event_id"],
        sqlite_where=sa.text("missed"),
        postgresql_where=sa.text("missed"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_turn_trace_missed"), table_name="turn_trace")
    op.drop_column("turn_trace", "missed")
    op.drop_table("labelled_message")
