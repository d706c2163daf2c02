"""Inserts that pass over what is there already, on both engines."""

from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session


def insert_new(session: Session, model: type[DeclarativeBase], row: dict[str, Any]) -> Any:
    """Insert a row; its primary key, or None where one with the same unique key is there."""
    statement = _statement(model, session.get_bind().dialect.name)
    return session.execute(statement, row).scalar_one_or_none()


@cache
def _statement(model: type[DeclarativeBase], dialect: str) -> Insert:
    (key,) = model.__mapper__.primary_key
    insert = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    return insert(cast(Table, model.__table__)).on_conflict_do_nothing().returning(key)
