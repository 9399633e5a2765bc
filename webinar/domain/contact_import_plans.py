"""What an import would do: kinds of rows, plans, questions and their possible answers.

The values that `domain.contact_import_review` makes and `domain.contact_imports` carries out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from webinar.domain import organisations
from webinar.domain.contact_import_rows import Candidate, Column
from webinar.errors import RuleError
from webinar.models import Contact


class Kind(StrEnum):
    """What a row does."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"
    QUESTION = "question"
    SKIPPED = "skipped"


class Choice(StrEnum):
    """What can be answered to a row's question; all but the last two name a contact."""

    CORRECTION = "correction"
    SUCCESSOR = "successor"
    REACTIVATE = "reactivate"
    SECOND = "second"
    SKIP = "skip"


@dataclass(frozen=True)
class Option:
    """One possible answer; `value` is what is stored, such as "successor:17"."""

    choice: Choice
    contact: Contact | None = None

    @property
    def value(self) -> str:
        return f"{self.choice}:{self.contact.id}" if self.contact is not None else self.choice


@dataclass
class Plan:
    """What one row does to `contact` (None: a new one is made); `changes` by column, before and
    after; `joins` are names of audiences. `follows` is an earlier row about the same person."""

    row: Candidate
    kind: Kind
    defects: list[RuleError] = field(default_factory=list)
    notes: list[RuleError] = field(default_factory=list)
    contact: Contact | None = None
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    question: RuleError | None = None
    options: list[Option] = field(default_factory=list)
    answer: Option | None = None
    follows: Plan | None = None


@dataclass
class Review:
    """All rows, in order. `fingerprint` changes when the address book or the table does, not when
    questions are answered."""

    plans: list[Plan]
    counts: Counter[Kind]
    new_audiences: list[str]
    new_organisations: list[str]
    fingerprint: str

    @property
    def questions(self) -> list[Plan]:
        return [plan for plan in self.plans if plan.question is not None]


def changes(row: Candidate, contact: Contact) -> dict[str, tuple[str, str]]:
    """By column what the row would change, before and after. A column that the table lacks
    changes nothing; an empty cell of a column that it has empties the field."""
    found: dict[str, tuple[str, str]] = {}
    for column, after in row.values.items():
        if column == Column.ORGANISATION:
            before = contact.organisation.name if contact.organisation is not None else ""
            same = organisations.key_of(before) == organisations.key_of(after)
        else:
            before = str(getattr(contact, column))
            same = before == after
        if not same:
            found[column] = (before, after)
    return found


def written(contact: Contact) -> str:
    """The name as it stands in lists."""
    first = " ".join(part for part in (contact.title, contact.first_name) if part)
    return f"{contact.last_name}, {first}" if first else contact.last_name
