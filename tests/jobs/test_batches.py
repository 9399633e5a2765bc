"""Letters of a batch are written while others are on their way, and frozen before they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.adapters import mime
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import delivery, mail
from webinar.extensions import db
from webinar.jobs import batches
from webinar.jobs.batches import Batch
from webinar.jobs.prepared_letters import WORTH, Press
from webinar.models import Mail, MailState

COUNT = 2 * WORTH


def batch(
    app: Flask,
    *,
    change: Callable[[Sequence[Mail]], None] = lambda _: None,
    unwritten: Callable[[Mail, str], None] = lambda *_: None,
) -> Batch:
    """A claim of so many invitations, in stretches of half of them."""
    settings: Settings = app.extensions["settings"]
    talk = factories.talk()
    for _ in range(COUNT):
        contact = factories.contact()
        factories.invitation(talk, contact)
        mail.to_contact("invitation", contact, key=f"test:{contact.id}", talk=talk)
    change(db.session.scalars(select(Mail).order_by(Mail.id)).all())
    db.session.commit()
    token, mails = delivery.claim(count=COUNT, until=now() + timedelta(minutes=10))
    db.session.commit()
    made = Batch(mails, token=token, settings=settings, press=Press(settings), unwritten=unwritten)
    db.session.commit()
    return made


def frozen_now() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Mail.id).where(Mail.content.is_not(None))).all())


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The recipients of the letters in the order in which they are written."""
    monkeypatch.setattr(batches, "AT_ONCE", WORTH)
    found: list[str] = []
    framed = mime.framed

    def noted(letter: mime.Letter, text: bytes, html: bytes) -> bytes:
        found.append(letter.recipient)
        return framed(letter, text, html)

    monkeypatch.setattr(mime, "framed", noted)
    return found


def test_stretch_is_frozen_before_its_first_mail_is_given_out(
    app: Flask, written: list[str]
) -> None:
    parcels = batch(app).parcels()
    assert frozen_now() == 0
    for number in range(COUNT):
        parcel = next(parcels)
        assert frozen_now() == (WORTH if number < WORTH else COUNT)
        row = db.session.get_one(Mail, parcel.mail.id, populate_existing=True)
        assert (row.content, row.state) == (parcel.content, MailState.SENDING)
    assert next(parcels, None) is None


def test_who_waits_has_the_next_stretch_written(app: Flask, written: list[str]) -> None:
    made = batch(app)
    parcels = made.parcels()
    written.clear()
    next(parcels)
    assert len(written) == WORTH
    for number in range(WORTH):
        made.write_one()
        assert len(written) == WORTH + number + 1
    made.write_one()
    assert len(list(parcels)) == COUNT - 1
    assert len(written) == len(set(written)) == COUNT


def test_later_letter_is_given_out_once_it_is_kept(app: Flask, written: list[str]) -> None:
    made = batch(app)
    parcels = made.parcels(lambda: made.kept(awaited.pop()))
    given = [next(parcels).mail.id]
    assert made.later() is None  # nobody has written one yet
    awaited: list[int] = []
    for number in range(WORTH):
        made.write_one()
        later = made.later()
        assert later is not None
        if number < WORTH - 2:
            made.kept(later.mail_id)
        elif number == WORTH - 2:
            made.kept(None)  # its lease was lost
        else:
            awaited.append(later.mail_id)
    assert made.later() is None
    given += [parcel.mail.id for parcel in parcels]
    assert len(set(given)) == len(given) == COUNT - 1
    assert later.mail_id == given[-1]
    assert awaited == []
    assert frozen_now() == WORTH  # the others were another's to keep


def test_mails_of_a_lost_lease_are_not_given_out(app: Flask, written: list[str]) -> None:
    made = batch(app)
    parcels = made.parcels()
    next(parcels)
    taken = db.session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert taken is not None
    taken.lease_owner = "another"
    db.session.commit()
    rest = [parcel.mail.id for parcel in parcels]
    assert len(rest) == COUNT - 2
    assert taken.id not in rest


def spoil_an_address(mails: Sequence[Mail]) -> None:
    mails[-1].recipient = "two words"


def spoil_the_words(mails: Sequence[Mail]) -> None:
    for row in mails:
        row.params = {"talk": None}


@pytest.mark.parametrize(
    ("spoil", "spoilt"), [(spoil_an_address, 1), (spoil_the_words, COUNT)], ids=["one", "all"]
)
def test_letter_that_cannot_be_filled_in_is_told_and_holds_up_nobody(
    app: Flask, spoil: Callable[[Sequence[Mail]], None], spoilt: int
) -> None:
    told: list[str] = []
    made = batch(app, change=spoil, unwritten=lambda _mail, why: told.append(why))
    given = 0
    for _parcel in made.parcels():
        made.write_one()
        given += 1
    assert (given, len(told)) == (COUNT - spoilt, spoilt)
