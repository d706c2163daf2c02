"""How each order is paid: what was agreed when it was placed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


KIND = sa.Enum("invoice", "card", "cash", "transfer", name="paymentkind", native_enum=False, length=32)


def upgrade() -> None:
    with op.batch_alter_table("order") as batch:
        batch.add_column(sa.Column("payment_method", KIND, nullable=False, server_default="card"))
    with op.batch_alter_table("order") as batch:
        batch.alter_column("payment_method", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("order") as batch:
        batch.drop_column("payment_method")
