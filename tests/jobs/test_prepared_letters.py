"""Letters that are prepared for many are byte for byte those that would be rendered for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests import factories
from tests.jobs.scene import MOMENT, Scene, mailing, registration, scene
from webinar.adapters.mime import message_bytes
from webinar.clock import frozen
from webinar.config import Settings
from webinar.domain import calendar_entries, delivery, links, talk_changes
from webinar.extensions import db
from webinar.jobs.letters import letter_of
from webinar.jobs.prepared_letters import WORTH, Press
from webinar.models import (
    Contact,
    Mail,
    MailingKind,
    Material,
    MaterialKind,
    Mode,
    Purpose,
    TalkState,
)

pytestmark = pytest.mark.once  # texts from rows that any database gives back alike

LONG = "Freiherrin von und zu Oberpfaffenhofen-Unterpfaffenhofen"
PEOPLE: dict[str, dict[str, str]] = {
    "usual": {"last_name": "Seubert"},
    "umlauts": {"first_name": "Jörg", "last_name": "Müßig-Öttinger", "form": "herr"},
    "long": {"first_name": "Maximiliane Theodora", "last_name": LONG},
    "long umlauts": {"title": "Prof. Dr.", "last_name": f"{LONG} Bräunlingen-Döggingen"},
    "letters of two octets": {"last_name": "Ää" * 40, "first_name": ""},
    "quotes": {"last_name": "O'Neil", "first_name": 'Ann "Anni"'},
    "curled quotes": {"last_name": "O’Neil", "first_name": "„Anni“"},
    "commas": {"last_name": "Meier, Huber; Co: KG", "office": ""},
    "braces": {"last_name": "{titel}", "first_name": "{name} {anrede}"},
    "marks of HTML": {"last_name": "<b>Fett</b> & Söhne &amp; <script>"},
    "marks of Markdown": {"last_name": "*Stern* _Strich_ `Code` [Link](x) #1 a"},
    "backslash and caret": {"last_name": "Back\\slash ^ Caret"},
    "name of the office": {"last_name": "Landratsamt Würzburg", "form": "", "office": ""},
    "name of the series": {"last_name": "After-Work-Wissen", "first_name": ""},
    "equal in all": {"last_name": "Hof", "first_name": "Hof", "office": "Hof", "org": "Hof"},
    "no office": {"last_name": "Kim", "first_name": "", "office": "", "form": "", "title": ""},
    "organisation": {"last_name": "Weiß", "org": "Gemeinde <Hof> & Markt Übersee"},
    "number": {"last_name": "Abel", "office": "1. Bürgermeister", "form": "herr"},
    "own salutation": {"last_name": "Abel", "salutation": "Liebe Hannah, lieber Max & alle"},
    "ends in a sign": {"last_name": "Abel (jun.)"},
    "begins with a sign": {"last_name": "Abel", "salutation": "*Hallo* Welt"},
    "hard space": {"last_name": "von\u00a0Abel"},
    "emoji": {"last_name": "Abel 🌻 Blum"},
    "arabic": {"last_name": "علي"},
    "foreign domain": {"last_name": "Abel", "email": "kim@müller.example"},
    "no name to a calendar": {"last_name": "@", "first_name": "", "salutation": "Hallo Welt"},
    "one letter": {"last_name": "A", "first_name": "", "form": "", "office": ""},
}
RENDERED = {"braces", "marks of HTML", "ends in a sign", "begins with a sign"}
"""Whose values could mean something to Markdown at their ends."""
RENDERED_FOR = {
    # Of an office only those who are told it: a number might begin a list.
    "addressed": {"number", "no name to a calendar"},
    **{one: {"no name to a calendar"} for one in ("asking", "moved", "cancelled")},
}


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


def people(language: str) -> dict[str, Contact]:
    made = {}
    for number, (what, given) in enumerate(PEOPLE.items()):
        values = dict(given)
        name = values.pop("org", "")
        if name:
            values["organisation_id"] = factories.organisation(f"{name} {language}").id
        email = values.pop("email", f"person{number}@gemeinde.example")
        made[what] = factories.contact(**{"email": email, "language": language, **values})
    return made


def mails(evening: Scene, template: str, **values: object) -> dict[str, Mail]:
    """A mail of that template to each of the people."""
    found = {}
    for what, contact in people(evening.contact.language).items():
        given: dict[str, object] = {
            "template": template,
            "key": f"test:{template}:{contact.id}",
            "recipient": contact.email,
            "contact": contact,
            "talk": evening.talk,
            "next_try_at": MOMENT,
            "params": {},
            **values,
        }
        found[what] = Mail(**given)
    db.session.add_all(found.values())
    db.session.commit()
    return found


def with_places(evening: Scene, rows: dict[str, Mail], mode: Mode) -> dict[str, Mail]:
    for row in rows.values():
        assert row.contact is not None
        registration(Scene(evening.talk, row.contact, evening.speaker), mode=mode)
    return rows


def invitation(evening: Scene) -> dict[str, Mail]:
    return mails(evening, "invitation", mailing=mailing(evening))


def asking(evening: Scene) -> dict[str, Mail]:
    """An invitation that asks the calendar."""
    rows = mails(evening, "invitation", mailing=mailing(evening), calendar_method="REQUEST")
    for row in rows.values():
        assert row.contact is not None
        row.calendar_sequence = calendar_entries.request(evening.talk, contact=row.contact)
    db.session.commit()
    return rows


def reinvitation(evening: Scene) -> dict[str, Mail]:
    return mails(evening, "reinvitation", mailing=mailing(evening, kind=MailingKind.REINVITATION))


def addressed(evening: Scene) -> dict[str, Mail]:
    """A message in whose paragraphs everybody is named."""
    text = (
        "{anrede}, wie schön: **{name}**, {amt} ({organisation}), kommt.\n\n"
        "- {name}\n- Eine Zeile, die so lang ist, dass {name} in der nächsten steht, und {titel}\n"
    )
    news = mailing(evening, kind=MailingKind.MESSAGE, subject="Neues: {titel}", text=text)
    return mails(evening, "message", mailing=news)


def materials(evening: Scene) -> dict[str, Mail]:
    row = Material(
        talk_id=evening.talk.id,
        kind=MaterialKind.LINK,
        title="Folien <Bauantrag>",
        url="https://example.org",
        released_at=MOMENT,
    )
    factories.save(row)
    kind = mailing(evening, kind=MailingKind.MATERIALS)
    return mails(evening, "materials", mailing=kind, params={"materials": [row.id]})


def moved(evening: Scene) -> dict[str, Mail]:
    before = talk_changes.facts(evening.talk)
    evening.talk.venue = "Kreistagssaal"
    params = {"before": before, "note": "Der Saal <unten> ist größer.\nBis bald."}
    rows = mails(evening, "moved", params=params, calendar_method="REQUEST", calendar_sequence=0)
    return with_places(evening, rows, Mode.HALL)


def cancelled(evening: Scene) -> dict[str, Mail]:
    rows = mails(evening, "cancelled", calendar_method="CANCEL", calendar_sequence=1)
    evening.talk.state = TalkState.CANCELLED
    evening.talk.cancel_reason = "Die Referentin ist erkrankt."
    db.session.commit()
    return rows


def reminder_unanswered(evening: Scene) -> dict[str, Mail]:
    return mails(evening, "reminder_unanswered")


def reminder_coming(evening: Scene) -> dict[str, Mail]:
    return with_places(evening, mails(evening, "reminder_coming"), Mode.ONLINE)


def other_room(evening: Scene) -> dict[str, Mail]:
    return mails(evening, "other_room", params={"url": "https://meet.example.org/abend?a=1&b=2"})


def room_back(evening: Scene) -> dict[str, Mail]:
    return mails(evening, "room_back")


Make = Callable[[Scene], dict[str, Mail]]
MAKES: dict[str, Make] = {
    "invitation": invitation,
    "asking": asking,
    "reinvitation": reinvitation,
    "materials": materials,
    "addressed": addressed,
    "moved": moved,
    "cancelled": cancelled,
    "reminder_unanswered": reminder_unanswered,
    "reminder_coming": reminder_coming,
    "other_room": other_room,
    "room_back": room_back,
}


def written(app: Flask, rows: list[Mail], press: Press | None = None) -> dict[int, bytes | None]:
    """What the press makes of the mails."""
    with delivery.read_ahead(rows):
        plans = (press or Press(settings_of(app))).plans(rows)
        return {row.id: plans[row.id]() if row.id in plans else None for row in rows}


@pytest.mark.once  # texts from rows that any database gives back alike
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", MAKES)
def test_prepared_letter_is_byte_for_byte_the_rendered_one(
    app: Flask, name: str, language: str
) -> None:
    with frozen(MOMENT):
        rows = MAKES[name](scene(language))
        found = written(app, list(rows.values()))
        for what, row in rows.items():
            content = found[row.id]
            if content is not None:
                assert content == message_bytes(letter_of(row, settings_of(app))), what
    rendered = {what for what, row in rows.items() if found[row.id] is None}
    assert rendered == RENDERED | RENDERED_FOR.get(name, set())


@pytest.mark.parametrize(
    "text", ["[hier](https://example.org/?{name})", "So: `{name}`", "<https://example.org/{amt}>"]
)
def test_placeholders_that_cannot_be_filled_in_are_rendered(app: Flask, text: str) -> None:
    with frozen(MOMENT):
        evening = scene()
        news = mailing(evening, kind=MailingKind.MESSAGE, subject="Neues", text=text)
        rows = mails(evening, "message", mailing=news)
        assert written(app, list(rows.values()))[rows["usual"].id] is None


def test_name_in_the_subject_is_rendered(app: Flask) -> None:
    with frozen(MOMENT):
        evening = scene()
        news = mailing(evening, kind=MailingKind.MESSAGE, subject="An {name}", text="Hallo.")
        rows = list(mails(evening, "message", mailing=news).values())
        assert set(written(app, rows).values()) == {None}


def test_first_reader_decides_nothing_for_the_others(app: Flask) -> None:
    with frozen(MOMENT):
        rows = invitation(scene())
        first = rows.pop("ends in a sign")
        found = written(app, [first, *rows.values()])
        assert found[first.id] is None
        assert found[rows["usual"].id] is not None


def test_few_letters_are_rendered(app: Flask) -> None:
    with frozen(MOMENT):
        rows = list(invitation(scene()).values())[: WORTH - 1]
        assert set(written(app, rows).values()) == {None}


@pytest.mark.parametrize("what", ["talk", "series", "speaker", "mailing", "time"])
def test_preparation_ends_with_what_it_was_made_of(app: Flask, what: str) -> None:
    settings = settings_of(app)
    with frozen(MOMENT):
        evening = scene()
        rows = list(invitation(evening).values())
        press = Press(settings)
        before = written(app, rows, press)[rows[0].id]
        assert before is not None
        later = MOMENT + timedelta(seconds=1)
    if what == "time":
        evening.talk.registration_opens_at = later
        later = MOMENT + timedelta(minutes=1)
    with frozen(later):
        change(evening, rows[0], what)
        db.session.commit()
        after = written(app, rows, press)[rows[0].id]
        assert after == message_bytes(letter_of(rows[0], settings))
    assert after != before


def change(evening: Scene, row: Mail, what: str) -> None:
    assert row.mailing is not None
    match what:
        case "talk":
            evening.talk.title = "Ein anderer Titel"
        case "series":
            evening.talk.series.host = "Landrätin Amann"
        case "speaker":
            evening.speaker.role = "Leiter der Kämmerei"
        case "mailing":
            row.mailing.text = "Kommen Sie."


def test_replaced_link_and_corrected_name_are_in_the_letter(app: Flask) -> None:
    settings = settings_of(app)
    with frozen(MOMENT):
        rows = list(invitation(scene()).values())
        press = Press(settings)
        before = written(app, rows, press)[rows[0].id]
        contact, talk = rows[0].contact, rows[0].talk
        assert contact is not None
        links.reissue(links.contact_link(contact, purpose=Purpose.ANSWER, talk=talk))
        contact.last_name = "Neumann"
        db.session.commit()
        after = written(app, rows, press)[rows[0].id]
        assert after == message_bytes(letter_of(rows[0], settings))
    assert after != before
