"""The table of contents of all pages: which blueprint stands where, and who guards it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Flask

from webinar.domain import arrivals
from webinar.domain.links import PATHS
from webinar.extensions import csrf
from webinar.models import Purpose
from webinar.web import guards, operating, room_keys
from webinar.web.callbacks import authority
from webinar.web.callbacks import events as room_events
from webinar.web.callbacks import reservations as room_reservations
from webinar.web.callbacks import uploads as recording_uploads
from webinar.web.callbacks import webhooks as room_webhooks
from webinar.web.guest import (
    acceptances,
    after,
    answer,
    archive,
    deputies,
    entry,
    feed,
    overview,
    search,
    speaker,
    unsubscribe,
    watch,
)
from webinar.web.organiser import (
    accounts,
    admissions,
    attendances,
    audiences,
    audit,
    contact_addresses,
    contacts,
    cuts,
    desk,
    dispatches,
    evening,
    feedback,
    films,
    imports,
    inbox,
    inbox_deputies,
    invitations,
    legal,
    mail_acts,
    mailings,
    mails,
    materials,
    openings,
    other_room,
    own_account,
    own_factors,
    people,
    personal_data,
    proof,
    recordings,
    registering,
    registrations,
    releases,
    reminders,
    retention,
    rooms,
    series,
    speakers,
    stand_ins,
    talk_speakers,
    talks,
    uploads,
    waiting_list,
)
from webinar.web.organiser import (
    search as desk_search,
)
from webinar.web.public import archive as public_archive
from webinar.web.public import feeds, pages, technique
from webinar.web.public import search as public_search
from webinar.web.public import signups as public_signups
from webinar.web.sign_in import links as password_links
from webinar.web.sign_in import pages as sign_in
from webinar.web.sign_in import provider

PUBLIC = (
    pages.blueprint,
    public_archive.blueprint,
    public_signups.blueprint,
    feeds.blueprint,
    public_search.blueprint,
    technique.blueprint,
    operating.blueprint,
)
ENTRANCE = (sign_in.blueprint, provider.blueprint, password_links.blueprint)
"""The pages before the desk."""
GUEST = (
    (answer.blueprint, Purpose.ANSWER),
    (entry.blueprint, Purpose.ENTER),
    (archive.blueprint, Purpose.ARCHIVE),
    (speaker.blueprint, Purpose.SPEAKER),
    (unsubscribe.blueprint, Purpose.UNSUBSCRIBE),
    (overview.blueprint, Purpose.PREFERENCES),
    (feed.blueprint, Purpose.FEED),
)
MACHINES = (
    (room_reservations.blueprint, authority.prosody, "/jitsi/prosody"),
    (room_events.blueprint, authority.prosody, "/jitsi/prosody"),
    (room_webhooks.blueprint, authority.jaas, "/jitsi/jaas"),
    (recording_uploads.blueprint, authority.jibri, "/jitsi/recordings"),
)
"""Calls of other programs, each of which proves itself by a secret."""
BELOW = (
    *((blueprint, purpose, "/lage") for purpose, blueprint in watch.BLUEPRINTS.items()),
    (deputies.blueprint, Purpose.ANSWER, "/vertretung"),
    (acceptances.blueprint, Purpose.ANSWER, "/reihe"),
    (search.of_archive, Purpose.ARCHIVE, "/suche"),
    (search.of_overview, Purpose.PREFERENCES, "/suche"),
    (after.of_answer, Purpose.ANSWER, "/danach"),
    (after.of_entry, Purpose.ENTER, "/danach"),
    (after.of_archive, Purpose.ARCHIVE, "/danach"),
)
"""Pages that stand below the first page of a personal link."""
ARRIVES: Mapping[Blueprint, Mapping[str, guards.Arrives]] = {
    answer.blueprint: {"shown": arrivals.at_page},
    entry.blueprint: {"shown": arrivals.at_door, "clicked": arrivals.going_in},
    watch.BLUEPRINTS[Purpose.ANSWER]: {"shown": arrivals.at_door},
    watch.BLUEPRINTS[Purpose.ENTER]: {"shown": arrivals.at_door},
}
"""What is read with the link where many come at once."""
ORGANISER = (
    (desk.blueprint, ""),
    (contacts.blueprint, "/kontakte"),
    (contact_addresses.blueprint, "/kontakte"),
    (imports.blueprint, "/kontakte/import"),
    (audiences.blueprint, "/verteiler"),
    (series.blueprint, "/reihen"),
    (speakers.blueprint, "/referenten"),
    (talks.blueprint, "/veranstaltungen"),
    (talk_speakers.blueprint, "/veranstaltungen/<int:talk_id>/referenten"),
    (rooms.blueprint, "/veranstaltungen/<int:talk_id>/raum"),
    (evening.blueprint, "/veranstaltungen/<int:talk_id>/abend"),
    (admissions.blueprint, "/veranstaltungen/<int:talk_id>/abend"),
    (other_room.blueprint, "/veranstaltungen/<int:talk_id>/abend/ersatzraum"),
    (feedback.blueprint, "/veranstaltungen/<int:talk_id>/rueckmeldungen"),
    (invitations.blueprint, "/veranstaltungen/<int:talk_id>/einladungen"),
    (mailings.blueprint, "/veranstaltungen/<int:talk_id>/einladungen"),
    (dispatches.blueprint, "/veranstaltungen/<int:talk_id>/einladungen"),
    (registrations.blueprint, "/veranstaltungen/<int:talk_id>/anmeldungen"),
    (attendances.blueprint, "/veranstaltungen/<int:talk_id>/teilnahme"),
    (people.blueprint, "/veranstaltungen/<int:talk_id>/personen"),
    (stand_ins.blueprint, "/veranstaltungen/<int:talk_id>/personen"),
    (registering.blueprint, "/veranstaltungen/<int:talk_id>/personen"),
    (
        waiting_list.blueprint,
        "/veranstaltungen/<int:talk_id>/personen/<int:contact_id>/warteliste",
    ),
    (materials.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen"),
    (openings.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen/abrufe"),
    (uploads.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen/hochladen"),
    (films.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen"),
    (cuts.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen/<int:material_id>/schnitt"),
    (releases.blueprint, "/veranstaltungen/<int:talk_id>/unterlagen/freigeben"),
    (reminders.blueprint, "/veranstaltungen/<int:talk_id>/erinnerungen"),
    (recordings.blueprint, "/aufzeichnungen"),
    (mails.blueprint, "/nachrichten"),
    (mail_acts.blueprint, "/nachrichten"),
    (inbox.blueprint, "/posteingang"),
    (inbox_deputies.blueprint, "/posteingang"),
    (desk_search.blueprint, "/suche"),
)
OWN = (
    (own_account.blueprint, "/konto"),
    (own_factors.blueprint, "/konto/zweiter-faktor"),
    (proof.blueprint, "/konto/bestaetigen"),
)
"""What everybody at the desk does with the own account."""
ADMINISTRATION = (
    (audit.blueprint, "/protokoll"),
    (accounts.blueprint, "/konten"),
    (retention.blueprint, "/aufbewahrung"),
    (personal_data.blueprint, ""),
    (legal.blueprint, "/rechtstexte"),
)


def register(app: Flask) -> None:
    """Guard every blueprint, then register it; an unguarded one fails the tests."""
    for blueprint in PUBLIC:
        guards.guard(blueprint, guards.anybody)
        app.register_blueprint(blueprint)
    for blueprint in ENTRANCE:
        guards.guard(blueprint, guards.entrance)
        app.register_blueprint(blueprint)
    guards.guard(room_keys.blueprint, guards.anybody)
    app.register_blueprint(room_keys.blueprint, url_prefix="/jitsi/keys")
    # Its forms are anybody's and borrow no authority: webinar/web/public/signups.py says more.
    csrf.exempt(public_signups.blueprint)
    guest = [(blueprint, purpose, "") for blueprint, purpose in GUEST]
    for blueprint, purpose, below in (*guest, *BELOW):
        guards.guard(blueprint, guards.holder(purpose, **ARRIVES.get(blueprint, {})))
        guards.keep_token(blueprint, purpose)
        # A personal page sets no cookie: its POSTs are proven by the signature in the path.
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint, url_prefix=f"/{PATHS[purpose]}/<token>{below}")
    for blueprint, check, prefix in MACHINES:
        guards.guard(blueprint, check)
        # They are no browsers: whoever knows the secret acts for itself.
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint, url_prefix=prefix)
    for blueprint, prefix in ORGANISER:
        guards.guard(blueprint, guards.staff)
        app.register_blueprint(blueprint, url_prefix="/desk" + prefix)
    for blueprint, prefix in ADMINISTRATION:
        guards.guard(blueprint, guards.administration)
        app.register_blueprint(blueprint, url_prefix="/desk" + prefix)
    for blueprint, prefix in OWN:
        guards.guard(blueprint, guards.own)
        app.register_blueprint(blueprint, url_prefix="/desk" + prefix)
