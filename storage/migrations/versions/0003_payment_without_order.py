"""A payment may belong to no order: money that came for nothing of ours is kept too, and goes back."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payment") as payment:
        payment.alter_column("order_id", nullable=True)


def downgrade() -> None:
    """Goes only where every payment has its order: money is not forgotten."""
    with op.batch_alter_table("payment") as payment:
        payment.alter_column("order_id", nullable=False)
