"""A format that drops a side: the organiser decides for those who hold something there."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests import factories
from tests.domain.test_talks import as_values
from webinar.domain import participation, registrations, talks
from webinar.domain.talks import Dropped
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Format,
    Invitation,
    Mail,
    Mode,
    RegistrationState,
    Talk,
)

S = RegistrationState


def accepted(talk: Talk, *modes: Mode) -> list[Invitation]:
    rows = [factories.invitation(talk, factories.contact()) for _ in modes]
    for row, mode in zip(rows, modes, strict=True):
        participation.accept(row, mode=mode)
        db.session.commit()
    return rows


def stand(row: Invitation) -> tuple[str, str, str | None] | None:
    found = registrations.active_registration(row.talk, contact=row.contact)
    return None if found is None else (found.state, found.mode, found.wanted_mode)


def last(row: Invitation) -> tuple[str, str | None]:
    query = select(Mail).where(Mail.contact_id == row.contact_id).order_by(Mail.id.desc())
    mail = db.session.scalars(query).first()
    assert mail is not None
    return mail.template, mail.calendar_method


def online_only(talk: Talk, by: Account, how: Dropped | None, *, tell: bool = False) -> int:
    values = as_values(talk, format=Format.ONLINE)
    told = talks.edit(talk, values, revision=talk.revision, by=by, dropped=how, tell=tell)
    db.session.commit()
    return told


def hybrid(**places: int) -> Talk:
    return factories.talk(format="hybrid", venue="Saal", **places)


def test_nobody_loses_a_side_without_a_decision(organiser: Account) -> None:
    talk = hybrid()
    accepted(talk, Mode.HALL)
    with pytest.raises(RuleError) as problem:
        online_only(talk, organiser, None)
    assert (problem.value.code, problem.value.field) == ("side_in_use", "format")


def test_move_fills_the_other_side_and_queues_the_rest_in_order(organiser: Account) -> None:
    talk = hybrid(places_online=2)
    online, first, second, third = accepted(talk, Mode.ONLINE, Mode.HALL, Mode.HALL, Mode.HALL)
    assert online_only(talk, organiser, Dropped.MOVE) == 3
    assert [stand(row) for row in (online, first, second, third)] == [
        (S.CONFIRMED, Mode.ONLINE, None),
        (S.CONFIRMED, Mode.ONLINE, None),
        (S.WAITING, Mode.ONLINE, None),
        (S.WAITING, Mode.ONLINE, None),
    ]
    assert last(first) == ("confirmation", "REQUEST")
    assert last(second) == last(third) == ("waiting", "CANCEL")
    participation.decline(online)
    assert [stand(row) and stand(row)[0] for row in (second, third)] == [S.CONFIRMED, S.WAITING]


def test_move_lets_go_of_the_wish_for_the_side_that_goes(organiser: Account) -> None:
    talk = hybrid(places_hall=1)
    _holder, wishes = accepted(talk, Mode.HALL, Mode.ONLINE)
    participation.accept(wishes, mode=Mode.HALL)
    db.session.commit()
    assert stand(wishes) == (S.CONFIRMED, Mode.ONLINE, Mode.HALL)
    online_only(talk, organiser, Dropped.END)
    assert stand(wishes) == (S.CONFIRMED, Mode.ONLINE, None)
    assert last(wishes) == ("confirmation", "REQUEST")


def test_end_frees_the_answer_and_tells_and_leaves_a_line(organiser: Account) -> None:
    talk = hybrid()
    online, hall = accepted(talk, Mode.ONLINE, Mode.HALL)
    assert online_only(talk, organiser, Dropped.END, tell=True) == 2
    assert (stand(hall), hall.answer) == (None, Answer.NONE)
    assert last(hall) == ("side_dropped", "CANCEL")
    assert last(online)[0] == "moved"
    assert stand(online) == (S.CONFIRMED, Mode.ONLINE, None)
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "talk.side_dropped")
    ).one()
    assert entry.changes == {"side": "hall", "how": "end", "people": 1}
    participation.accept(hall, mode=Mode.ONLINE)
    assert stand(hall) == (S.CONFIRMED, Mode.ONLINE, None)


def test_move_of_the_room_can_tell_only_who_comes_there(organiser: Account) -> None:
    talk = hybrid(places_hall=1)
    online, hall, waits = accepted(talk, Mode.ONLINE, Mode.HALL, Mode.HALL)
    values = as_values(talk, venue="Kreistagssaal")
    side = talks.moved(talk, values).side
    assert side is Mode.HALL
    told = talks.edit(
        talk, values, revision=1, by=organiser, tell=True, side=side, note=" Bis dann. "
    )
    assert (told, last(online)[0]) == (2, "confirmation")
    assert last(hall) == ("moved", "REQUEST")
    assert last(waits) == ("moved", None)
    mail = db.session.scalars(
        select(Mail).where(Mail.template == "moved").order_by(Mail.id)
    ).first()
    assert mail is not None
    assert (mail.params["note"], mail.params["before"]["venue"]) == ("Bis dann.", "Saal")
