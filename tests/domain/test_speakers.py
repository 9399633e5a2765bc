"""Speakers: their words, their order at a talk, their links, and leaving."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.domain import links, speakers
from webinar.domain.speakers import SpeakerValues
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Link, Mail, MailState, Purpose, Speaker

KEYS = ["a key for links that is long enough for tests"]


def values(**changes: object) -> SpeakerValues:
    return SpeakerValues(
        **{"last_name": "Brandl", "email": "brandl@lra.example", **changes}  # type: ignore[arg-type]
    )


def test_create_cleans_and_keys_what_was_typed(app: Flask, organiser: Account) -> None:
    found = speakers.create(
        values(first_name=" Katharina ", last_name="von  Östen", email="K.Osten@LRA.example"),
        by=organiser,
    )
    assert (found.first_name, found.last_name) == ("Katharina", "von Östen")
    assert found.email == "k.osten@lra.example"
    assert found.sort_key == "von-osten katharina"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_name": " "}, "last_name"),
        ({"email": "brandl"}, "email"),
        ({"photo_key": "a" * 32, "photo_credit": "Foto: LRA"}, "photo_alt"),
        ({"photo_key": "a" * 32, "photo_alt": "Porträt"}, "photo_credit"),
    ],
)
def test_speaker_is_refused_at_the_field(
    app: Flask, organiser: Account, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(RuleError) as refused:
        speakers.create(values(**changes), by=organiser)
    assert refused.value.field == field


def test_edit_hands_back_the_photo_that_nobody_needs(app: Flask, organiser: Account) -> None:
    words = {"photo_credit": "Foto: LRA", "photo_alt": "Porträt"}
    found = speakers.create(values(photo_key="a" * 32, **words), by=organiser)
    assert speakers.edit(found, values(**words), by=organiser) is None
    assert found.photo_key == "a" * 32
    assert speakers.edit(found, values(photo_key="b" * 32, **words), by=organiser) == "a" * 32
    assert speakers.edit(found, values(remove_photo=True), by=organiser) == "b" * 32
    assert found.photo_key is None


def test_search_finds_beginnings_of_names_without_accents(app: Flask) -> None:
    first = factories.speaker(last_name="Östen-Müller", first_name="Jana")
    factories.speaker(last_name="Brandl", first_name="Karin")

    def found(search: str) -> list[Speaker]:
        return list(db.session.scalars(speakers.listed(search=search)))

    assert found("osten") == found("Müll") == found("jana ös") == [first]
    assert found("stenm") == []
    assert len(found("")) == 2


def test_speaker_has_a_link_from_the_start_and_loses_it_when_taken_off(
    app: Flask, organiser: Account
) -> None:
    talk, speaker = factories.talk(), factories.speaker()
    speakers.add_to_talk(talk, speaker, by=organiser)
    link = speakers.links_of(talk)[speaker.id]
    token = links.token(link, keys=KEYS)
    assert links.open_link(token, purpose=Purpose.SPEAKER, keys=KEYS) is link

    speakers.remove_from_talk(talk, speaker, by=organiser)
    assert talk.speakers == []
    assert speakers.links_of(talk) == {}
    with pytest.raises(NotThere):
        links.open_link(token, purpose=Purpose.SPEAKER, keys=KEYS)

    speakers.add_to_talk(talk, speaker, by=organiser)
    with pytest.raises(NotThere):
        links.open_link(token, purpose=Purpose.SPEAKER, keys=KEYS)
    assert speakers.links_of(talk)[speaker.id] is link


def test_adding_twice_changes_nothing(app: Flask, organiser: Account) -> None:
    talk, speaker = factories.talk(), factories.speaker()
    for _ in range(2):
        speakers.add_to_talk(talk, speaker, by=organiser)
    assert talk.speakers == [speaker]
    assert len(db.session.scalars(select(Link)).all()) == 1


def test_order_moves_up_and_stops_at_the_top(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    first, second, third = (factories.speaker() for _ in range(3))
    for one in (first, second, third):
        speakers.add_to_talk(talk, one, by=organiser)
    speakers.move_up(talk, third, by=organiser)
    assert talk.speakers == [first, third, second]
    for _ in range(3):
        speakers.move_up(talk, third, by=organiser)
    assert talk.speakers == [third, first, second]


def test_link_is_sent_once_per_number(app: Flask, organiser: Account) -> None:
    talk, speaker = factories.talk(), factories.speaker()
    speakers.add_to_talk(talk, speaker, by=organiser)
    link = speakers.links_of(talk)[speaker.id]
    for number in (1, 1, 2):
        speakers.send_link(talk, speaker, number=number, by=organiser)
    mails = db.session.scalars(select(Mail).order_by(Mail.id)).all()
    assert [(mail.template, mail.recipient, mail.key) for mail in mails] == [
        ("speaker_link", speaker.email, f"speaker-link:{link.id}:1:1"),
        ("speaker_link", speaker.email, f"speaker-link:{link.id}:1:2"),
    ]
    assert speakers.sendings([link]) == {link.id: 2}


def test_link_goes_only_to_who_speaks_there(app: Flask, organiser: Account) -> None:
    with pytest.raises(NotThere):
        speakers.send_link(factories.talk(), factories.speaker(), number=1, by=organiser)


def test_speaker_of_a_talk_stays(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    speaker = factories.speaker(talk)
    with pytest.raises(RuleError) as refused:
        speakers.delete_speaker(speaker, by=organiser)
    assert refused.value.code == "speaker_has_talks"


def test_deleted_speaker_leaves_no_link_and_no_waiting_mail(app: Flask, organiser: Account) -> None:
    talk, speaker = factories.talk(), factories.speaker(photo_key="a" * 32)
    speakers.add_to_talk(talk, speaker, by=organiser)
    speakers.send_link(talk, speaker, number=1, by=organiser)
    speakers.remove_from_talk(talk, speaker, by=organiser)
    assert speakers.delete_speaker(speaker, by=organiser) == "a" * 32
    db.session.commit()
    assert db.session.scalars(select(Speaker)).all() == []
    assert db.session.scalars(select(Link)).all() == []
    mail = db.session.scalars(select(Mail)).one()
    assert (mail.state, mail.speaker_id, mail.recipient) == (MailState.ABORTED, None, "")
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"talk.speaker_added", "talk.speaker_link_sent", "speaker.deleted"} <= actions
