"""An order's life: the table that says which moves there are, and that nothing else moves it."""

from uuid import uuid4

import pytest

from shop.catalogue.model import OutOfStock, Variant
from shop.orders.model import HOLDS_STOCK, MOVES, NotPossible, Order, OrderStatus
from tests.trade import NOW

# Written out by hand, so that a slip in the table is seen: who may follow whom.
ALLOWED = {
    ("placed", "paid"),
    ("placed", "packed"),
    ("placed", "cancelled"),
    ("awaiting_payment", "paid"),
    ("awaiting_payment", "waiting"),
    ("awaiting_payment", "authorised"),
    ("awaiting_payment", "cancelled"),
    ("awaiting_payment", "expired"),
    ("waiting", "paid"),
    ("waiting", "authorised"),
    ("waiting", "cancelled"),
    ("authorised", "paid"),
    ("authorised", "cancelled"),
    ("paid", "packed"),
    ("paid", "cancelled"),
    ("packed", "part_shipped"),
    ("packed", "shipped"),
    ("part_shipped", "shipped"),
    ("shipped", "delivered"),
    ("shipped", "part_returned"),
    ("shipped", "returned"),
    ("delivered", "completed"),
    ("delivered", "part_returned"),
    ("delivered", "returned"),
    ("completed", "part_returned"),
    ("completed", "returned"),
    ("part_returned", "returned"),
    ("expired", "paid"),
    ("expired", "waiting"),
    ("expired", "authorised"),
}


def order_in(status: OrderStatus) -> Order:
    return Order(id=uuid4(), reference="7K3Q9T", status=status)


@pytest.mark.parametrize("after", OrderStatus)
@pytest.mark.parametrize("before", OrderStatus)
def test_each_move_is_allowed_or_refused_as_the_table_says(before: OrderStatus, after: OrderStatus) -> None:
    order = order_in(before)
    if (before.value, after.value) in ALLOWED:
        assert order.can(after)
        move = order.move(after, at=NOW, by="staff", why="because")
        assert order.status is after
        assert (move.order_id, move.before, move.after, move.at) == (order.id, before, after, NOW)
        assert (move.by, move.why) == ("staff", "because")
        return
    assert not order.can(after)
    with pytest.raises(NotPossible) as refused:
        order.move(after, at=NOW, by="staff")
    assert refused.value.facts == {"reference": "7K3Q9T", "status": before.value, "wanted": after.value}
    assert order.status is before, "a refused move changes nothing"


def test_every_status_has_its_row_in_the_table() -> None:
    assert set(MOVES) == set(OrderStatus)


def test_stock_is_held_from_placing_until_it_ships_and_by_no_order_that_ended() -> None:
    before_it_ships = {
        "placed",
        "awaiting_payment",
        "waiting",
        "authorised",
        "paid",
        "packed",
        "part_shipped",
    }
    assert {status.value for status in HOLDS_STOCK} == before_it_ships


def variant(**fields: int | bool) -> Variant:
    base = {"tracked": True, "oversell": False, "on_hand": 3, "allocated": 0}
    return Variant(options={}, **(base | fields))


def test_stock_can_be_promised_up_to_what_is_free() -> None:
    mug = variant(on_hand=3, allocated=1)
    mug.allocate(2)
    assert (mug.on_hand, mug.allocated, mug.free_units()) == (3, 3, 0)
    with pytest.raises(OutOfStock) as refused:
        mug.allocate(1)
    assert (refused.value.facts["free"], refused.value.facts["asked"]) == (0, 1)
    assert mug.allocated == 3


@pytest.mark.parametrize("endless", ["oversell", "untracked"])
def test_what_never_runs_out_is_always_promised(endless: str) -> None:
    mug = variant(on_hand=0, oversell=endless == "oversell", tracked=endless != "untracked")
    mug.allocate(5)
    assert mug.allocated == 5
    assert mug.free_units() is None


def test_a_promise_is_taken_back_once_and_never_more_than_there_is() -> None:
    mug = variant(allocated=2)
    mug.release(2)
    assert mug.allocated == 0
    with pytest.raises(AssertionError):
        mug.release(1)
