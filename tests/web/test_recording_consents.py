"""The consent to be recorded: on the speaker's page and at the desk."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.personal import everything, looked_at, speaker_address
from tests.queries import counted
from webinar.clock import frozen
from webinar.domain import recording_consents
from webinar.extensions import db
from webinar.models import Account, ConsentAnswer, Mail, RecordingConsent, Speaker, Talk

START = factories.at("2027-01-14T17:00")


def evening(**values: object) -> tuple[Talk, Speaker, str]:
    talk = factories.talk(**{"starts_at": START, "recorded": True, **values})
    speaker = factories.speaker(talk, language="en")
    return talk, speaker, speaker_address(speaker, talk)


def test_speaker_consents_and_withdraws_also_after_the_evening(client: FlaskClient) -> None:
    talk, _, path = evening()
    assert "I consent to the recording" in client.get(path).text
    answer = client.post(f"{path}/aufzeichnung", data={"answer": "yes"})
    assert answer.headers["Location"] == f"{path}#aufzeichnung"
    assert recording_consents.may_record(talk)
    text = client.get(path).text
    assert "You consent." in text
    assert "I consent to the recording" not in text
    with frozen(talk.ends_at + timedelta(days=30)):
        assert "Withdraw the consent" in client.get(path).text
        client.post(f"{path}/aufzeichnung", data={"answer": "no"})
        assert "You do not want to be recorded." in client.get(path).text
    assert not recording_consents.may_record(talk)
    told = db.session.scalars(
        select(Mail).where(Mail.template == "recording_consent").order_by(Mail.id)
    ).all()
    assert [mail.params["answer"] for mail in told] == ["yes", "no"]


def test_looking_and_nonsense_change_nothing(client: FlaskClient) -> None:
    _, _, path = evening()
    before = everything()
    assert set(looked_at(client, path)) == {200}
    assert client.get(f"{path}/aufzeichnung").status_code == 405
    assert client.post(f"{path}/aufzeichnung", data={"answer": "perhaps"}).status_code == 303
    assert client.post(f"{path}/aufzeichnung").status_code == 303
    assert everything() == before


def test_speaker_is_not_asked_where_nothing_is_recorded(client: FlaskClient) -> None:
    talk, speaker, path = evening(recorded=False)
    assert "I consent" not in client.get(path).text
    recording_consents.answer(talk, speaker, said=ConsentAnswer.YES)
    db.session.commit()
    assert "Withdraw the consent" in client.get(path).text  # what was given can be taken back


def test_office_takes_down_what_the_speaker_said(desk: FlaskClient, organiser: Account) -> None:
    talk, speaker, _ = evening()
    path = f"/desk/veranstaltungen/{talk.id}"
    assert "Niemand kann aufzeichnen" in desk.get(path).text
    act = f"{path}/referenten/{speaker.id}/aufzeichnung"
    assert desk.post(act, data={"answer": "yes"}).status_code == 303
    text = desk.get(path).text
    assert f"eingetragen von {organiser.name}" in text
    assert "geplant, alle willigen ein" in text
    row = db.session.scalars(select(RecordingConsent)).one()
    assert (row.answer, row.given_by_id) == ("yes", organiser.id)
    desk.post(act, data={"answer": "no"})
    text = desk.get(path).text
    assert "möchte das nicht" in text
    assert "geplant, alle willigen ein" not in text
    before = everything()
    assert desk.post(act, data={"answer": "maybe"}).status_code == 303
    assert everything() == before


def test_talk_page_asks_as_often_for_three_speakers_as_for_one(desk: FlaskClient) -> None:
    talk, speaker, _ = evening()
    recording_consents.answer(talk, speaker, said=ConsentAnswer.YES, by=factories.account())
    db.session.commit()
    path = f"/desk/veranstaltungen/{talk.id}"
    desk.get(path)
    with counted() as one:
        desk.get(path)
    for _number in range(2):
        more = factories.speaker(talk)
        recording_consents.answer(talk, more, said=ConsentAnswer.YES, by=factories.account())
    db.session.commit()
    with counted() as three:
        desk.get(path)
    assert len(three) == len(one)
