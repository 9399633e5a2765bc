"""Imprint, privacy notice and accessibility statement: read, edited, and an older text again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import legal_texts, retention
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import LegalPage, LegalText
from webinar.rendering import legal
from webinar.web.forms.legal import LegalForm
from webinar.web.guards import account
from webinar.web.organiser import legal_words
from webinar.web.refusals import refuse
from webinar.web.sentences import sentence
from webinar.web.settings import retention_terms, settings

blueprint = Blueprint("legal", __name__)

HERE = "legal"
ONE = "/<any(imprint, privacy, accessibility):page>/<any(de, en):language>"


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Every page in each language: whose text it is, and what is not filled in."""
    latest = legal_texts.latest()
    rows = [
        (page, name, language, latest.get((page, language)), _gaps(page, language, latest))
        for page, name in legal_words.PAGES.items()
        for language in legal_words.LANGUAGES
    ]
    return render_template(
        "organiser/legal/index.html",
        here=HERE,
        rows=rows,
        languages=legal_words.LANGUAGES,
        paths=legal_words.PATHS,
    )


@blueprint.route(ONE, methods=["GET", "POST"])
def edit(page: str, language: str) -> ResponseReturnValue:
    """The text, its earlier versions, and writing a new one."""
    form, own = LegalForm(), legal_texts.current(LegalPage(page), language=language)
    template = legal.template(page, language=language, settings=settings())
    form.fill(own.text if own is not None else template)
    if form.accepted():
        try:
            legal_texts.write(
                LegalPage(page),
                form.text.data or "",
                language=language,
                filled=legal.filled(settings()),
                by=account(),
            )
            db.session.commit()
            flash(_("The page shows this text now."), "success")
            return redirect(url_for(".edit", page=page, language=language), 303)
        except RuleError as error:
            refuse(form, error)
    shown = render_template(
        "organiser/legal/edit.html",
        here=HERE,
        form=form,
        page=page,
        language=language,
        name=legal_words.PAGES[page],
        languages=legal_words.LANGUAGES,
        path=legal_words.PATHS[page],
        history=legal_texts.history(LegalPage(page), language=language),
    )
    return shown, 422 if form.errors else 200


@blueprint.get("/fassung/<int:text_id>")
def version(text_id: int) -> ResponseReturnValue:
    """One version as it was read."""
    found = legal_texts.version(text_id)
    return render_template(
        "organiser/legal/version.html",
        here=HERE,
        found=found,
        current=legal_texts.current(LegalPage(found.page), language=found.language) is found,
        name=legal_words.PAGES[found.page],
        text=legal.text(
            found.page,
            language=found.language,
            settings=settings(),
            terms=retention.gaps(retention_terms()),
            own=found.text,
        ),
    )


@blueprint.post("/fassung/<int:text_id>/wieder")
def restore(text_id: int) -> ResponseReturnValue:
    """Show an older version again."""
    found = legal_texts.version(text_id)
    try:
        legal_texts.restore(found, filled=legal.filled(settings()), by=account())
        db.session.commit()
        flash(_("The page shows this text now."), "success")
    except RuleError as error:
        db.session.rollback()
        flash(sentence(error), "danger")
    return redirect(url_for(".edit", page=found.page, language=found.language), 303)


def _gaps(page: str, language: str, latest: dict[tuple[str, str], LegalText]) -> list[str]:
    own = latest.get((page, language))
    text = own.text if own is not None else None
    if text is None:
        text = legal.template(page, language=language, settings=settings())
    return legal_texts.gaps(text, filled=legal.filled(settings()))
