"""What a talk still lacks before people should see it; used by `talks` and shown at the desk."""

from __future__ import annotations

from enum import StrEnum

from webinar.clock import now
from webinar.models import Talk, TalkState


class Gap(StrEnum):
    """What a talk still lacks; only `VENUE` stands in the way of publishing."""

    VENUE = "venue"
    SPEAKERS = "speakers"
    ABSTRACT = "abstract"
    CONTACT = "contact"
    PAST = "past"


BLOCKING = frozenset({Gap.VENUE})


def gaps(talk: Talk) -> list[Gap]:
    """What the talk lacks, in the order in which an organiser should see it."""
    lacking = {
        Gap.VENUE: talk.on_site and not talk.venue,
        Gap.SPEAKERS: not talk.appearances,
        Gap.ABSTRACT: not talk.abstract,
        Gap.CONTACT: not talk.contact_person,
        Gap.PAST: talk.state == TalkState.DRAFT and talk.starts_at <= now(),
    }
    return [gap for gap, lacks in lacking.items() if lacks]
