"""The pages of an import: upload, columns, preview with questions, one confirmation."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests import factories
from tests.conftest import signed_in
from webinar.adapters.spreadsheet import write_xlsx
from webinar.domain import participation
from webinar.extensions import db
from webinar.models import Contact, ContactImport, Mode, Role

HEADERS = ["Anrede", "Titel", "Vorname", "Nachname", "Amt", "Organisation", "E-Mail", "Verteiler"]
ROWS = [
    ["Herr", "", "Volker", "Röth", "Bürgermeister", "Stadt A", "vr@a.example", "Kreistag"],
    ["Frau", "Dr.", "Zoë", "Weiß", "Kreisrätin", "Fraktion A", "k.weiss@lra.example", "Kreistag"],
]
SECOND = ["Herr", "", "Karl", "Weiß", "Kämmerer", "Landratsamt", "k.weiss@lra.example", ""]


def csv(rows: list[list[str]], *, delimiter: str = ";") -> str:
    return "\r\n".join(delimiter.join(row) for row in [HEADERS, *rows]) + "\r\n"


def upload(desk: FlaskClient, data: bytes | str, name: str = "kontakte.csv") -> str:
    """Upload the file; the address that the page leads to."""
    content = data.encode() if isinstance(data, str) else data
    answer = desk.post("/desk/kontakte/import", data={"file": (BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def confirm(desk: FlaskClient, address: str, **answers: str) -> object:
    fingerprint = desk.get(address).text.partition('name="fingerprint" value="')[2][:32]
    form = {"fingerprint": fingerprint, "action": "confirm"}
    form |= {name.replace("_", "-"): value for name, value in answers.items()}
    return desk.post(f"{address}/uebernehmen", data=form)


def count() -> int:
    return db.session.scalar(select(func.count(Contact.id))) or 0


@pytest.mark.parametrize(
    "data",
    [
        csv(ROWS).encode(),
        csv(ROWS).encode("utf-8-sig"),
        csv(ROWS).encode("cp1252"),
        csv(ROWS).encode("utf-16"),
        csv(ROWS, delimiter=",").encode(),
        csv(ROWS, delimiter="\t").encode(),
        write_xlsx(HEADERS, ROWS),
    ],
    ids=["utf-8", "bom", "cp1252", "utf-16", "comma", "tab", "xlsx"],
)
def test_file_of_any_kind_is_understood(desk: FlaskClient, data: bytes) -> None:
    address = upload(desk, data)
    page = desk.get(address).text
    assert "Röth, Volker" in page
    assert "Weiß, Dr. Zoë" in page
    assert "2 Zeilen übernehmen" in page

    confirm(desk, address)

    assert set(db.session.scalars(select(Contact.last_name))) == {"Röth", "Weiß"}
    assert "Die Adressliste wurde importiert." in desk.get(address).text


def test_preview_writes_nothing(desk: FlaskClient) -> None:
    desk.get(upload(desk, csv(ROWS)))

    assert count() == 0


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "leer.csv", "Bitte wählen Sie eine Datei."),
        (b"%PDF-1.7", "liste.pdf", ""),
        (b"\xd0\xcf\x11\xe0 old", "liste.xls", ""),
    ],
)
def test_file_that_is_no_table_is_refused_at_its_field(
    desk: FlaskClient, data: bytes, name: str, message: str
) -> None:
    file = {"file": (BytesIO(data), name)} if data else {}
    answer = desk.post("/desk/kontakte/import", data=file)

    assert answer.status_code == 422
    assert 'id="file-e"' in answer.text
    assert message in answer.text
    assert db.session.scalar(select(ContactImport)) is None


def test_unknown_headers_are_assigned_by_hand(desk: FlaskClient) -> None:
    address = upload(desk, "Wer;Wohin\nRoth;roth@a.example\n")
    moved = desk.get(address)
    assert moved.headers["Location"] == f"{address}/spalten"
    assert "roth@a.example" in desk.get(f"{address}/spalten").text
    none = dict.fromkeys(
        ("form", "title", "first_name", "office", "organisation"), "-1"
    ) | dict.fromkeys(("audiences", "salutation", "language"), "-1")

    refused = desk.post(f"{address}/spalten", data={**none, "last_name": "0", "email": "-1"})
    assert refused.status_code == 422
    assert 'id="email-e"' in refused.text

    desk.post(f"{address}/spalten", data={**none, "last_name": "0", "email": "1"})
    assert "1 Zeile übernehmen" in desk.get(address).text


def test_open_question_blocks_the_confirmation_and_keeps_the_rest(desk: FlaskClient) -> None:
    third = ["Herr", "", "Kurt", "Weiß", "Amtsleiter", "Landratsamt", "k.weiss@lra.example", ""]
    address = upload(desk, csv([*ROWS, SECOND, third]))

    answer = confirm(desk, address, row_4="second")

    assert answer.status_code == 422  # type: ignore[attr-defined]  # a test response
    page = answer.text  # type: ignore[attr-defined]
    assert 'id="row-5-e"' in page
    assert 'id="row-4-e"' not in page
    assert 'id="row-4-0" value="second" checked' in page
    assert count() == 0

    confirm(desk, address, row_5="skip")
    assert count() == 3


def test_answers_are_kept_for_later(desk: FlaskClient) -> None:
    address = upload(desk, csv([*ROWS, SECOND]))

    desk.post(f"{address}/uebernehmen", data={"row-4": "second", "action": "save"})

    assert 'value="second" checked' in desk.get(address).text
    assert count() == 0


def test_confirmation_of_an_outdated_preview_writes_nothing(desk: FlaskClient) -> None:
    address = upload(desk, csv(ROWS))
    desk.get(address)
    fingerprint = desk.get(address).text.partition('name="fingerprint" value="')[2][:32]
    factories.contact(last_name="Ott", email="vr@a.example")

    answer = desk.post(f"{address}/uebernehmen", data={"fingerprint": fingerprint})

    assert answer.status_code == 422
    assert "seit dieser Vorschau geändert" in answer.text
    assert count() == 1


def test_preview_names_defects_and_shows_one_kind_of_rows(desk: FlaskClient) -> None:
    broken = ["Divers", "", "Jörg", "Göbel", "=1+1", "Markt I", "kein-at.example", ""]
    address = upload(desk, csv([*ROWS, broken]))

    page = desk.get(f"{address}?kind=wrong").text

    assert "Röth, Volker" not in page
    assert "Göbel, Jörg" in page
    assert "Amt oder Funktion: Die Zelle beginnt wie eine Formel: =1+1" in page
    assert "E-Mail-Adresse: Es fehlt das @-Zeichen" in page
    assert "weder Herr noch Frau" not in page


def test_preview_shows_values_of_people_as_text(desk: FlaskClient) -> None:
    hostile = ["Herr", "", "<b>Volker</b>", "<script>", "", "", "vr@a.example", "<i>"]

    page = desk.get(upload(desk, csv([hostile]))).text

    assert "<script>" not in page
    assert "&lt;b&gt;Volker&lt;/b&gt;" in page


def test_preview_stands_in_pages(desk: FlaskClient) -> None:
    rows = [["", "", "", f"Roth{n}", "", "", f"roth{n}@a.example", ""] for n in range(101)]
    address = upload(desk, csv(rows))

    assert "Roth100" not in desk.get(address).text
    assert "Roth100" in desk.get(f"{address}?page=2").text


def test_upload_can_be_discarded(desk: FlaskClient) -> None:
    address = upload(desk, csv(ROWS))

    desk.post(f"{address}/verwerfen")

    assert desk.get(address).status_code == 404


def test_applied_import_is_not_applied_again(desk: FlaskClient) -> None:
    address = upload(desk, csv(ROWS))
    confirm(desk, address)

    desk.post(f"{address}/uebernehmen", data={"fingerprint": "x"})

    assert count() == 2


def test_viewer_may_look_and_not_import(app: Flask, desk: FlaskClient) -> None:
    address = upload(desk, csv(ROWS))
    viewer = signed_in(app, factories.account(role=Role.VIEWER))

    assert "2 Zeilen übernehmen" not in viewer.get(address).text
    assert viewer.post(f"{address}/uebernehmen").status_code == 403


def test_import_frees_the_places_of_those_who_were_succeeded(desk: FlaskClient) -> None:
    old = factories.contact(first_name="Hans", last_name="Alt", email="k.weiss@lra.example")
    talk = factories.talk()
    place = participation.accept(factories.invitation(talk, old), mode=Mode.ONLINE)
    db.session.commit()
    address = upload(desk, csv([ROWS[1]]))

    confirm(desk, address, row_2=f"successor:{old.id}")

    assert "Ein Platz bei einer kommenden Veranstaltung wurde frei." in desk.get(address).text
    db.session.refresh(old)
    db.session.refresh(place)
    assert old.retired_at is not None
    assert place.state == "cancelled"
