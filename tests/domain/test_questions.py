"""The organiser's own questions: asked in fixed places, answered per registration, kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests import factories
from webinar.domain import participation, questions
from webinar.domain.questions import QuestionValues
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Mail, Mode, QuestionKind, Registration, Talk

K = QuestionKind
pytestmark = pytest.mark.usefixtures("app")
FOOD = QuestionValues(text="Essen?", kind=K.CHOICE, choices="Fleisch\n\nFisch\nFisch ")
HELP = QuestionValues(text="Brauchen Sie Hilfe?", kind=K.YES_NO, required=True)


def asking(*values: QuestionValues | None) -> Talk:
    talk = factories.talk()
    questions.set_questions(talk, values)
    db.session.commit()
    return talk


def registered(talk: Talk) -> Registration:
    invitation = factories.invitation(talk, factories.contact())
    row = participation.accept(invitation, mode=Mode.ONLINE)
    db.session.commit()
    return row


def refused(talk: Talk, *values: QuestionValues | None) -> tuple[str, str | None]:
    with pytest.raises(RuleError) as problem:
        questions.set_questions(talk, values)
    db.session.rollback()
    return problem.value.code, problem.value.field


def test_questions_keep_their_places_and_clean_choices() -> None:
    talk = asking(None, FOOD)
    (question,) = questions.asked(talk)
    assert (question.position, question.choices) == (1, ["Fleisch", "Fisch"])
    assert questions.values_of(talk)[0] is None
    assert questions.set_questions(talk, questions.values_of(talk)) is False


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        (QuestionValues(text="x" * 301), "question_too_long", "question_1"),
        (QuestionValues(text="A", kind=K.CHOICE), "choices_missing", "question_1_choices"),
        (
            QuestionValues(text="A", kind=K.CHOICE, choices="\n".join(map(str, range(21)))),
            "choices_too_many",
            "question_1_choices",
        ),
        (
            QuestionValues(text="A", kind=K.CHOICE, choices=f"a\n{'b' * 101}"),
            "choice_too_long",
            "question_1_choices",
        ),
    ],
)
def test_bad_questions_are_refused_at_their_field(
    values: QuestionValues, code: str, field: str
) -> None:
    assert refused(factories.talk(), values) == (code, field)


def test_answers_are_kept_when_the_words_change_and_ask_before_they_go() -> None:
    talk = asking(FOOD)
    row = registered(talk)
    (question,) = questions.asked(talk)
    questions.answer(row, {question.id: "Fisch"})
    db.session.commit()
    anew = QuestionValues(text="Was essen Sie?", kind=K.CHOICE, choices="Fleisch\nTofu")
    assert questions.set_questions(talk, [anew])
    db.session.commit()
    assert questions.answers_of(row) == {question.id: "Fisch"}
    assert refused(talk, None) == ("question_answered", "question_1")
    assert refused(talk, HELP) == ("question_answered", "question_1")
    assert questions.set_questions(talk, [QuestionValues(text="", drop_answers=True)])
    db.session.commit()
    assert (list(questions.asked(talk)), questions.answers_of(row)) == ([], {})


def test_question_without_answers_goes_at_once() -> None:
    talk = asking(FOOD, HELP)
    row = registered(talk)
    questions.answer(row, {questions.asked(talk)[0].id: ""})
    assert questions.set_questions(talk, [None, HELP])


@pytest.mark.parametrize(
    ("values", "given", "code"),
    [
        (HELP, "", "answer_missing"),
        (HELP, "vielleicht", "answer_not_offered"),
        (FOOD, "Tofu", "answer_not_offered"),
        (QuestionValues(text="A"), "x" * 1001, "answer_too_long"),
    ],
)
def test_bad_answers_are_refused_at_their_field(
    values: QuestionValues, given: str, code: str
) -> None:
    talk = asking(values)
    row, (question,) = registered(talk), questions.asked(talk)
    with pytest.raises(RuleError) as problem:
        questions.answer(row, {question.id: given})
    assert (problem.value.code, problem.value.field) == (code, f"answer_{question.id}")


def test_changed_answers_are_mailed_once_for_each_change() -> None:
    talk = asking(QuestionValues(text="Frage?"), HELP)
    row = registered(talk)
    first, second = questions.asked(talk)
    questions.answer(row, {first.id: "A", second.id: "no"})
    for text in ("B", "B", "A"):
        questions.change_answers(talk, row, {first.id: text, second.id: "yes"})
        db.session.commit()
    mails = db.session.scalars(
        select(Mail).where(Mail.template == "details").order_by(Mail.id)
    ).all()
    assert [mail.params["answers"][0][2] for mail in mails] == ["B", "A"]
    assert mails[0].params["answers"][1] == ["Brauchen Sie Hilfe?", "yes_no", "yes"]
