"""The promises of `storage.engine`, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import app.wiring
from storage.engine import Database
from storage.migrate import downgrade, ours, upgrade
from storage.types import Base


def test_a_failing_work_undoes_only_itself(database: Database) -> None:
    def fails(session):
        session.execute(text("CREATE TABLE lost (x int)"))
        raise ZeroDivisionError

    kept = database.write(lambda s: s.execute(text("CREATE TABLE kept (x int)")) and 7)
    failed = database.write(fails)
    assert kept.result() == 7
    with pytest.raises(ZeroDivisionError):
        failed.result()
    assert database.read(lambda s: s.execute(text("SELECT count(*) FROM kept")).scalar_one()) == 0
    with pytest.raises(Exception, match="lost"):
        database.read(lambda s: s.execute(text("SELECT count(*) FROM lost")))


def test_what_a_read_writes_is_undone(database: Database) -> None:
    database.write_now(lambda s: s.execute(text("CREATE TABLE t (x int)")))
    database.read(lambda s: s.execute(text("INSERT INTO t VALUES (1)")))
    assert database.read(lambda s: s.execute(text("SELECT count(*) FROM t")).scalar_one()) == 0


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    assert app.wiring.build, "importing the wiring imports every model"
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": ours, "render_as_batch": False}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_down_and_up_again(database: Database) -> None:
    downgrade(database)
    upgrade(database)
    database.write_now(lambda s: s.execute(text("SELECT count(*) FROM product")))


def test_the_statements_of_one_look_see_the_same_moment(database: Database) -> None:
    database.write_now(lambda s: s.execute(text("CREATE TABLE seen (x int)")))
    count = text("SELECT count(*) FROM seen")

    def look(session):
        before = session.execute(count).scalar_one()
        database.write_now(lambda s: s.execute(text("INSERT INTO seen VALUES (1)")))
        return before, session.execute(count).scalar_one()

    assert database.read(look) == (0, 0)
    assert database.read(lambda s: s.execute(count).scalar_one()) == 1
