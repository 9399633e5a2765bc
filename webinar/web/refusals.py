"""A rule that stood in the way, shown in the form that asked: at its field, or on top of it."""

from __future__ import annotations

from wtforms.form import BaseForm

from webinar.errors import RuleError
from webinar.extensions import db
from webinar.web.sentences import sentence


def refuse(form: BaseForm, error: RuleError) -> None:
    """Undo what was begun and put the sentence where it belongs; what was typed stays."""
    db.session.rollback()
    if error.field is not None and error.field in form:
        field = form[error.field]
        field.errors = [*field.errors, sentence(error)]
    else:
        form.form_errors.append(sentence(error))
