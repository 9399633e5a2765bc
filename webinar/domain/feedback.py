"""What people thought of an evening: taken once for each click into the room, told as figures.

A ticket proves the click and names nobody; who signs and hands it out is `webinar.web.tickets`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from webinar.clock import berlin, now
from webinar.domain.rows import find_or_add
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Feedback, Talk

RATINGS = (5, 4, 3, 2, 1)
TEXT_LENGTH = 1000


@dataclass(frozen=True)
class Summary:
    """How many gave each mark, best first, and the words, in an order that says nothing of when."""

    counts: dict[int, int]
    texts: Sequence[str]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def average(self) -> float:
        """The mean mark; 0 where nobody gave one."""
        points = sum(mark * count for mark, count in self.counts.items())
        return points / self.total if self.total else 0.0


def give(talk: Talk, *, ticket: str, rating: int, text: str) -> None:
    """Keep the mark and the words; a ticket that was used keeps what it brought first.

    Raises `RuleError` on `rating` or `text`.
    """
    if rating not in RATINGS:
        raise RuleError("rating_missing", field="rating")
    words = text.replace("\r\n", "\n").strip()
    if len(words) > TEXT_LENGTH:
        raise RuleError("feedback_too_long", field="text", length=TEXT_LENGTH)
    find_or_add(
        select(Feedback).where(Feedback.ticket == ticket),
        lambda: Feedback(
            talk_id=talk.id,
            ticket=ticket,
            given_on=berlin(now()).date(),
            rating=rating,
            text=words,
        ),
    )


def given(ticket: str) -> bool:
    """Whether the ticket was used."""
    return db.session.scalar(select(Feedback.id).where(Feedback.ticket == ticket)) is not None


def count(talk: Talk) -> int:
    """How many gave some for the talk."""
    query = select(func.count(Feedback.id)).where(Feedback.talk_id == talk.id)
    return db.session.scalar(query) or 0


def summary(talk: Talk) -> Summary:
    """What was given for the talk."""
    rows = db.session.execute(
        select(Feedback.rating, Feedback.text).where(Feedback.talk_id == talk.id)
    ).all()
    counts = {mark: sum(row[0] == mark for row in rows) for mark in RATINGS}
    return Summary(counts=counts, texts=sorted(row[1] for row in rows if row[1]))
