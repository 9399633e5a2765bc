"""What a reminder says beside what every mail says: the side where the person has a place, and how
many are expected. Read when the letter is written. Used by `webinar.jobs.letters`.
"""

from __future__ import annotations

from webinar.domain import registrations, reminded
from webinar.models import Contact, Mode, Reminded, Talk


def of(template: str, talk: Talk | None, contact: Contact | None) -> dict[str, object]:
    """The values that the template needs; none for a mail that is no reminder."""
    if talk is None or template not in reminded.REMINDERS:
        return {}
    if template == reminded.TEMPLATES[Reminded.SPEAKERS]:
        return {"expected": reminded.expected(talk), "online": talk.online}
    if template == reminded.TEMPLATES[Reminded.COMING]:
        return {"mode": _side(talk, contact)}
    return {}


def _side(talk: Talk, contact: Contact | None) -> str:
    """Where the person has a place; without one the side that the talk offers first."""
    place = None
    if contact is not None:
        place = registrations.active_registration(talk, contact=contact)
    first = Mode.ONLINE if talk.online else Mode.HALL
    return str(first if place is None else place.mode)
