"""What a calendar entry says of a talk, the same in mail, download and feed.

Values in, text out. Times, links and the object are the caller's: `webinar.jobs.calendar_parts` for
mails, `webinar.web.events` for downloads and feeds.
"""

from __future__ import annotations

from functools import lru_cache

from webinar.models import Talk, TalkState
from webinar.rendering import mails, markdown

ABSTRACT = 1500
"""Characters of the abstract: a calendar shows a note, and one feed may hold a hundred talks."""


def title(talk: Talk, *, language: str, waiting: bool = False) -> str:
    """The talk's title, with the word that people must not miss before it: several calendars show
    neither STATUS:TENTATIVE nor STATUS:CANCELLED of what they subscribed to."""
    words = mails.catalogue(language)
    if talk.state == TalkState.CANCELLED:
        return words.gettext("Cancelled: %(title)s") % {"title": talk.title}
    if waiting:
        return words.gettext("Waiting list: %(title)s") % {"title": talk.title}
    return talk.title


def of_a_place(talk: Talk, *, language: str) -> str:
    """Who speaks; and what the link behind it is, for who has a place."""
    entrance = mails.catalogue(language).gettext("Your way to the evening:")
    return "\n".join((*_speakers(talk, language), "", entrance)).strip()


def for_everybody(talk: Talk, *, language: str) -> str:
    """Who speaks and what about; the talk's page follows."""
    parts = ("\n".join(_speakers(talk, language)), _opening(talk.abstract))
    return "\n\n".join(part for part in parts if part)


def _speakers(talk: Talk, language: str) -> tuple[str, ...]:
    return mails.facts(talk, language=language).speakers


@lru_cache(maxsize=256)
def _opening(abstract: str) -> str:
    """Kept, since calendars ask for the same hundred talks again and again."""
    text = markdown.plain(abstract)
    if len(text) <= ABSTRACT:
        return text
    return text[:ABSTRACT].rpartition(" ")[0] + " …"
