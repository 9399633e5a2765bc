"""Questions of the organiser's own on the form of a talk, answered per registration."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.models.base import FREE, NOTHING, Model, Timestamped, one_of
from webinar.models.participation import Registration
from webinar.models.talks import Talk


class QuestionKind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"


class Question(Timestamped, Model):
    """One question of a talk's form; `choices` are what can be chosen, of kind choice."""

    __tablename__ = "questions"
    __table_args__ = (
        one_of("kind", QuestionKind),
        UniqueConstraint("talk_id", "position"),
        CheckConstraint("position >= 0", name="position_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8), info=NOTHING)
    text: Mapped[str] = mapped_column(String(300), info=FREE)
    choices: Mapped[list[Any]] = mapped_column(JSON, default=list, info=FREE)
    required: Mapped[bool] = mapped_column(default=False)

    talk: Mapped[Talk] = relationship()


class QuestionAnswer(Timestamped, Model):
    """What a registered person answered: the text, the chosen text, or "yes" or "no"."""

    __tablename__ = "question_answers"
    __table_args__ = (UniqueConstraint("registration_id", "question_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    question_id: Mapped[int] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)

    registration: Mapped[Registration] = relationship()
    question: Mapped[Question] = relationship()
