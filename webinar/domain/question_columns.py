"""What registered people answered to the organiser's own questions, as columns of a list.

Reads only, in two queries for a whole talk. Neighbour: `domain.places`, whose rows the columns
stand beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webinar.extensions import db
from webinar.models import Question, QuestionAnswer, Registration, Talk


@dataclass(frozen=True)
class Columns:
    """The questions in their order, and the answers by registration and question."""

    questions: Sequence[Question]
    answers: dict[tuple[int, int], str]

    def of(self, registration: Registration | None) -> list[tuple[Question, str]]:
        """Each question with the answer of that registration, empty where there is none."""
        key = 0 if registration is None else registration.id
        return [(row, self.answers.get((key, row.id), "")) for row in self.questions]


def columns(talk: Talk) -> Columns:
    """The questions of the talk and every answer to them."""
    questions = db.session.scalars(
        select(Question).where(Question.talk_id == talk.id).order_by(Question.position)
    ).all()
    if not questions:
        return Columns([], {})
    rows = db.session.execute(
        select(QuestionAnswer.registration_id, QuestionAnswer.question_id, QuestionAnswer.text)
        .join(QuestionAnswer.registration)
        .where(Registration.talk_id == talk.id)
    )
    return Columns(questions, {(row[0], row[1]): row[2] for row in rows})
