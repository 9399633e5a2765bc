"""Own and shared series: whoever does not see a series finds nothing of it, on no page."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import signed_in
from tests.web import world
from tests.web.access_matrix import ADMIN, MATRIX, READ, WRITE
from webinar.domain import shares
from webinar.extensions import db
from webinar.models import Account, Role, Series, SeriesShare


@pytest.fixture
def colleague(app: Flask) -> Account:
    return factories.account(role=Role.ORGANISER)


def own(organiser: Account) -> Series:
    return factories.series(owner_id=organiser.id, name="Interne Reihe")


def sees(app: Flask, account: Account, series: Series) -> bool:
    client = signed_in(app, account)
    listed = series.name in client.get("/desk/reihen").text
    status = client.get(f"/desk/reihen/{series.id}/bearbeiten").status_code
    assert status == (200 if listed else 404)
    return listed


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.VIEWER])
def test_series_is_seen_by_owner_by_whom_it_is_shared_with_and_by_administrators(
    app: Flask, organiser: Account, administrator: Account, role: Role
) -> None:
    series, other = own(organiser), factories.account(role=role)
    assert sees(app, organiser, series)
    assert sees(app, administrator, series)
    assert not sees(app, other, series)
    factories.save(SeriesShare(series=series, account=other))
    assert sees(app, other, series)


def test_series_without_owner_is_the_whole_offices(app: Flask, colleague: Account) -> None:
    assert sees(app, colleague, factories.series(name="Für alle"))


def test_no_route_of_a_talk_or_series_is_open_to_who_does_not_see_it(
    app: Flask, organiser: Account, colleague: Account
) -> None:
    """Every route with real records, as an organiser whose series it is not."""
    whole = world.build(app, organiser)
    whole.talk.series.owner_id = organiser.id
    db.session.commit()
    strange, mine = signed_in(app, colleague), signed_in(app, organiser)
    wrong, opened = [], 0
    for method in ("GET", "POST"):
        for rule, path in whole.all_paths(method):
            hidden = {"talk_id", "series_id"} & set(rule.arguments)
            if not hidden or MATRIX[rule.endpoint] not in (READ, WRITE, ADMIN):
                continue
            answer = strange.open(path, method=method)
            if answer.status_code != 404:
                wrong.append((rule.endpoint, method, answer.status_code))
            if method == "GET":
                opened += mine.get(path).status_code in (200, 302, 303)
    assert wrong == []
    assert opened > 30


def test_lists_show_nothing_of_series_that_are_not_seen(
    app: Flask, organiser: Account, colleague: Account
) -> None:
    whole = world.build(app, organiser)
    whole.talk.title = "Streng intern"
    whole.talk.series.owner_id = organiser.id
    db.session.commit()
    pages = (
        "/desk/",
        "/desk/veranstaltungen",
        "/desk/nachrichten",
        "/desk/aufzeichnungen",
        f"/desk/kontakte/{whole.contact.id}",
        f"/desk/referenten/{whole.speaker.id}",
    )
    strange, mine = signed_in(app, colleague), signed_in(app, organiser)
    assert [page for page in pages if "Streng intern" in strange.get(page).text] == []
    assert "Streng intern" in mine.get("/desk/").text
    mail = f"/desk/nachrichten/{whole.parts['mail_id']}"
    assert (strange.get(mail).status_code, mine.get(mail).status_code) == (404, 200)
    for path in (
        f"/desk/veranstaltungen/neu?template={whole.talk.id}",
        f"/desk/nachrichten?talk={whole.talk.id}",
    ):
        assert strange.get(path).status_code == 404


def test_owner_decides_who_sees_it(app: Flask, organiser: Account, colleague: Account) -> None:
    series = own(organiser)
    address = f"/desk/reihen/{series.id}/freigeben"
    mine, theirs = signed_in(app, organiser), signed_in(app, colleague)
    assert theirs.post(address, data={"owner": str(colleague.id)}).status_code == 404
    data = {"owner": str(organiser.id), "accounts": [str(colleague.id)]}
    assert mine.post(address, data=data).status_code == 303
    assert sees(app, colleague, series)
    assert theirs.get(address).status_code == 403
    mine.post(address, data={"owner": str(organiser.id)})
    assert not sees(app, colleague, series)
    mine.post(address, data={"owner": ""})
    assert sees(app, colleague, series)


def test_new_series_belongs_to_whoever_adds_it(desk: FlaskClient, organiser: Account) -> None:
    desk.post("/desk/reihen/neu", data={"name": "Mittagspause"})
    made = db.session.query(Series).one()
    assert made.owner_id == organiser.id
    assert shares.may_share(made, by=organiser)
