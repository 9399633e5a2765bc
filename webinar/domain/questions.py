"""The organiser's own questions on the form of a talk, and what registered people answered.

At most `MOST` of them, each in a fixed position. Answers belong to the registration and are free
text, whatever the kind: they keep what was answered also after a question was worded anew. Places
are `domain.participation`'s; the fields on forms are `web.forms.questions`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from webinar.domain import audit, mail, registrations, times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Question, QuestionAnswer, QuestionKind, Registration, Talk
from webinar.text import clean

MOST = 2
TEXT_LENGTH = 300
ANSWER_LENGTH = 1000
CHOICES = 20
CHOICE_LENGTH = 100
YES, NO = "yes", "no"

_ASKED = (
    select(Question).where(Question.talk_id == bindparam("talk_id")).order_by(Question.position)
)


@dataclass(frozen=True, kw_only=True)
class QuestionValues:
    """What the form of a talk holds of one question; `choices` one per line. `drop_answers`: the
    question goes with what was answered, or starts anew as another kind."""

    text: str
    kind: QuestionKind = QuestionKind.TEXT
    choices: str = ""
    required: bool = False
    drop_answers: bool = False


def asked(talk: Talk) -> Sequence[Question]:
    """The questions of the talk, in order."""
    return db.session.scalars(_ASKED, {"talk_id": talk.id}).all()


def set_questions(talk: Talk, values: Sequence[QuestionValues | None]) -> bool:
    """Make the talk's questions what the values say, by position; False where nothing changed.

    A new wording keeps the answers. Raises `RuleError` at the field `question_<number>` of a bad
    one, and where a question that has answers would go, or change its kind, without the values
    saying that its answers go too.
    """
    before = {question.position: question for question in asked(talk)}
    changes = [
        _set(talk, before.get(position), values[position], position=position)
        for position in range(min(MOST, len(values)))
    ]
    db.session.flush()
    return any(changes)


def _set(
    talk: Talk, question: Question | None, values: QuestionValues | None, *, position: int
) -> bool:
    field = f"question_{position + 1}"
    drop = values is not None and values.drop_answers
    text = clean(values.text) if values is not None else ""
    if values is None or not text:
        if question is not None:
            _remove(question, field=field, drop=drop)
        return question is not None
    if len(text) > TEXT_LENGTH:
        raise RuleError("question_too_long", field=field, length=TEXT_LENGTH)
    choices = _choices(values, field=field)
    if question is not None and question.kind != values.kind:
        _remove(question, field=field, drop=drop)
        question = None
    if question is None:
        question = Question(talk_id=talk.id, position=position)
        db.session.add(question)
    wanted = (text, values.kind.value, choices, values.required)
    changed = (question.text, question.kind, question.choices, question.required) != wanted
    if changed:
        question.text, question.kind, question.choices, question.required = wanted
    return changed


def _choices(values: QuestionValues, *, field: str) -> list[str]:
    """What can be chosen, each once; of other kinds nothing."""
    if values.kind is not QuestionKind.CHOICE:
        return []
    found = list(dict.fromkeys(filter(None, map(clean, values.choices.splitlines()))))
    if len(found) < 2:
        raise RuleError("choices_missing", field=f"{field}_choices")
    if len(found) > CHOICES:
        raise RuleError("choices_too_many", field=f"{field}_choices", limit=CHOICES)
    if any(len(choice) > CHOICE_LENGTH for choice in found):
        raise RuleError("choice_too_long", field=f"{field}_choices", length=CHOICE_LENGTH)
    return found


def _remove(question: Question, *, field: str, drop: bool) -> None:
    count = db.session.scalar(
        select(func.count(QuestionAnswer.id)).where(
            QuestionAnswer.question_id == question.id, QuestionAnswer.text != ""
        )
    )
    if count and not drop:
        raise RuleError("question_answered", field=field, count=count)
    db.session.delete(question)
    db.session.flush()


def values_of(talk: Talk) -> tuple[QuestionValues | None, ...]:
    """The questions as a form shows them, by position."""
    found = {question.position: question for question in asked(talk)}
    return tuple(
        None
        if (question := found.get(position)) is None
        else QuestionValues(
            text=question.text,
            kind=QuestionKind(question.kind),
            choices="\n".join(question.choices),
            required=question.required,
        )
        for position in range(MOST)
    )


def answers_of(registration: Registration) -> dict[int, str]:
    """What was answered, by the question's id."""
    rows = db.session.execute(
        select(QuestionAnswer.question_id, QuestionAnswer.text).where(
            QuestionAnswer.registration_id == registration.id
        )
    )
    return {row[0]: row[1] for row in rows}


def answer(registration: Registration, given: Mapping[int, str]) -> bool:
    """Keep what the registered person answered, by the question's id; False where it stood so.

    Questions that are not in `given` stay as they are. Raises `RuleError` at the field
    `answer_<id>` for one that is required and empty, too long, or not among the choices. In the
    transaction of the registration, or with the talk locked.
    """
    rows = {
        row.question_id: row
        for row in db.session.scalars(
            select(QuestionAnswer).where(QuestionAnswer.registration_id == registration.id)
        )
    }
    changed = False
    for question in asked(registration.talk):
        if question.id not in given:
            continue
        text = _checked(question, given[question.id])
        row = rows.get(question.id)
        if row is None:
            row = QuestionAnswer(registration_id=registration.id, question_id=question.id, text="")
            db.session.add(row)
        changed = changed or row.text != text
        row.text = text
    db.session.flush()
    return changed


def _checked(question: Question, given: str) -> str:
    field = f"answer_{question.id}"
    text = given.replace("\r\n", "\n").strip()
    if not text:
        if question.required:
            raise RuleError("answer_missing", field=field)
        return ""
    if len(text) > ANSWER_LENGTH:
        raise RuleError("answer_too_long", field=field, length=ANSWER_LENGTH)
    offered = {QuestionKind.CHOICE: question.choices, QuestionKind.YES_NO: [YES, NO]}
    if text not in offered.get(QuestionKind(question.kind), [text]):
        raise RuleError("answer_not_offered", field=field)
    return text


def change_answers(
    talk: Talk,
    registration: Registration,
    given: Mapping[int, str],
    *,
    by: Account | None = None,
    notify: bool = True,
) -> bool:
    """The registered person answers anew, or the office for them (`by`), until the talk starts, and
    is told what is kept now; False where nothing changed. Raises `RuleError` like `answer`."""
    registrations.lock(talk)
    if times.started(talk):
        raise RuleError("talk_started")
    db.session.refresh(registration, ["revision", "state"])
    if not answer(registration, given):
        return False
    if by is not None:
        audit.record("registration.answers", registration, by=by)
    registration.revision += 1  # names the mail, like every change of a registration
    if not notify:
        return True
    mail.to_contact(
        "details",
        registration.contact,
        key=f"details:{registration.id}:{registration.revision}",
        talk=talk,
        not_after=times.end(talk),
        params={"answers": _told(registration)},
    )
    return True


def _told(registration: Registration) -> list[list[str]]:
    """Question, kind and answer, in order, as the mail shows them."""
    found = answers_of(registration)
    return [
        [question.text, question.kind, found.get(question.id, "")]
        for question in asked(registration.talk)
    ]
