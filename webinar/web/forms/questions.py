"""Fields for an organiser's own questions: to ask them on the form of a talk, and to answer them on
any form where people register.

The rules are `domain.questions`'; the fields refuse what it would, so that everything that is wrong
stands at its field at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length

from webinar.domain import questions
from webinar.domain.questions import NO, YES, QuestionValues
from webinar.models import Question, QuestionKind
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options

KINDS = options(
    (QuestionKind.TEXT.value, _l("free text")),
    (QuestionKind.YES_NO.value, _l("yes or no")),
    (QuestionKind.CHOICE.value, _l("one of several")),
)
LONG = _l("Please enter at most %(max)d characters.")
NUMBERS = tuple(range(1, questions.MOST + 1))
NAMES = tuple(
    f"question_{number}{part}"
    for number in NUMBERS
    for part in ("", "_kind", "_choices", "_required")
)


def _text(label: str) -> StringField:
    return StringField(label, [Length(max=questions.TEXT_LENGTH, message=LONG)])


def _kind() -> SelectField:
    return SelectField(_l("Answered by"), choices=KINDS, default=KINDS[0].value)


def _choices() -> TextAreaField:
    return TextAreaField(
        _l("What can be chosen"),
        [Length(max=4000, message=LONG)],
        description=_l("One per line; only for “one of several”."),
    )


def _required() -> BooleanField:
    return BooleanField(_l("Has to be answered"))


def _drop() -> BooleanField:
    return BooleanField(_l("Delete the answers that were given"))


class QuestionFields:
    """Mixed into the form of a talk: each question in a fixed place, empty where there is none."""

    question_1 = _text(_l("First question"))
    question_1_kind = _kind()
    question_1_choices = _choices()
    question_1_required = _required()
    question_1_drop = _drop()
    question_2 = _text(_l("Second question"))
    question_2_kind = _kind()
    question_2_choices = _choices()
    question_2_required = _required()
    question_2_drop = _drop()


def show_questions(form: BaseForm, values: Sequence[QuestionValues | None]) -> None:
    """Fill the fields of `QuestionFields` with the questions, by position."""
    for number, found in zip(NUMBERS, values, strict=True):
        if found is not None:
            form[f"question_{number}"].data = found.text
            form[f"question_{number}_kind"].data = found.kind.value
            form[f"question_{number}_choices"].data = found.choices
            form[f"question_{number}_required"].data = found.required


def typed_questions(form: BaseForm) -> tuple[QuestionValues, ...]:
    """What stands in the fields of `QuestionFields`; an empty text is no question."""
    return tuple(
        QuestionValues(
            text=form[f"question_{number}"].data or "",
            kind=QuestionKind(form[f"question_{number}_kind"].data),
            choices=form[f"question_{number}_choices"].data or "",
            required=bool(form[f"question_{number}_required"].data),
            drop_answers=bool(form[f"question_{number}_drop"].data),
        )
        for number in NUMBERS
    )


def add_questions(
    form: BaseForm,
    asked: Sequence[Question],
    *,
    formdata: MultiDict[str, str] | None,
    answers: Mapping[int, str] | None = None,
) -> list[Field]:
    """Add a field `answer_<id>` for each question to the form, and return them in order.

    `formdata` is what was sent, None where the form is only shown; `answers` are those given
    before, by the question's id.
    """
    fields = []
    for question in asked:
        name = field_name(question)
        # Of a form that exists `Form` refuses new fields, to keep them apart from its class's.
        BaseForm.__setitem__(form, name, _answer_field(question))
        form[name].process(formdata, (answers or {}).get(question.id, ""))
        fields.append(form[name])
    return fields


def typed_answers(form: BaseForm, asked: Sequence[Question]) -> dict[int, str]:
    """What stands in the fields of `add_questions`, by the question's id, as
    `domain.questions.answer` takes it."""
    return {question.id: (form[field_name(question)].data or "").strip() for question in asked}


def field_name(question: Question) -> str:
    return f"answer_{question.id}"


def _answer_field(question: Question) -> Any:
    required: list[Any] = (
        [InputRequired(message=_("Please answer this question."))] if question.required else []
    )
    if question.kind == QuestionKind.TEXT:
        length = Length(max=questions.ANSWER_LENGTH, message=LONG)
        return TextAreaField(question.text, [*required, length])
    offered = (
        [(YES, _("yes")), (NO, _("no"))]
        if question.kind == QuestionKind.YES_NO
        else [(choice, choice) for choice in question.choices]
    )
    none = [] if question.required else [("", _("not answered"))]
    return RadioField(
        question.text, required, choices=options(*offered, *none), validate_choice=False
    )


def answer_words(question: Question, text: str) -> str:
    """An answer in the words of the page; empty where there is none."""
    if question.kind == QuestionKind.YES_NO and text:
        return _("yes") if text == YES else _("no")
    return text
