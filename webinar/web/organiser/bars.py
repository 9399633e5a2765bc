"""Answers of an audience as segments of a bar, in per cent of its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from webinar.domain.answer_views import Day
from webinar.domain.answers import Counts, Share
from webinar.web import filters

LABELLED_FROM = 5.0
"""Per cent: a narrower segment has no room for its number; the table says it."""


@dataclass(frozen=True)
class Part:
    """`kind` is the colour: yes, deputy, no or open. `start` and `width` in per cent."""

    kind: str
    count: int
    start: float
    width: float

    @property
    def middle(self) -> float:
        return round(self.start + self.width / 2, 2)

    @property
    def labelled(self) -> bool:
        return self.width >= LABELLED_FROM


@dataclass(frozen=True)
class Bar:
    """One row of the chart; `spoken` is what it says to who does not see it."""

    name: str
    counts: Counts
    parts: Sequence[Part]
    spoken: str


def bars(shares: Sequence[Share]) -> list[Bar]:
    """A bar for each share."""
    return [_bar(share) for share in shares]


def days(found: Sequence[Day]) -> list[Bar]:
    """A bar for each day; the day with most answers is as long as the row."""
    most = max((day.counts.answered for day in found), default=0)
    return [_bar(Share(filters.day(day.day), day.counts), whole=most) for day in found]


def _bar(share: Share, *, whole: int = 0) -> Bar:
    name = share.name or _("In no audience")
    counts = share.counts
    spoken = _(
        "%(name)s: %(accepted)d accepted, %(delegated)d deputy, %(declined)d declined, "
        "%(none)d no answer",
        name=name,
        accepted=counts.accepted,
        delegated=counts.delegated,
        declined=counts.declined,
        none=counts.none,
    )
    return Bar(name, counts, _parts(counts, whole or counts.invited), spoken)


def _parts(counts: Counts, whole: int) -> list[Part]:
    given = (
        ("yes", counts.accepted),
        ("deputy", counts.delegated),
        ("no", counts.declined),
        ("open", counts.none),
    )
    parts, before = [], 0
    for kind, count in given:
        if count:
            start, width = (round(100 * part / whole, 2) for part in (before, count))
            parts.append(Part(kind, count, start, width))
        before += count
    return parts
