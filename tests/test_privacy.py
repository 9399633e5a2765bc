"""Every column that can hold text says whether it can hold personal data."""

from __future__ import annotations

from sqlalchemy import JSON, Column, LargeBinary, String

from webinar.extensions import db
from webinar.models.base import Privacy


def text_columns() -> list[Column[object]]:
    return [
        column
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (String, JSON, LargeBinary))
    ]


def test_every_text_column_is_classified() -> None:
    missing = [str(c) for c in text_columns() if not isinstance(c.info.get("privacy"), Privacy)]
    assert missing == []


def test_names_and_addresses_are_personal_wherever_they_stand() -> None:
    suspicious = ("email", "first_name", "last_name", "recipient", "phone", "salutation")
    wrong = [
        str(column)
        for column in text_columns()
        if any(word in column.name for word in suspicious)
        and column.info["privacy"] is not Privacy.DIRECT
    ]
    assert wrong == []


def test_every_constraint_has_a_name() -> None:
    nameless = [
        f"{table.name}: {constraint}"
        for table in db.metadata.sorted_tables
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert nameless == []
