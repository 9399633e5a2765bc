"""The legal pages in the office's own words: kept in versions, none of which is ever changed.

A text may hold gaps such as `[[Telefon]]`; one that no setting fills is refused when it is saved,
as the start refuses it for the texts that come with the program (`config`). Filling them in is
`rendering.legal`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from webinar.config import PLACEHOLDER
from webinar.domain import audit
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, LegalPage, LegalText

LONGEST = 100_000
LANGUAGES = ("de", "en")


def current(page: LegalPage, *, language: str) -> LegalText | None:
    """The version that is shown; None where the program's own text is."""
    return db.session.scalar(_versions(page, language).limit(1))


def history(page: LegalPage, *, language: str) -> Sequence[LegalText]:
    """All versions, the latest first, each with who wrote it."""
    query = _versions(page, language).options(joinedload(LegalText.account))
    return db.session.scalars(query).all()


def latest() -> dict[tuple[str, str], LegalText]:
    """The versions that are shown, by page and language."""
    ids = select(func.max(LegalText.id)).group_by(LegalText.page, LegalText.language)
    query = select(LegalText).where(LegalText.id.in_(ids)).options(joinedload(LegalText.account))
    return {(row.page, row.language): row for row in db.session.scalars(query)}


def version(text_id: int) -> LegalText:
    """The version of that number; raises `NotThere`."""
    found = db.session.get(LegalText, text_id)
    if found is None:
        raise NotThere("record_missing")
    return found


def gaps(text: str, *, filled: Collection[str]) -> list[str]:
    """The gaps of the text that none of the `filled` names (in lower case) fills."""
    names = dict.fromkeys(PLACEHOLDER.findall(text))
    return [name for name in names if name.lower() not in filled]


def write(
    page: LegalPage, text: str, *, language: str, filled: Collection[str], by: Account
) -> LegalText:
    """Show the text from now on; the same text again is the version that is there.

    Raises `RuleError` on `text`: `legal_empty`, `legal_heading` without a heading on top,
    `legal_gap` (value `gaps`).
    """
    text = text.replace("\r\n", "\n").strip() + "\n"
    if not text.strip():
        raise RuleError("legal_empty", field="text")
    if not text.startswith("# "):
        raise RuleError("legal_heading", field="text")
    missing = gaps(text, filled=filled)
    if missing:
        raise RuleError("legal_gap", field="text", gaps=", ".join(f"[[{g}]]" for g in missing))
    before = current(page, language=language)
    if before is not None and before.text == text:
        return before
    row = LegalText(page=page, language=language, text=text, account_id=by.id)
    db.session.add(row)
    db.session.flush()
    audit.record("legal.written", row, by=by, changes={"language": ["", language]})
    return row


def restore(old: LegalText, *, filled: Collection[str], by: Account) -> LegalText:
    """Show an older version again, as a new one; refusals as in `write`."""
    return write(LegalPage(old.page), old.text, language=old.language, filled=filled, by=by)


def _versions(page: LegalPage, language: str) -> Select[LegalText]:
    query = select(LegalText).where(LegalText.page == page, LegalText.language == language)
    return query.order_by(LegalText.id.desc())
