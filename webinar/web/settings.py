"""The typed settings of the application that serves this request."""

from __future__ import annotations

from flask import current_app

from webinar.adapters.storage import FolderStorage
from webinar.config import Settings
from webinar.domain.attendances import Rule


def settings() -> Settings:
    """The settings that `create_app` put there; needs an application context."""
    found: Settings = current_app.extensions["settings"]
    return found


def storage() -> FolderStorage:
    """Where the files of this application are kept."""
    return FolderStorage(settings().storage_folder)


def attendance_rule() -> Rule:
    """Who took part, as this office counts."""
    found = settings()
    return Rule(minutes=found.took_part_minutes, percent=found.took_part_percent)
