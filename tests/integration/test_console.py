"""What the staff page reads and writes, on each database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import ROOT, read_settings
from bot import transcript
from bot.delivery.model import Conversation, OutboxRow
from bot.dialogue import replies
from bot.dialogue.replies import Replies
from bot.dialogue.tokens import Tokens
from bot.notices import Notices
from bot.transcript import Author, Utterance
from console import fulfilment, staff_reply
from console.reads import catalogue, conversations, front, orders, problems
from console.reads.listing import ROWS_A_PAGE, attention
from console.reads.talk import lines
from shop.catalogue.model import Product, ProductPicture, Variant
from shop.customers.model import Customer
from shop.orders.model import NotPossible, Order, OrderStatus
from shop.profile import ShopProfile
from storage.engine import Database
from tests.browser.shop_floor import add_customer, add_paid_order, add_parked_event

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction, undone at the end."""
    with Session(database.engine, expire_on_commit=False) as opened:
        yield opened
        opened.rollback()


@pytest.fixture(scope="session")
def sentences() -> Replies:
    return replies.read(ROOT / "flows" / "replies", languages=["en"])


@pytest.fixture(scope="session")
def profile() -> ShopProfile:
    return read_settings(ROOT / "config.yml").shop


def add_product(
    session: Session,
    handle: str,
    *,
    on_hand: int = 10,
    category: str = "Mugs",
    prices: tuple[int, ...] = (1200,),
) -> Product:
    variants = [
        Variant(
            options={"Kind": str(place)},
            option_key=str(place),
            position=place,
            sku=f"{handle}-{place}".upper(),
            price_minor=price,
            currency="EUR",
            on_hand=on_hand,
        )
        for place, price in enumerate(prices)
    ]
    picture = ProductPicture(path=f"{handle}.jpg", alt=handle)
    product = Product(
        handle=handle,
        title=handle.title(),
        category=category,
        updated_at=NOW,
        variants=variants,
        pictures=[picture],
    )
    session.add(product)
    session.flush()
    return product


def add_order(session: Session, *, pickup: bool = False, name: str = "Ana Ruiz", chat: str = "ana") -> Order:
    add_product(session, f"mug-of-{chat}")
    key = add_customer(session, name, chat=chat, said="hello", at=NOW)
    return add_paid_order(session, key, handle=f"mug-of-{chat}", units=1, pickup=pickup, at=NOW)


# ---------------------------------------------------------------------- conversations


def test_conversations_come_those_who_want_a_person_first_then_the_newest(session: Session) -> None:
    for minute, (name, wants_person) in enumerate([("Ana", True), ("Ben", False), ("Cem", False)]):
        at = NOW + timedelta(minutes=minute)
        add_customer(session, name, chat=name, said="hello", at=at, wants_person=wants_person)
    listed = conversations.newest(session, page=1, search="")
    assert [row.name for row in listed.rows] == ["Ana", "Cem", "Ben"]
    assert attention(session).people == 1


def test_a_conversation_in_which_nothing_was_said_is_not_listed(session: Session) -> None:
    session.add(Conversation(key="web:silent", state={}, started_at=NOW, updated_at=NOW))
    session.flush()
    assert conversations.newest(session, page=1, search="").total == 0


def test_a_conversation_is_named_by_a_number_and_not_by_its_secret(session: Session) -> None:
    key = add_customer(session, None, chat="secret-name", said="hello", at=NOW)
    (row,) = conversations.newest(session, page=1, search="").rows
    assert row.name == f"Guest {row.number}"
    assert conversations.conversation_at(session, row.number) == key
    assert conversations.conversation_at(session, row.number + 1) is None


def test_lists_end_at_their_last_page(session: Session) -> None:
    for number in range(ROWS_A_PAGE + 1):
        add_customer(session, f"Customer {number}", chat=str(number), said="hello", at=NOW)
    last = conversations.newest(session, page=99, search="")
    assert (last.page, last.pages, len(last.rows), last.total) == (2, 2, 1, ROWS_A_PAGE + 1)


def test_a_search_takes_every_letter_literally(session: Session) -> None:
    add_customer(session, "50% Peter", chat="a", said="hello", at=NOW)
    add_customer(session, "Petra_x", chat="b", said="hello", at=NOW)
    for words, found in (
        ("%", ["50% Peter"]),
        ("_", ["Petra_x"]),
        ("pet", ["50% Peter", "Petra_x"]),
        ("'", []),
    ):
        assert sorted(row.name for row in conversations.newest(session, page=1, search=words).rows) == found


def test_lines_of_another_version_do_not_end_the_talk(session: Session) -> None:
    key = add_customer(session, "Ana", chat="a", said="hello", at=NOW)
    transcript.note(session, key, Author.BOT, {"kind": "hologram"}, at=NOW)
    session.flush()
    assert [line.author for line in lines(session, key, after=0, most=10)] == [Author.CUSTOMER, Author.BOT]


def test_the_facts_of_a_customer_are_theirs_alone(session: Session) -> None:
    order = add_order(session)
    add_order(session, name="Ben Maes", chat="ben")
    facts = conversations.facts_of(session, "web:ana")
    assert (facts.name, facts.phone, facts.channel) == ("Ana Ruiz", "+3292345678", "Web")
    assert [each.reference for each in facts.orders] == [order.reference]
    assert facts.cart == ()


# ---------------------------------------------------------------------- staff answer


