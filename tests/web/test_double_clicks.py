"""The same button pressed several times at the same moment acts once, and nobody sees a defect."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import factories
from tests.conftest import signed_in
from tests.web import world
from tests.web.world import World
from webinar.adapters.spreadsheet import read_table
from webinar.domain import contact_imports
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Account,
    AuditEntry,
    Contact,
    Grant,
    Mail,
    Mailing,
    MailingKind,
    Registration,
    Talk,
    TalkState,
)

pytestmark = pytest.mark.race

CLICKS = 5


@pytest.fixture
def whole(app: Flask, organiser: Account) -> World:
    return world.build(app, organiser)


def press(app: Flask, by: Account | None, *sent: tuple[str, dict[str, object]]) -> list[int]:
    """Send all at once, each from its own thread and browser; the answers' status."""
    clients = [signed_in(app, by) if by is not None else app.test_client() for _one in sent]
    db.session.commit()  # nothing of the test's own may hold a lock
    barrier = Barrier(len(sent))

    def one(number: int) -> int:
        path, data = sent[number]
        barrier.wait(60)
        return clients[number].post(path, data=data).status_code

    with ThreadPoolExecutor(len(sent)) as pool:
        found = list(pool.map(one, range(len(sent))))
    db.session.expire_all()
    return found


def count(what: object) -> int:
    return db.session.scalar(select(func.count()).select_from(what)) or 0  # type: ignore[arg-type]


def entries(action: str) -> int:
    return db.session.scalar(select(func.count()).where(AuditEntry.action == action)) or 0


def test_release_is_one_mailing(app: Flask, organiser: Account, whole: World) -> None:
    before = count(Grant)
    path = f"/desk/veranstaltungen/{whole.talk.id}/unterlagen/freigeben/pruefen"
    data = {
        "materials": whole.parts["slides_id"],
        "who": "both",
        "tell": "y",
        "subject": "Unterlagen",
        "text": "Da.",
    }
    status = press(app, organiser, *[(path, data)] * CLICKS)
    assert sorted(status)[0] == 303
    assert max(status) < 500
    told = select(func.count()).where(Mailing.kind == MailingKind.MATERIALS)
    assert db.session.scalar(told) == 1
    assert count(Grant) == before + 2
    assert entries("material.released") == 2  # one of them by the scene


def test_mailing_is_sent_once(app: Flask, organiser: Account, whole: World) -> None:
    path = f"/desk/veranstaltungen/{whole.talk.id}/einladungen/{whole.parts['mailing_id']}/senden"
    status = press(app, organiser, *[(path, {})] * CLICKS)
    assert set(status) == {303}
    assert entries("mailing.sent") == 2  # one of them by the scene


def test_talk_is_published_once(app: Flask, organiser: Account, whole: World) -> None:
    draft = db.session.scalars(select(Talk).where(Talk.state == TalkState.DRAFT)).one()
    factories.speaker(draft)
    path = f"/desk/veranstaltungen/{draft.id}/veroeffentlichen"
    status = press(app, organiser, *[(path, {})] * CLICKS)
    assert max(status) < 500
    assert entries("talk.published") == 1


def test_talk_is_cancelled_once_and_everybody_told_once(
    app: Flask, organiser: Account, whole: World
) -> None:
    path = f"/desk/veranstaltungen/{whole.talk.id}/absagen"
    status = press(app, organiser, *[(path, {"reason": "Krankheit"})] * CLICKS)
    assert max(status) < 500
    assert entries("talk.cancelled") == 1
    keys = db.session.scalars(
        select(Mail.key).where(Mail.template == "cancelled").order_by(Mail.id)
    ).all()
    assert len(keys) == len(set(keys))


def test_table_is_imported_once(app: Flask, organiser: Account, whole: World) -> None:
    name = str(whole.parts["name"])
    upload = contact_imports.get(name)
    table = read_table(upload.content or b"", filename=upload.file_name)
    rows = contact_imports.candidates(upload, rows=table.rows, width=len(table.headers))
    mark = contact_imports.review(upload, rows).fingerprint
    path = f"/desk/kontakte/import/{name}/uebernehmen"
    status = press(app, organiser, *[(path, {"fingerprint": mark})] * CLICKS)
    assert max(status) < 500
    found = select(func.count()).where(Contact.email == "kern@gemeinde.example")
    assert db.session.scalar(found) == 1


def test_answers_that_cross_leave_one_place_at_most(app: Flask, whole: World) -> None:
    path = f"/e/{whole.tokens['answer']}"
    accept = [(f"{path}/zusage", {"mode": mode}) for mode in ("online", "hall")]
    status = press(app, None, *accept * 2, *[(f"{path}/absage", {})] * 2)
    assert max(status) < 500
    mine = select(Registration).where(Registration.contact_id == whole.contact.id)
    assert len([row for row in db.session.scalars(mine) if row.state in ACTIVE]) <= 1


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("verteiler/{audience_id}/aufnehmen", {"contact": "{other_id}"}),
        ("verteiler/{audience_id}/loeschen", {}),
        ("verteiler/neu", {"name": "Neu"}),
        ("reihen/neu", {"name": "Neu"}),
        (
            "kontakte/neu",
            {"last_name": "Neu", "email": "neu@ort.example", "form": "", "language": "de"},
        ),
        ("kontakte/{contact_id}/deaktivieren", {}),
        ("kontakte/{contact_id}/zusammenfuehren", {"mit": "{other_id}"}),
        ("kontakte/import/{name}/verwerfen", {}),
        ("veranstaltungen/{talk_id}/einladungen/neu", {"audiences": "{audience_id}"}),
        ("veranstaltungen/{talk_id}/einladungen/{mailing_id}/loeschen", {}),
        ("veranstaltungen/{talk_id}/referenten/{speaker_id}/link", {"number": "2"}),
        ("veranstaltungen/{talk_id}/referenten/{speaker_id}/entfernen", {}),
        ("veranstaltungen/{talk_id}/unterlagen/{material_id}/loeschen", {}),
        ("veranstaltungen/{talk_id}/raum", {}),
    ],
)
def test_no_button_breaks_when_pressed_at_once(
    app: Flask, organiser: Account, whole: World, path: str, data: dict[str, str]
) -> None:
    filled = {name: value.format(**whole.parts) for name, value in data.items()}
    status = press(app, organiser, *[("/desk/" + path.format(**whole.parts), filled)] * CLICKS)
    assert max(status) < 500
    assert min(status) in (200, 303)


def test_one_click_unsubscribes_once(app: Flask, whole: World) -> None:
    path = f"/u/{whole.tokens['unsubscribe']}"
    status = press(app, None, *[(path, {"List-Unsubscribe": "One-Click"})] * CLICKS)
    assert max(status) < 500
    assert entries("contact.unsubscribed") == 1
