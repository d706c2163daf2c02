"""Group deals: offers, groups of buyers, and their seats, each of which is an order."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TAKEN = sa.text("status IN ('held', 'paid', 'confirmed')")


def upgrade() -> None:
    _deals()
    _groups()
    _seats()
    with op.batch_alter_table("order") as order:
        order.add_column(sa.Column("group_id", sa.Uuid(), nullable=True))
        order.create_foreign_key(op.f("fk_order_group_id_deal_group"), "deal_group", ["group_id"], ["id"])
        order.create_index(op.f("ix_order_group_id"), ["group_id"])


def _deals() -> None:
    op.create_table(
        "deal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("status", _states("dealstatus"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("window_hours", NUMBER, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("quota", NUMBER, nullable=True),
        sa.Column("units_taken", NUMBER, nullable=False),
        sa.Column("units_per_order_max", NUMBER, nullable=False),
        sa.Column("units_per_customer_max", NUMBER, nullable=False),
        sa.Column("leader_bonus_minor", NUMBER, nullable=False),
        sa.Column("audience", _states("audience"), nullable=False),
        sa.Column("coupons_stack", sa.Boolean(), nullable=False),
        sa.Column("payment", _states("dealpayment"), nullable=False),
        sa.Column("seats_per_customer_max", NUMBER, nullable=False),
        sa.Column("completes_from", NUMBER, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("size BETWEEN 2 AND 50", name=op.f("ck_deal_size_allowed")),
        sa.CheckConstraint("window_hours BETWEEN 1 AND 168", name=op.f("ck_deal_window_allowed")),
        sa.CheckConstraint(
            "quota IS NULL OR units_taken BETWEEN 0 AND quota", name=op.f("ck_deal_within_quota")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_deal_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal")),
        sa.UniqueConstraint("code", name=op.f("uq_deal_code")),
    )
    op.create_index(op.f("ix_deal_product_id"), "deal", ["product_id"])
    op.create_index(op.f("ix_deal_status"), "deal", ["status"])
    op.create_table(
        "deal_price",
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", NUMBER, nullable=False),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_deal_price_price_positive")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deal.id"], name=op.f("fk_deal_price_deal_id_deal"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_deal_price_variant_id_variant")
        ),
        sa.PrimaryKeyConstraint("deal_id", "variant_id", name=op.f("pk_deal_price")),
    )


def _groups() -> None:
    op.create_table(
        "deal_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("status", _states("groupstatus"), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("window_hours", NUMBER, nullable=False),
        sa.Column("payment", _states("dealpayment"), nullable=False),
        sa.Column("prices", JSON, nullable=False),
        sa.Column("leader_bonus_minor", NUMBER, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=True),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.Column("filled_by_shop", NUMBER, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("told_event", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_group_deal_id_deal")),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["customer.id"], name=op.f("fk_deal_group_leader_id_customer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_group")),
        sa.UniqueConstraint("token", name=op.f("uq_deal_group_token")),
    )
    for column in ("deal_id", "status", "closes_at"):
        op.create_index(op.f(f"ix_deal_group_{column}"), "deal_group", [column])


def _seats() -> None:
    op.create_table(
        "seat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("status", _states("seatstatus"), nullable=False),
        sa.Column("units", NUMBER, nullable=False),
        sa.Column("held_at", MOMENT, nullable=False),
        sa.Column("hold_until", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.Column("goes_elsewhere", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["deal_group.id"], name=op.f("fk_seat_group_id_deal_group")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_seat_customer_id_customer")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_seat_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("order_id", name=op.f("uq_seat_order_id")),
    )
    for column in ("group_id", "customer_id", "status"):
        op.create_index(op.f(f"ix_seat_{column}"), "seat", [column])
    op.create_index(
        "one_seat_in_a_group",
        "seat",
        ["group_id", "customer_id"],
        unique=True,
        sqlite_where=TAKEN,
        postgresql_where=TAKEN,
    )
    op.create_table(
        "group_event",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=True),
        sa.Column("what", _states("grouphappening"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["deal_group.id"],
            name=op.f("fk_group_event_group_id_deal_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_group_event_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_event")),
    )
    op.create_index("group_event_in_order", "group_event", ["group_id", "id"])


def _states(name: str) -> sa.Enum:
    return sa.Enum(name=name, native_enum=False, length=32)


def downgrade() -> None:
    with op.batch_alter_table("order") as order:
        order.drop_index(op.f("ix_order_group_id"))
        order.drop_constraint(op.f("fk_order_group_id_deal_group"), type_="foreignkey")
        order.drop_column("group_id")
    for table in ("group_event", "seat", "deal_group", "deal_price", "deal"):
        op.drop_table(table)
