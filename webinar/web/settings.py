"""The typed settings of the application that serves this request."""

from __future__ import annotations

from flask import current_app

from webinar.adapters.storage import Storage, storage_of
from webinar.config import Settings
from webinar.domain import retention
from webinar.domain.attendances import Rule
from webinar.domain.retention_terms import Terms as RetentionTerms
from webinar.domain.retention_terms import in_force
from webinar.domain.rooms import Terms


def settings() -> Settings:
    """The settings that `create_app` put there; needs an application context."""
    found: Settings = current_app.extensions["settings"]
    return found


def storage() -> Storage:
    """Where the files of this application are kept."""
    return storage_of(settings())


def terms() -> Terms:
    """What the settings say of a talk's door."""
    found = settings()
    return Terms(
        opens=found.room_opens_minutes,
        opens_staff=found.room_opens_staff_minutes,
        overrun=found.room_overrun_minutes,
        extension=found.room_extension_minutes,
    )


def retention_terms() -> RetentionTerms:
    """How long what is kept, by now; one query."""
    return in_force(settings())


def days_of(kind: str) -> int:
    """How long that kind of data is kept, by now; one query."""
    return retention.kind(kind).term(retention_terms())


def attendance_rule() -> Rule:
    """Who took part, as this office counts."""
    found = settings()
    return Rule(minutes=found.took_part_minutes, percent=found.took_part_percent)
