"""The terms of retention that are in force: what was written at the desk, else the settings.

Which kinds there are, and what a kind has where neither says anything, is `domain.retention`'s;
writing a term is `domain.retention_changes`'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from webinar.config import Settings
from webinar.extensions import db
from webinar.models import RetentionTerm

GENERAL = "general"
"""The term of every kind that has none of its own; the one that the privacy notice names first."""


@dataclass(frozen=True)
class Terms:
    """All in days."""

    settings: Settings
    written: Mapping[str, int] = field(default_factory=dict)
    """At the desk, by kind."""

    @property
    def general(self) -> int:
        return self.written.get(GENERAL, self.settings.retention_days)

    def own(self, kind: str) -> int | None:
        """What was chosen for the kind itself."""
        return self.written.get(kind, self.settings.retention_terms.get(kind))


def in_force(settings: Settings) -> Terms:
    """The terms as they stand now, read in one query."""
    rows = db.session.execute(select(RetentionTerm.kind, RetentionTerm.days))
    return Terms(settings, {row[0]: row[1] for row in rows})
