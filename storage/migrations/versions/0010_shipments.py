"""Orders go out in shipments, may be changed, credited and followed by others; each line counts its units."""

import sqlalchemy as sa
from alembic import op
from uuid_utils import compat

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTS = ("called_off", "shipped", "returned")
SENT = ("shipped", "delivered", "completed")


def upgrade() -> None:
    op.create_table(
        "shipment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_shipment_order_id_order"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_shipment_order_id_number")),
    )
    op.create_index(op.f("ix_shipment_order_id"), "shipment", ["order_id"])
    op.create_table(
        "shipment_line",
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("units", NUMBER, nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_shipment_line_units_positive")),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["order_line.id"],
            name=op.f("fk_shipment_line_order_line_id_order_line"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"],
            ["shipment.id"],
            name=op.f("fk_shipment_line_shipment_id_shipment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shipment_id", "order_line_id", name=op.f("pk_shipment_line")),
    )
    op.create_table(
        "order_change",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_change_order_id_order"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_change")),
    )
    op.create_index(op.f("ix_order_change_order_id"), "order_change", ["order_id"])
    with op.batch_alter_table("order") as order:
        order.add_column(sa.Column("credited_minor", NUMBER, server_default="0", nullable=False))
        order.add_column(sa.Column("parent_id", sa.Uuid(), nullable=True))
        order.create_foreign_key(op.f("fk_order_parent_id_order"), "order", ["parent_id"], ["id"])
        order.create_index(op.f("ix_order_parent_id"), ["parent_id"])
    with op.batch_alter_table("customer") as customer:
        customer.add_column(
            sa.Column(
                "order_news",
                sa.Enum("all", "shipping", "none", name="ordernews", native_enum=False, length=32),
                server_default="all",
                nullable=False,
            )
        )
    with op.batch_alter_table("order_line") as line:
        for count in COUNTS:
            line.add_column(sa.Column(count, NUMBER, server_default="0", nullable=False))
    _make_shipments_of_what_was_sent()
    with op.batch_alter_table("customer") as customer:
        customer.alter_column("order_news", server_default=None)
    with op.batch_alter_table("order") as order:
        order.alter_column("credited_minor", server_default=None)
        order.drop_column("tracking")
    with op.batch_alter_table("order_line") as line:
        for count in COUNTS:
            line.alter_column(count, server_default=None)
        line.create_check_constraint(
            op.f("ck_order_line_counts_positive"), "called_off >= 0 AND shipped >= 0 AND returned >= 0"
        )
        line.create_check_constraint(
            op.f("ck_order_line_no_more_than_ordered"), "called_off + shipped <= units"
        )
        line.create_check_constraint(op.f("ck_order_line_no_more_than_shipped"), "returned <= shipped")


def _make_shipments_of_what_was_sent() -> None:
    """Until now an order went out as a whole, with at most one line of tracking."""
    bind = op.get_bind()
    order = sa.table("order", sa.column("id", sa.Uuid()), sa.column("status"), sa.column("tracking"))
    line = sa.table(
        "order_line",
        sa.column("id", sa.Uuid()),
        sa.column("order_id", sa.Uuid()),
        sa.column("units"),
        sa.column("shipped"),
    )
    move = sa.table(
        "order_move",
        sa.column("order_id", sa.Uuid()),
        sa.column("after"),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    moment = sa.DateTime(timezone=True)
    shipment = sa.table(
        "shipment",
        sa.column("id", sa.Uuid()),
        sa.column("number", sa.Integer()),
        sa.column("carrier", sa.Text()),
        sa.column("tracking", sa.Text()),
        sa.column("link", sa.Text()),
        sa.column("order_id", sa.Uuid()),
        sa.column("shipped_at", moment),
        sa.column("delivered_at", moment),
    )
    shipment_line = sa.table(
        "shipment_line",
        sa.column("shipment_id", sa.Uuid()),
        sa.column("order_line_id", sa.Uuid()),
        sa.column("units"),
    )
    for sent in bind.execute(sa.select(order).where(order.c.status.in_(SENT))).all():
        moves = bind.execute(sa.select(move.c.after, move.c.at).where(move.c.order_id == sent.id)).all()
        when = {each.after: each.at for each in moves}
        made, tracking = compat.uuid7(), sent.tracking or ""
        is_link = tracking.startswith("https://")
        bind.execute(
            sa.insert(shipment).values(
                id=made,
                order_id=sent.id,
                number=1,
                carrier="",
                tracking="" if is_link else tracking,
                link=tracking if is_link else "",
                shipped_at=when["shipped"],
                delivered_at=when.get("delivered"),
            )
        )
        for each in bind.execute(sa.select(line.c.id, line.c.units).where(line.c.order_id == sent.id)).all():
            bind.execute(
                sa.insert(shipment_line).values(shipment_id=made, order_line_id=each.id, units=each.units)
            )
            bind.execute(sa.update(line).where(line.c.id == each.id).values(shipped=each.units))


def downgrade() -> None:
    with op.batch_alter_table("order_line") as line:
        for name in ("counts_positive", "no_more_than_ordered", "no_more_than_shipped"):
            line.drop_constraint(op.f(f"ck_order_line_{name}"), type_="check")
        for count in COUNTS:
            line.drop_column(count)
    with op.batch_alter_table("order") as order:
        order.add_column(sa.Column("tracking", sa.Text(), nullable=True))
        order.drop_index(op.f("ix_order_parent_id"))
        order.drop_constraint(op.f("fk_order_parent_id_order"), type_="foreignkey")
        order.drop_column("parent_id")
        order.drop_column("credited_minor")
    op.drop_column("customer", "order_news")
    op.drop_table("order_change")
    op.drop_table("shipment_line")
    op.drop_table("shipment")
