"""What tables and columns are called in the readable answer to a person's question."""

from __future__ import annotations

from datetime import datetime

from flask_babel import format_datetime
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.clock import berlin
from webinar.domain.personal_data import PersonalData, Row
from webinar.models import Purpose
from webinar.web.organiser.audit_fields import FIELDS
from webinar.web.organiser.audit_words import ACTIONS, KINDS
from webinar.web.organiser.legal_words import LANGUAGES
from webinar.web.organiser.mail_words import TEMPLATES

TABLES: dict[str, LazyString] = {
    **KINDS,
    "account_identities": _l("Connected sign-in services"),
    "admissions": _l("Let into the room by hand"),
    "attendances": _l("Attendance"),
    "audience_members": _l("Audiences"),
    "audit_entries": _l("Lines of the audit log"),
    "calendar_entries": _l("What the calendar was told"),
    "calendar_replies": _l("What the calendar answered"),
    "chapters": _l("Chapters"),
    "deputies": _l("Deputies"),
    "feedbacks": _l("Feedback"),
    "grants": _l("Access to materials"),
    "jobs": _l("Tasks of the program"),
    "material_pages": _l("Pages of materials"),
    "openings": _l("What was downloaded or watched"),
    "passkeys": _l("Passkeys"),
    "question_answers": _l("Answers to questions"),
    "questions": _l("Questions"),
    "recording_consents": _l("Consent to the recording"),
    "search_entries": _l("Word list of the search"),
    "series_acceptances": _l("Acceptances of a series"),
    "subtitle_cues": _l("Subtitles"),
    "talk_speakers": _l("Appearances"),
    "uploads": _l("Uploads"),
}
COLUMNS: dict[str, LazyString] = {
    **FIELDS,
    "about": _l("Details"),
    "action": _l("What"),
    "answered_at": _l("Answered"),
    "at": _l("Time"),
    "audience": _l("Audience"),
    "cancelled": _l("Cancelled"),
    "changed_at": _l("Changed last"),
    "changes": _l("Fields"),
    "choices": _l("Choices"),
    "content": _l("Text"),
    "context": _l("Where it belongs"),
    "created_at": _l("Written first"),
    "details": _l("Details"),
    "display_name": _l("Name in the room"),
    "error": _l("Error"),
    "file_name": _l("Name of the file"),
    "given_at": _l("Given"),
    "head": _l("Heading"),
    "joined_at": _l("Entered"),
    "left_at": _l("Left"),
    "link": _l("Link"),
    "mapping": _l("Columns"),
    "material": _l("Material"),
    "name_key": _l("Name as it is compared"),
    "params": _l("Details"),
    "purpose": _l("Purpose"),
    "question": _l("Question"),
    "recipient": _l("To"),
    "remark": _l("Remark"),
    "reply": _l("Answer of the mail server"),
    "room_name": _l("Name of the room"),
    "search_key": _l("Words for searching"),
    "sender": _l("From"),
    "sent_at": _l("Sent"),
    "series": _l("Series"),
    "sort_key": _l("Words for sorting"),
    "source": _l("Source"),
    "subject": _l("Subject"),
    "talk": _l("Talk"),
    "template": _l("Kind"),
    "told_place": _l("Place"),
    "text": _l("Text"),
    "words": _l("Words"),
}


VALUES: dict[str, LazyString] = {
    "accepted": _l("accepted"),
    "cancelled": _l("declined"),
    "confirmed": _l("confirmed"),
    "declined": _l("declined"),
    "delegated": _l("deputy"),
    "deputy": _l("named as a deputy"),
    "hall": _l("in the hall"),
    "hybrid": _l("online and in the hall"),
    "import": _l("import"),
    "manual": _l("added by hand"),
    "none": _l("open"),
    "on_site": _l("in the hall"),
    "online": _l("online"),
    "public": _l("registered by themselves"),
    "refused": _l("refused"),
    "sent": _l("sent"),
    "unconfirmed": _l("unconfirmed"),
    "waiting": _l("waiting list"),
    "withdrawn": _l("withdrawn"),
}


PURPOSES: dict[str, LazyString] = {
    Purpose.ANSWER: _l("Answering the invitation"),
    Purpose.ENTER: _l("Entering the room"),
    Purpose.ARCHIVE: _l("Materials"),
    Purpose.FEED: _l("Calendar"),
    Purpose.PREFERENCES: _l("Personal page"),
    Purpose.SPEAKER: _l("Page of the speaker"),
    Purpose.UNSUBSCRIBE: _l("No more invitations"),
}
OF_COLUMN: dict[str, dict[str, LazyString]] = {
    "action": ACTIONS,
    "form": {"frau": _l("Ms"), "herr": _l("Mr")},
    "language": LANGUAGES,
    "purpose": PURPOSES,
    "template": TEMPLATES,
}
"""Columns whose values have words of their own; all others share `VALUES`."""


def sections(found: PersonalData) -> list[dict[str, object]]:
    """Title and records of each table; a record is pairs of name and value."""
    made: list[dict[str, object]] = [
        {"title": table_name(table), "records": [_record(row) for row in rows]}
        for table, rows in found.rows.items()
    ]
    if found.mentions:
        records = [
            [[f"{table_name(one.table)}, {column_name(one.column)}", one.text]]
            for one in found.mentions
        ]
        made.append({"title": _("Where others name the person"), "records": records})
    return made


def table_name(table: str) -> str:
    """What the table is called; one without a word keeps its name."""
    return str(TABLES.get(table, table))


def column_name(column: str) -> str:
    """What the column is called; one without a word keeps its name."""
    return str(COLUMNS.get(column, column))


def _record(row: Row) -> list[tuple[str, str]]:
    return [
        (column_name(name), _said(name, value))
        for name, value in row.items()
        if value not in (None, "", [], {}) and name in COLUMNS and not name.endswith("_id")
    ]


def _said(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "photo_key":
        return _("yes")
    if name == "told_place":
        return ", ".join(str(VALUES.get(part, part)) for part in str(value).split("; ") if part)
    if name.endswith("_at") or name == "at":
        moment = berlin(datetime.fromisoformat(str(value)))
        return str(format_datetime(moment, "dd.MM.yyyy HH:mm", rebase=False))
    return str(OF_COLUMN.get(name, VALUES).get(str(value), value))
