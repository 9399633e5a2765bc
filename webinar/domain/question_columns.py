"""What registered people answered to the organiser's own questions, as columns of a list.

Reads only, in two queries however many rows. Questions and answers are `domain.questions`'; the
columns stand beside the rows of `domain.places` and `domain.answers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webinar.domain import questions
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


def columns(talk: Talk, *, only: Iterable[int] | None = None) -> Columns:
    """The questions of the talk and every answer to them; with `only` those of these registrations,
    for one page of a long list."""
    asked = questions.asked(talk)
    if not asked:
        return Columns([], {})
    query = (
        select(QuestionAnswer.registration_id, QuestionAnswer.question_id, QuestionAnswer.text)
        .join(QuestionAnswer.registration)
        .where(Registration.talk_id == talk.id)
    )
    if only is not None:
        query = query.where(Registration.id.in_(list(only)))
    return Columns(asked, {(row[0], row[1]): row[2] for row in db.session.execute(query)})