def test_an_answer_is_queued_noted_and_ends_the_wait_once(session: Session) -> None:
    key = add_customer(session, "Ana", chat="a", said="help", at=NOW, wants_person=True)
    later = NOW + timedelta(minutes=5)
    assert staff_reply.answer(session, key, " We <3 you & Ana ", identity="one", at=later)
    assert not staff_reply.answer(session, key, " We <3 you & Ana ", identity="one", at=later)
    (row,) = session.scalars(select(OutboxRow)).all()
    assert (row.conversation, row.payload["text"]) == (key, "We &lt;3 you &amp; Ana")
    assert session.scalars(select(Utterance.author).order_by(Utterance.id)).all() == ["customer", "staff"]
    assert not session.scalars(select(Customer.wants_person)).one()
    assert session.get_one(Conversation, key).updated_at == later


# ---------------------------------------------------------------------- orders


def test_orders_are_found_by_reference_name_phone_and_status(session: Session) -> None:
    order = add_order(session)
    add_order(session, name="Ben Maes", chat="ben")
    for words, total in ((order.reference.lower(), 1), ("maes", 1), ("2345", 2), ("nobody", 0), ("", 2)):
        assert orders.listed(session, page=1, search=words, status=None).total == total
    assert orders.listed(session, page=1, search="", status=OrderStatus.PAID).total == 2
    assert orders.listed(session, page=1, search="", status=OrderStatus.PACKED).total == 0


def test_an_order_tells_its_lines_its_history_and_its_money(session: Session) -> None:
    order = add_order(session)
    facts = orders.facts_of(session, order.reference.lower())
    assert facts is not None
    assert [(line.units, line.sku, line.price.minor) for line in facts.lines] == [(1, "MUG-OF-ANA-0", 1200)]
    assert [move.after for move in facts.moves] == [OrderStatus.PAID]
    assert [(row.what, row.amount.minor) for row in facts.money] == [("Payment", 1200)]
    assert facts.address == "Kouter 1, 9000 Ghent, BE"
    assert orders.facts_of(session, "NOSUCH") is None


def move(
    session: Session, order: Order, status: OrderStatus, profile: ShopProfile, sentences: Replies
) -> None:
    notices = Notices(profile, sentences, Tokens(b"secret"))
    fulfilment.move_on(fulfilment.open_order(session, order.id, notices=notices, at=NOW), status)


def test_a_move_is_told_once_in_the_conversation_of_the_order(
    session: Session, profile: ShopProfile, sentences: Replies
) -> None:
    order = add_order(session)
    for status in (OrderStatus.PACKED, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED):
        move(session, order, status, profile, sentences)
    rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
    assert [row.conversation for row in rows] == [order.conversation] * 3
    said = [
        line for line in lines(session, order.conversation, after=0, most=10) if line.author is Author.BOT
    ]
    assert len(said) == 3


def test_who_stopped_the_bot_hears_nothing_and_the_order_moves_all_the_same(
    session: Session, profile: ShopProfile, sentences: Replies
) -> None:
    order = add_order(session)
    session.get_one(Conversation, order.conversation).blocked = True
    move(session, order, OrderStatus.PACKED, profile, sentences)
    assert order.status is OrderStatus.PACKED
    assert session.scalars(select(OutboxRow)).all() == []


def test_a_move_out_of_turn_is_refused_and_told_to_nobody(
    session: Session, profile: ShopProfile, sentences: Replies
) -> None:
    order = add_order(session)
    with pytest.raises(NotPossible):
        move(session, order, OrderStatus.DELIVERED, profile, sentences)
    assert session.scalars(select(OutboxRow)).all() == []
    assert fulfilment.next_moves(OrderStatus.PAID) == [OrderStatus.PACKED]
    assert fulfilment.next_moves(OrderStatus.CANCELLED) == []


# ---------------------------------------------------------------------- catalogue, window, problems


def test_products_are_found_by_sku_and_shown_with_their_range_of_prices(session: Session) -> None:
    add_product(session, "tall mug", prices=(1500, 900, 1200))
    add_product(session, "plate", category="Plates")
    (row,) = catalogue.listed(session, page=1, search="tall mug-2", sold_out=False).rows
    assert row.lowest is not None
    assert row.highest is not None
    assert (row.lowest.minor, row.highest.minor, row.free, row.variants) == (900, 1500, 30, 3)


def test_sold_out_is_what_has_no_unit_left_to_promise(session: Session) -> None:
    add_product(session, "gone", on_hand=0)
    add_product(session, "there")
    endless = add_product(session, "endless", on_hand=0)
    endless.variants[0].tracked = False
    hidden = add_product(session, "hidden", on_hand=0)
    hidden.published = False
    session.flush()
    listed = catalogue.listed(session, page=1, search="", sold_out=True)
    assert [row.title for row in listed.rows] == ["Gone"]


def test_the_window_mixes_categories_and_shows_only_what_can_be_bought(session: Session) -> None:
    for handle, category, on_hand in (("a1", "A", 1), ("a2", "A", 1), ("b1", "B", 1), ("c1", "C", 0)):
        add_product(session, handle, category=category, on_hand=on_hand)
    shown = front.products_in_window(session, most=3)
    assert [product.title for product in shown] == ["A1", "B1", "A2"]


def test_a_parked_event_tells_its_reason_and_all_that_is_known(session: Session) -> None:
    key = add_customer(session, "Ana", chat="a", said="hello", at=NOW)
    add_parked_event(session, key, said="what is in my cart?", at=NOW)
    (problem,) = problems.parked(session, page=1).rows
    assert (problem.what, problem.words) == ("Said", "what is in my cart?")
    assert problem.reason == "KeyError: 'a slot that was not there'"
    assert problem.trace.startswith("Traceback")
    assert attention(session).problems == 1
    assert problems.dead(session, page=1).total == 0
