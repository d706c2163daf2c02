"""Questions that people asked, what staff wrote to those without an answer, and when documents are to be looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "approved", name="answerstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_answer")),
    )
    op.create_table(
        "asked_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "answered",
                "unanswered",
                "unhelpful",
                "helpful",
                "not_found",
                name="verdict",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("answered_from", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wants_answer", sa.Boolean(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=True),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_question")),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["staff_answer.id"],
            name=op.f("fk_asked_question_answer_id_staff_answer"),
            ondelete="SET NULL",
        ),
    )
    op.create_index(op.f("ix_asked_question_conversation"), "asked_question", ["conversation"])
    op.create_index(op.f("ix_asked_question_answer_id"), "asked_question", ["answer_id"])
    op.create_index(op.f("ix_asked_question_at"), "asked_question", ["at"])
    for name in ("review_at", "checked_at"):
        op.add_column("document", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("checked_at", "review_at"):
        op.drop_column("document", name)
    op.drop_table("asked_question")
    op.drop_table("staff_answer")
