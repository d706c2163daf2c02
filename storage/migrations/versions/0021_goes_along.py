"""Orders that add to another one and go out in its parcel."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("order") as order:
        order.add_column(sa.Column("goes_along", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("order") as order:
        order.alter_column("goes_along", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("order") as order:
        order.drop_column("goes_along")
