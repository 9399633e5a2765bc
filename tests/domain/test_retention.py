"""What goes on schedule goes, and no more; counts stay; a run can be cut off anywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select, update

from tests import factories
from tests.conftest import ENVIRON
from webinar import create_app, settings_of
from webinar.clock import frozen, now
from webinar.config import ConfigError
from webinar.domain import answers, audit, grants, inbox, mail, participation, retention
from webinar.domain.retention import KINDS, Round
from webinar.domain.retention_terms import Terms, in_force
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Attendance,
    AttendanceSource,
    Audience,
    AuditEntry,
    Contact,
    Feedback,
    Grant,
    Grantee,
    InboxKind,
    Invitation,
    Link,
    Mail,
    MailState,
    Material,
    MaterialKind,
    Mode,
    Origin,
    Purpose,
    Registration,
    RetentionCount,
    Speaker,
    Talk,
    TalkSpeaker,
)
from webinar.web.organiser import retention_words

LONG_AGO = timedelta(days=400)


def run(app: Flask) -> dict[str, int]:
    round_ = Round(in_force(settings_of(app)))
    while round_.step():
        db.session.commit()
    db.session.commit()
    db.session.expire_all()
    return round_.counts


def ended(talk: Talk, *, ago: timedelta = LONG_AGO) -> None:
    """Move the evening into the past, with everything that was written about it."""
    when = now() - ago
    db.session.execute(
        update(Talk)
        .where(Talk.id == talk.id)
        .values(starts_at=when - timedelta(hours=1), ends_at=when)
    )
    db.session.commit()


def evening(people: int = 6) -> tuple[Talk, list[Contact]]:
    talk = factories.talk(places_online=40)
    guests = [factories.contact() for _ in range(people)]
    audience = db.session.scalar(select(Audience).where(Audience.name == "Kreistag"))
    audience = audience or factories.audience("Kreistag")
    audience.members = [*audience.members, *guests]
    for guest in guests[1:]:
        participation.accept(factories.invitation(talk, guest), mode=Mode.ONLINE)
    participation.decline(factories.invitation(talk, guests[0]))
    db.session.commit()
    return talk, guests


def figures(talk: Talk) -> list[object]:
    """What the desk says of the talk, in all and by audience."""
    shares = [(str(share.name), share.counts) for share in answers.by_audience(talk)]
    return [answers.totals(talk), shares]


def test_evening_is_anonymised_and_its_counts_stay(app: Flask) -> None:
    talk, guests = evening()
    place = db.session.scalars(select(Registration).order_by(Registration.id)).first()
    assert place is not None
    place.display_name, place.invitation.remark = "Hanni", "Ich komme später."  # type: ignore[union-attr]  # it has one
    factories.save(
        Attendance(
            talk_id=talk.id,
            registration_id=place.id,
            source=AttendanceSource.ROOM,
            occupant="raum/hanni",
            joined_at=now(),
        )
    )
    before, pseudonym = figures(talk), place.pseudonym
    ended(talk)
    counts = run(app)
    assert counts["evenings"] == len(guests)
    assert figures(talk) == before
    left = {guest.id for guest in guests}
    for table in (Invitation, Registration, Link):
        assert left.isdisjoint(db.session.scalars(select(table.contact_id)))
    assert (place.display_name, place.invitation.remark) == ("", "")  # type: ignore[union-attr]  # as above
    assert place.pseudonym != pseudonym
    stay = db.session.scalars(select(Attendance)).one()
    assert (stay.registration_id, stay.occupant) == (place.id, None)
    assert run(app) == {}


def stand_ins(*conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Contact).where(Contact.erased_at.is_not(None))
    return db.session.scalar(query.where(*conditions)) or 0


def test_stand_ins_serve_every_evening_and_belong_to_no_small_audience(app: Flask) -> None:
    first, second = evening()[0], evening()[0]
    alone = factories.contact()
    factories.audience("Landrat", [alone])
    factories.invitation(first, alone)
    ended(first)
    ended(second)
    run(app)
    assert (stand_ins(), stand_ins(~Contact.audiences.any())) == (7, 1)


def test_evening_stays_until_its_term(app: Flask) -> None:
    talk, guests = evening()
    ended(talk, ago=timedelta(days=364))
    assert "evenings" not in run(app)
    line = next(
        one for one in retention.forecast(in_force(settings_of(app))) if one.kind.name == "evenings"
    )
    assert (line.days, line.due, line.soon) == (365, 0, len(guests))


def test_what_was_granted_outlives_the_registration(app: Flask) -> None:
    """Rule 10 of the domain."""
    talk, guests = evening(people=2)
    material = Material(
        talk_id=talk.id,
        kind=MaterialKind.SLIDES,
        title="Folien",
        url="https://lra.example/folien",
        released_at=now(),
        grants=[Grant(grantee=Grantee.REGISTERED)],
    )
    factories.save(material)
    coming, declined = guests[1], guests[0]
    for guest in guests:
        factories.save(Link(purpose=Purpose.ARCHIVE, contact_id=guest.id, talk_id=talk.id))
    ended(talk)
    run(app)
    opened = select(Material.id).where(grants.opens(coming.id))
    assert db.session.scalars(opened).all() == [material.id]
    assert db.session.scalars(select(Material.id).where(grants.opens(declined.id))).all() == []
    assert db.session.scalars(select(Link.contact_id)).all() == [coming.id]
    assert db.session.get(Contact, coming.id) is not None


def settled_mail(contact: Contact, *, ago: timedelta) -> Mail:
    key = f"declined:{contact.id}:{ago}"
    mail.to_contact("declined", contact, key=key)
    row = factories.mail_of(key)
    when = now() - ago
    db.session.execute(
        update(Mail)
        .where(Mail.id == row.id)
        .values(state=MailState.SENT, content=b"Subject: x\r\n\r\ny", sent_at=when, changed_at=when)
    )
    db.session.commit()
    return row


def test_mail_loses_its_text_first_and_its_recipient_later(app: Flask) -> None:
    contact = factories.contact()
    old, older = (settled_mail(contact, ago=timedelta(days=n)) for n in (100, 400))
    counts = run(app)
    assert (counts["mails"], counts["mail_bodies"]) == (1, 1)
    assert (old.content, old.recipient, old.contact_id) == (None, contact.email, contact.id)
    assert (older.content, older.recipient, older.contact_id) == (None, "", None)
    assert older.state == MailState.SENT
    assert str(contact.id) not in older.key.split(":") or older.key == f"gone:{older.id}"


def test_words_and_marks(app: Flask, organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    with frozen(now() - timedelta(days=100)):
        old = inbox.note("1" * 64, kind=InboxKind.ANSWER, sender=contact.email, text="Ich komme.")
        waiting = inbox.note("2" * 64, kind=InboxKind.ANSWER, sender=contact.email, text="Ja.")
        assert old is not None
        inbox.finish(old, by=organiser)
        db.session.commit()
    said = Feedback(
        talk_id=talk.id,
        ticket="t" * 32,
        given_on=(now() - LONG_AGO).date(),
        rating=4,
        text="Frau Seubert sprach gut.",
    )
    factories.save(said)
    counts = run(app)
    assert (counts["inbox_texts"], counts["feedback"]) == (1, 1)
    assert (old.sender, old.text, said.text, said.rating) == ("", "", "", 4)
    assert waiting is not None
    assert waiting.text == "Ja."
    assert inbox.note(old.fingerprint, kind=InboxKind.ANSWER) is None, "it stays known"


def test_people_go_once_nothing_needs_them(app: Flask) -> None:
    with frozen(now() - LONG_AGO):
        deputy, guest, needed = (
            factories.contact(origin=origin)
            for origin in (Origin.DEPUTY, Origin.PUBLIC, Origin.PUBLIC)
        )
        retired = factories.contact(retired_at=now())
        stays = factories.contact()
    factories.invitation(factories.talk(), needed)
    settled_mail(guest, ago=timedelta(days=1))
    gone = [deputy.id, guest.id, retired.id]
    counts = run(app)
    assert (counts["passers_by"], counts["left_office"]) == (2, 1)
    left = db.session.scalars(select(Contact.id)).all()
    assert set(left) == {needed.id, stays.id}
    assert set(gone).isdisjoint(left)
    assert db.session.scalars(select(Mail.recipient)).all() == [""]


def test_speaker_keeps_the_name_and_loses_the_address(app: Flask) -> None:
    talk = factories.talk()
    speaker, fresh = factories.speaker(talk), factories.speaker(factories.talk())
    ended(talk)
    assert run(app)["speakers"] == 1
    assert (speaker.email, bool(speaker.last_name), bool(fresh.email)) == ("", True, True)
    assert not mail.to_speaker("speaker_link", speaker, key="speaker-link:1:1:1", talk=talk)
    db.session.query(TalkSpeaker).filter_by(speaker_id=speaker.id).delete()
    old = now() - LONG_AGO
    db.session.execute(update(Speaker).where(Speaker.id == speaker.id).values(changed_at=old))
    db.session.commit()
    assert run(app)["unused_speakers"] == 1
    assert db.session.scalars(select(Speaker.id)).all() == [fresh.id]


def test_old_lines_of_the_audit_log_go(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    for years in (2, 4):
        factories.save(
            AuditEntry(
                action="talk.edited",
                record_type="talks",
                record_id=talk.id,
                at=now() - timedelta(days=365 * years),
            )
        )
    audit.record("talk.edited", talk, by=organiser)
    db.session.commit()
    assert run(app) == {"audit": 1}
    assert db.session.scalar(select(func.count(AuditEntry.id))) == 2
    row = db.session.scalars(select(RetentionCount)).one()
    assert (row.kind, row.count) == ("audit", 1)


def test_run_that_was_cut_off_goes_on(app: Flask) -> None:
    talks = [evening(people=1)[0] for _ in range(3)]
    for talk in talks:
        ended(talk)
    round_ = Round(in_force(settings_of(app)))
    assert round_.step()
    db.session.commit()
    round_.step()
    db.session.rollback()
    assert run(app)["evenings"] == 2
    at: list[datetime] = [row.at for row in retention.history(limit=9)]
    assert at == sorted(at, reverse=True)
    assert sum(row.count for row in retention.history(limit=9)) == 3


def test_term_can_be_set_for_each_kind_and_for_no_other(tmp_path: Path) -> None:
    environ = {**ENVIRON, "WEBINAR_DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
    app = create_app({**environ, "WEBINAR_RETENTION_AUDIT_DAYS": "30"})
    bare = Terms(settings_of(app))
    terms = {kind.name: kind.term(bare) for kind in KINDS}
    assert terms["audit"] == retention.AUDIT_LEAST
    assert terms["evenings"] == 365
    with pytest.raises(ConfigError, match="WEBINAR_RETENTION_NONSENSE_DAYS"):
        create_app({**environ, "WEBINAR_RETENTION_NONSENSE_DAYS": "3"})


def test_every_kind_has_words_and_a_name_of_its_own() -> None:
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names))
    assert set(names) == set(retention_words.WHAT)


def test_declined_stays_declined(app: Flask) -> None:
    """The answer of a stand-in is the answer that was given."""
    talk, _guests = evening(people=2)
    ended(talk)
    run(app)
    given = db.session.scalars(select(Invitation.answer).order_by(Invitation.answer)).all()
    assert given == [Answer.ACCEPTED, Answer.DECLINED]
