"""The table of contents of all pages: which blueprint stands where, and who guards it."""

from __future__ import annotations

from flask import Flask

from webinar.domain.links import PATHS
from webinar.extensions import csrf
from webinar.models import Purpose
from webinar.web import guards, operating
from webinar.web.guest import (
    acceptances,
    answer,
    archive,
    deputies,
    entry,
    overview,
    speaker,
    unsubscribe,
)
from webinar.web.organiser import (
    audiences,
    audit,
    contacts,
    desk,
    dispatches,
    imports,
    inbox,
    invitations,
    mailings,
    mails,
    materials,
    people,
    registering,
    registrations,
    releases,
    reminders,
    rooms,
    series,
    speakers,
    talk_speakers,
    talks,
    waiting_list,
)
from webinar.web.public import pages
from webinar.web.public import signups as public_signups

PUBLIC = (pages.blueprint, public_signups.blueprint, operating.blueprint)
GUEST = (
    (answer.blueprint, Purpose.ANSWER),
    (entry.blueprint, Purpose.ENTER),
    (archive.blueprint, Purpose.ARCHIVE),
    (speaker.blueprint, Purpose.SPEAKER),
    (unsubscribe.blueprint, Purpose.UNSUBSCRIBE),
    (overview.blueprint, Purpose.PREFERENCES),
)
BELOW = (
    (deputies.blueprint, Purpose.ANSWER, "/vertretung"),
    (acceptances.blueprint, Purpose.ANSWER, "/reihe"),
)
"""Pages that stand below the first page of a personal link."""
ORGANISER = (
    (desk.blueprint, ""),
    (contacts.blueprint, "/kontakte"),
    (imports.blueprint, "/kontakte/import"),
    (audiences.blueprint, "/verteiler"),
    (series.blueprint, "/reihen"),
    (speakers.blueprint, "/referenten"),
    (talks.blueprint, "/veranstaltungen"),
    (talk_speakers.blueprint, "/veranstaltungen/<int:talk_id>/referenten"),
    (rooms.blueprint, "/veranstaltungen/<int:talk_id>/raum"),
    (invitations.blueprint, "/veranstaltungen/<int:talk_id>/einladungen"),
    (mailings.blueprint, "/veranstaltungen/<int:talk_id>/einladungen"),
    (dispatches.blueprint, "/veranstaltungen/<int:talk_id>/einladungen"),
    (registrations.blueprint, "/veranstaltungen/<int:talk_id>/anmeldungen"),
    (people.blueprint, "/veranstaltungen/<int:talk_id>/personen"),
    (registering.blueprint, "/veranstaltungen/<int:talk_id>/personen"),
    (
        waiting_list.blueprint,
        "/veranstaltungen/<int:talk_id>/personen/<int:contact_id>/warteliste",
    ),
    (materials.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen"),
    (releases.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen/freigeben"),
    (reminders.blueprint, "/veranstaltungen/<int:talk_id>/erinnerungen"),
    (mails.blueprint, "/nachrichten"),
    (inbox.blueprint, "/posteingang"),
)
ADMINISTRATION = ((audit.blueprint, "/protokoll"),)


def register(app: Flask) -> None:
    """Guard every blueprint, then register it; an unguarded one fails the tests."""
    for blueprint in PUBLIC:
        guards.guard(blueprint, guards.anybody)
        app.register_blueprint(blueprint)
    # Its forms are anybody's and borrow no authority: webinar/web/public/signups.py says more.
    csrf.exempt(public_signups.blueprint)
    guest = [(blueprint, purpose, "") for blueprint, purpose in GUEST]
    for blueprint, purpose, below in (*guest, *BELOW):
        guards.guard(blueprint, guards.holder(purpose))
        guards.keep_token(blueprint, purpose)
        # A personal page sets no cookie: its POSTs are proven by the signature in the path.
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint, url_prefix=f"/{PATHS[purpose]}/<token>{below}")
    for blueprint, prefix in ORGANISER:
        guards.guard(blueprint, guards.staff)
        app.register_blueprint(blueprint, url_prefix="/desk" + prefix)
    for blueprint, prefix in ADMINISTRATION:
        guards.guard(blueprint, guards.administration)
        app.register_blueprint(blueprint, url_prefix="/desk" + prefix)
