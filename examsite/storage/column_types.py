"""Column types that keep the promises of the rules: aware instants, exact scores, closed enums."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Integer
from sqlalchemy.types import TypeDecorator

_HUNDREDTHS = Decimal(100)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant; refuses naive ones, so that no zone is ever guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC; SQLite keeps it without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature of SQLAlchemy
        """Give back an aware instant whatever the engine kept."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ScoreColumn(TypeDecorator[Decimal]):
    """A score with two decimals, kept as whole hundredths; refuses floats and finer values."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002 - the signature of SQLAlchemy
        """Whole hundredths of the score."""
        if value is None:
            return None
        if not isinstance(value, Decimal | int):
            raise TypeError("a score is a Decimal")
        hundredths = Decimal(value) * _HUNDREDTHS
        if hundredths != hundredths.to_integral_value():
            raise ValueError("a score has at most two decimals")
        return int(hundredths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - the signature of SQLAlchemy
        """The score with its two decimals."""
        return None if value is None else (Decimal(value) / _HUNDREDTHS).quantize(Decimal("0.01"))


def enum_column(enum: type[StrEnum]) -> Enum:
    """A text column that the database itself limits to the members of the enum."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=_snake(enum.__name__),
        values_callable=lambda members: [member.value for member in members],
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
