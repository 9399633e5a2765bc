"""What each code of a `RuleError` says to people. The domain speaks no language; this is where it
learns one. A test finds every code raised anywhere and fails where a sentence is missing."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel.speaklater import LazyString

from webinar.errors import RuleError
from webinar.web.sentences import (
    accounts,
    contacts,
    files,
    general,
    mail,
    participation,
    tables,
    talks,
)

SENTENCES: Mapping[str, LazyString] = {
    **general.SENTENCES,
    **accounts.SENTENCES,
    **contacts.SENTENCES,
    **talks.SENTENCES,
    **participation.SENTENCES,
    **mail.SENTENCES,
    **files.SENTENCES,
    **tables.SENTENCES,
}


def sentence(error: RuleError) -> str:
    """The sentence for the error in the reader's language, with its values filled in."""
    return str(SENTENCES[error.code]) % error.values
