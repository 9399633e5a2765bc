"""A talk as a schema.org Event for search engines: what the public page shows, and no more."""

from __future__ import annotations

from typing import Any

from webinar.config import Office
from webinar.models import Talk, TalkState

ATTENDANCE = {"online": "Online", "on_site": "Offline", "hybrid": "Mixed"}


def event(talk: Talk, *, address: str, office: Office) -> dict[str, Any]:
    """The JSON-LD object (schema.org/Event); `address` is the talk's public page. Neither the
    room nor a person beyond the speakers is in it."""
    status = "EventCancelled" if talk.state == TalkState.CANCELLED else "EventScheduled"
    return {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": talk.title,
        "startDate": talk.starts_at.isoformat(),
        "endDate": talk.ends_at.isoformat(),
        "eventStatus": f"https://schema.org/{status}",
        "eventAttendanceMode": (f"https://schema.org/{ATTENDANCE[talk.format]}EventAttendanceMode"),
        "url": address,
        "location": _places(talk, address),
        "organizer": {"@type": "GovernmentOrganization", "name": office.name},
        "performer": [
            {"@type": "Person", "name": f"{person.first_name} {person.last_name}".strip()}
            for person in talk.speakers
        ],
        "isAccessibleForFree": True,
    }


def _places(talk: Talk, address: str) -> list[dict[str, Any]]:
    places: list[dict[str, Any]] = []
    if talk.online:
        places.append({"@type": "VirtualLocation", "url": address})
    if talk.on_site:
        places.append(
            {"@type": "Place", "name": talk.venue or talk.title, "address": talk.venue_address}
        )
    return places
