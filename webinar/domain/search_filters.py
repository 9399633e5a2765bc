"""What a search can be narrowed by: series, year, topic, speaker, municipality of origin.

The offers are those of talks that the asking person sees anyway. Searching itself is `search`'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, select

from webinar.extensions import db
from webinar.models import Series, Speaker, Talk, TalkSpeaker, Topic, talk_topics
from webinar.text import sort_key

Offer = tuple[object, str]
"""A value for the address and the words for it."""


@dataclass(frozen=True)
class Filters:
    """What was chosen; None and "" narrow nothing. `organisation` is the speaker's, as written."""

    series: int | None = None
    year: int | None = None
    topic: int | None = None
    speaker: int | None = None
    organisation: str = ""

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True)
class Offers:
    """What can be chosen, each in the order in which it is shown."""

    series: list[Offer] = field(default_factory=list)
    years: list[Offer] = field(default_factory=list)
    topics: list[Offer] = field(default_factory=list)
    speakers: list[tuple[int, Speaker]] = field(default_factory=list)
    organisations: list[Offer] = field(default_factory=list)


def conditions(filters: Filters) -> tuple[ColumnElement[bool], ...]:
    """The conditions on `Talk`."""
    found: list[ColumnElement[bool]] = []
    if filters.series is not None:
        found.append(Talk.series_id == filters.series)
    if filters.year is not None:
        found.append(Talk.local_start >= datetime(filters.year, 1, 1))  # noqa: DTZ001  a wall clock
        found.append(Talk.local_start < datetime(filters.year + 1, 1, 1))  # noqa: DTZ001
    if filters.topic is not None:
        found.append(
            exists().where(
                talk_topics.c.talk_id == Talk.id, talk_topics.c.topic_id == filters.topic
            )
        )
    if filters.speaker is not None:
        found.append(
            exists().where(
                TalkSpeaker.talk_id == Talk.id, TalkSpeaker.speaker_id == filters.speaker
            )
        )
    if filters.organisation:
        found.append(
            exists().where(
                TalkSpeaker.talk_id == Talk.id,
                TalkSpeaker.speaker_id == Speaker.id,
                Speaker.organisation == filters.organisation,
            )
        )
    return tuple(found)


def offers(shown: ColumnElement[bool]) -> Offers:
    """What the talks that meet the condition offer; always three queries."""
    talks = db.session.execute(
        select(Series.id, Series.name, Talk.local_start)
        .join(Talk, Talk.series_id == Series.id)
        .where(shown)
        .order_by(Series.name, Series.id)
    ).all()
    speakers = db.session.scalars(_speakers(shown)).all()
    organisations = {one.organisation for one in speakers} - {""}
    years = sorted({row[2].year for row in talks}, reverse=True)
    return Offers(
        series=list({row[0]: (row[0], row[1]) for row in talks}.values()),
        years=[(year, str(year)) for year in years],
        topics=[(row[0], row[1]) for row in db.session.execute(_topics(shown))],
        speakers=[(one.id, one) for one in speakers],
        organisations=[(name, name) for name in sorted(organisations, key=sort_key)],
    )


def _speakers(shown: ColumnElement[bool]) -> Select[Speaker]:
    there = select(TalkSpeaker.speaker_id).join(Talk, Talk.id == TalkSpeaker.talk_id).where(shown)
    return select(Speaker).where(Speaker.id.in_(there)).order_by(Speaker.sort_key, Speaker.id)


def _topics(shown: ColumnElement[bool]) -> Select[int, str]:
    there = select(talk_topics.c.topic_id).join(Talk, Talk.id == talk_topics.c.talk_id).where(shown)
    return (
        select(Topic.id, Topic.name).where(Topic.id.in_(there)).order_by(Topic.sort_key, Topic.id)
    )
