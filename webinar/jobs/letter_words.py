"""What a letter says: subject, text and HTML out of the talk, the mailing and the reader.

Gathers the values that the templates of `webinar.rendering.mails` need. Used by
`webinar.jobs.letters`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, select

from webinar.clock import now
from webinar.config import Settings
from webinar.domain import times
from webinar.extensions import db
from webinar.jobs import references
from webinar.jobs.readers import Reader
from webinar.models import Mailing, Material, Mode, Talk
from webinar.rendering import dates, mails, markdown, moves, placeholders, wording
from webinar.rendering.mails import Message

MAILINGS = frozenset({"invitation", "reinvitation", "materials", "message"})
"""Templates whose words an organiser writes."""
OF_ONE_SIDE = frozenset({"confirmation", "deputy", "reminder_coming"})
"""Templates that name the place of the side where the person takes part."""


def message(
    template: str,
    reader: Reader,
    settings: Settings,
    *,
    talk: Talk | None,
    mailing: Mailing | None,
    params: Mapping[str, object],
    addresses: Mapping[str, str],
    draft: bool = False,
) -> Message:
    """The words to that reader; as a `draft` with the lines of plain text not wrapped yet."""
    values: dict[str, object] = {
        "office": settings.office,
        "greeting": reader.addressee.greeting,
        "brand": talk.series.name if talk is not None else settings.brand,
        "signature": _signature(talk, settings),
        "legal": _legal(settings, reader.language),
        "organisation": reader.addressee.organisation,
        "addresses": addresses,
        "desk": f"{settings.base_url}/desk",
    }
    if talk is not None:
        early = "speaker" in addresses
        held = params.get("mode") if template in OF_ONE_SIDE else None
        mode = Mode(str(held)) if held is not None else None
        values |= _talk_values(talk, reader.language, settings, staff=early, mode=mode)
        if template in MAILINGS:
            values |= _organiser_words(talk, reader, settings, template=template, mailing=mailing)
        if template == "materials":
            values["over"] = times.end(talk) <= now()
            values["titles"] = _titles(talk, params, Material.released_at.is_not(None))
        elif "materials" in params:
            values["titles"] = _titles(talk, params)
        if template == "moved":
            values["changes"] = moves.said(_before(params), talk, language=reader.language)
    write = mails.draft if draft else mails.render
    return write(
        template,
        language=reader.language,
        values={**values, **params, **references.resolved(params, language=reader.language)},
    )


def _before(params: Mapping[str, object]) -> dict[str, str]:
    """What the talk said before; mails that were written before this was kept know nothing."""
    found = params.get("before")
    return found if isinstance(found, dict) else {}


def _signature(talk: Talk | None, settings: Settings) -> list[str]:
    """Name and office, one per line; of the series, else of the office itself."""
    lines = talk.series.signature.splitlines() if talk is not None else []
    kept = [line.strip() for line in lines if line.strip()]
    return kept or list(filter(None, (settings.office.unit, settings.office.name)))


def _legal(settings: Settings, language: str) -> dict[str, str]:
    query = "" if language == "de" else f"?lang={language}"
    pages = {"imprint": "impressum", "privacy": "datenschutz"}
    return {name: f"{settings.base_url}/{page}{query}" for name, page in pages.items()}


def _talk_values(
    talk: Talk, language: str, settings: Settings, *, staff: bool, mode: Mode | None
) -> dict[str, object]:
    minutes = settings.room_opens_staff_minutes if staff else settings.room_opens_minutes
    opens = times.opens(talk, minutes=minutes)
    closes = times.registration_end(talk)
    early = closes < talk.starts_at
    return {
        "talk": mails.facts(talk, language=language),
        "place": mails.place(talk, language=language, mode=mode),
        "opens": dates.time(opens, talk.zone, language=language),
        "registration_opens": dates.moment_text(
            talk.registration_opens_at, talk.zone, language=language
        )
        if talk.registration_opens_at is not None and times.registration_ahead(talk)
        else "",
        "deadline": dates.moment_text(closes, talk.zone, language=language) if early else "",
        "cancel_reason": talk.cancel_reason.strip(),
    }


def _organiser_words(
    talk: Talk, reader: Reader, settings: Settings, *, template: str, mailing: Mailing | None
) -> dict[str, object]:
    """Subject, first paragraph and the rest, placeholders filled in, as text and as HTML."""
    words = wording.localised(
        template,
        subject=mailing.subject if mailing is not None else "",
        text=mailing.text if mailing is not None else "",
        language=reader.language,
    )
    given = placeholders.values(
        talk,
        to=reader.addressee,
        answer_by=times.registration_end(talk),
        office=settings.office.name,
        language=reader.language,
    )
    lead, _, rest = words.text.strip().partition("\n\n")
    filled = [placeholders.fill(part, given) for part in (lead, rest)]
    return {
        "words": placeholders.fill(words.subject, given, markdown=False),
        "lead": markdown.plain(filled[0]),
        "lead_html": markdown.html(filled[0]),
        "rest": markdown.plain(filled[1]),
        "rest_html": markdown.html(filled[1]),
    }


def _titles(
    talk: Talk, params: Mapping[str, object], *conditions: ColumnElement[bool]
) -> list[str]:
    """How the materials are called of which the conditions hold, in their order."""
    ids = params.get("materials")
    query = (
        select(Material.title)
        .where(
            Material.talk_id == talk.id,
            Material.id.in_(ids if isinstance(ids, list) else []),
            *conditions,
        )
        .order_by(Material.position, Material.id)
    )
    return list(db.session.scalars(query))
