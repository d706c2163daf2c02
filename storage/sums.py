"""Sums of whole numbers that stay whole numbers."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func


def total(column: Any) -> ColumnElement[int]:
    """The sum of an integer column or expression, 0 of nothing, as an int on every database.

    PostgreSQL sums bigint to numeric, which arrives as a Decimal: no JSON, and no minor units
    (https://www.postgresql.org/docs/current/functions-aggregate.html).
    """
    return cast(func.coalesce(func.sum(column), 0), BigInteger)
