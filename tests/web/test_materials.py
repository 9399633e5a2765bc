"""The materials of a talk at the desk: adding, refusing, releasing, withdrawing, deleting."""

from __future__ import annotations

import io
import re
import resource
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests import factories
from tests.queries import counted
from webinar import settings_of
from webinar.adapters.storage import FolderStorage
from webinar.demo import decks
from webinar.domain import materials
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import Grant, Mail, Mailing, Material, Talk, TalkState
from webinar.web.sentences import SENTENCES, sentence
from webinar.web.sentences.files import FILES

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture
def talk(app: Flask) -> Talk:
    return factories.talk()


def path_of(talk: Talk, rest: str = "") -> str:
    return f"/desk/veranstaltungen/{talk.id}/unterlagen/{rest}"


def upload(
    desk: FlaskClient,
    talk: Talk,
    content: bytes | Path = decks.LEAFLET,
    *,
    kind: str = "handout",
    name: str = "merkblatt.pdf",
    title: str = "",
) -> TestResponse:
    data = content.read_bytes() if isinstance(content, Path) else content
    fields = {"kind": kind, "title": title, "file": (io.BytesIO(data), name)}
    return desk.post(path_of(talk, "neu"), data=fields)


def only() -> Material:
    return db.session.scalars(select(Material)).one()


def stored(app: Flask) -> set[str]:
    return set(FolderStorage(settings_of(app).storage_folder, reserve=0).keys())


def work(app: Flask) -> None:
    while queue.work(settings_of(app), HANDLERS):
        pass


def test_empty_talk_says_what_to_do(desk: FlaskClient, talk: Talk) -> None:
    page = desk.get(path_of(talk))
    assert "Noch keine Unterlagen." in page.text
    assert "Datei hinzufügen" in page.text


def test_limit_and_kinds_are_said_before_the_first_byte(desk: FlaskClient, talk: Talk) -> None:
    page = desk.get(path_of(talk, "neu")).text
    assert "Höchstens 524\u00a0MB." in page
    assert "Aufzeichnung: MP4 oder WebM" in page
    assert 'accept=".pdf,.pptx' in page


def test_uploaded_file_is_kept_whole_and_dated(app: Flask, desk: FlaskClient, talk: Talk) -> None:
    answer = upload(desk, talk, name="Merkblatt_Bauantrag.pdf")
    assert (answer.status_code, answer.location) == (303, path_of(talk))
    row = only()
    assert (row.title, row.file_name) == ("Merkblatt Bauantrag", "Merkblatt_Bauantrag.pdf")
    assert row.media_type == "application/pdf"
    assert row.delete_on == materials.default_deletion(talk, days=365)
    assert stored(app) == {row.storage_key}
    sent = desk.get(path_of(talk, f"{row.id}/datei"))
    assert sent.data == decks.LEAFLET.read_bytes()
    page = desk.get(path_of(talk)).text
    assert "wird verarbeitet" in page
    assert "nicht freigegeben" in page


def test_desk_shows_what_was_read(app: Flask, desk: FlaskClient, talk: Talk) -> None:
    upload(desk, talk, decks.SLIDES, kind="slides", title="Folien")
    work(app)
    assert "PDF, 8 Seiten, " in desk.get(path_of(talk)).text
    page = desk.get(path_of(talk, str(only().id))).text
    assert "vollständig" in page
    assert 'id="seite-4"' in page
    picture = desk.get(path_of(talk, f"{only().id}/seite/1"))
    assert picture.content_type == "image/webp"


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("content", "kind", "sentence_part"),
    [
        (decks.RECORDING, "slides", "Das sind keine Folien."),
        (decks.SLIDES, "recording", "Das ist keine Aufzeichnung."),
        (b"MZ\x90\x00 a program", "slides", "Dateien dieser Art werden hier nicht angenommen."),
        (b"", "handout", "Die Datei ist leer."),
        (b"%PDF-1.7 cut short", "slides", "Die Datei ist beschädigt oder unvollständig."),
    ],
)
def test_wrong_file_is_refused_at_the_field_with_everything_typed_kept(
    app: Flask, desk: FlaskClient, talk: Talk, *, content: bytes, kind: str, sentence_part: str
) -> None:
    answer = upload(desk, talk, content, kind=kind, title="Mein Titel")
    assert answer.status_code == 422
    error = re.search(r'<p class="kern-error" id="file-e">.*?</p>', answer.text)
    assert error is not None
    assert sentence_part in error.group()
    assert 'value="Mein Titel"' in answer.text
    assert re.search(f'value="{kind}" checked', answer.text)
    assert db.session.scalar(select(func.count(Material.id))) == 0
    assert stored(app) == set()


def test_missing_kind_and_file_are_named(desk: FlaskClient, talk: Talk) -> None:
    answer = desk.post(path_of(talk, "neu"), data={"title": "Titel"})
    assert answer.status_code == 422
    assert "Bitte wählen Sie eine Datei." in answer.text
    assert "Bitte wählen Sie eine Art." in answer.text


def test_same_file_twice_leaves_one_and_no_bytes_behind(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    upload(desk, talk, title="Erstes")
    answer = upload(desk, talk, title="Zweites")
    assert answer.status_code == 422
    assert "dieselbe Datei schon: Erstes" in answer.text
    assert stored(app) == {only().storage_key}


@pytest.mark.hostile
@pytest.mark.parametrize(
    "name",
    ["../../../etc/cron.d/x.pdf", "..\\..\\boot.pdf", "/abs/olute.pdf"],
)
def test_names_from_users_never_become_paths(
    app: Flask, desk: FlaskClient, talk: Talk, *, name: str, tmp_path: Path
) -> None:
    assert upload(desk, talk, name=name).status_code == 303
    row = only()
    assert not set("/\\\n\x00") & set(row.file_name)
    folder = settings_of(app).storage_folder
    files = {path for path in tmp_path.rglob("*") if path.is_file() and path.suffix == ""}
    assert {path.name for path in files if folder in path.parents} == {row.storage_key}
    assert list(tmp_path.rglob("*.pdf")) == []


def test_too_large_request_gets_a_page(
    environ: dict[str, str], request: pytest.FixtureRequest
) -> None:
    environ["WEBINAR_UPLOAD_LIMIT_MB"] = "1"
    desk, talk = request.getfixturevalue("desk"), request.getfixturevalue("talk")
    answer = upload(desk, talk, bytes(1024 * 1024 + 1))
    assert answer.status_code == 413
    assert "<h1" in answer.text
    assert db.session.scalar(select(func.count(Material.id))) == 0


def test_link_is_checked_and_added(desk: FlaskClient, talk: Talk) -> None:
    wrong = desk.post(path_of(talk, "link"), data={"url": "javascript:alert(1)", "title": "X"})
    assert wrong.status_code == 422
    assert "Die Adresse muss mit https:// oder http:// beginnen." in wrong.text
    assert 'value="javascript:alert(1)"' in wrong.text
    good = {"url": "https://lra.example/leitfaden", "title": "Leitfaden"}
    assert desk.post(path_of(talk, "link"), data=good).status_code == 303
    assert (only().url, only().title) == (good["url"], "Leitfaden")
    assert desk.get(path_of(talk, f"{only().id}/datei")).status_code == 404


def test_edit_changes_title_and_date(desk: FlaskClient, talk: Talk) -> None:
    upload(desk, talk)
    path = path_of(talk, f"{only().id}/bearbeiten")
    assert 'type="date"' in desk.get(path).text
    past = desk.post(path, data={"title": "Neu", "delete_on": "2020-01-01"})
    assert (past.status_code, "in der Zukunft" in past.text) == (422, True)
    day = materials.today() + timedelta(days=90)
    assert desk.post(path, data={"title": "Neu", "delete_on": day.isoformat()}).status_code == 303
    db.session.expire_all()
    assert (only().title, only().delete_on) == ("Neu", day)


def test_release_walks_from_choice_over_review_to_the_mailing(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    person = factories.contact(last_name="Seubert")
    factories.invitation(talk, person)
    upload(desk, talk, title="Merkblatt")
    chosen = {"materials": only().id, "who": "both", "tell": "y"}
    assert "Merkblatt" in desk.get(path_of(talk, "freigeben")).text
    review = desk.get(path_of(talk, "freigeben/pruefen"), query_string=chosen)
    assert review.status_code == 200
    assert "1 Person" in review.text
    assert "Seubert, Hannah" in review.text
    assert "Freigeben und 1 Nachricht senden" in review.text
    assert only().released_at is None
    subject = re.search(r'name="subject"[^>]*value="([^"]+)"', review.text)
    assert subject is not None
    words = {"subject": subject.group(1), "text": "Die Unterlagen sind da."}
    done = desk.post(path_of(talk, "freigeben/pruefen"), data={**chosen, **words})
    assert done.status_code == 303
    page = desk.get(path_of(talk)).text
    assert "Freigegeben. 1 Nachricht ist auf dem Weg." in page
    assert "Eingeladene, Angemeldete" in page
    work(app)
    mail = db.session.scalars(select(Mail)).one()
    assert (mail.template, mail.contact_id) == ("materials", person.id)
    again = desk.post(path_of(talk, "freigeben/pruefen"), data={**chosen, **words})
    assert again.status_code == 422
    assert db.session.scalar(select(func.count(Mailing.id))) == 1


def test_release_without_telling_and_for_an_audience(desk: FlaskClient, talk: Talk) -> None:
    group = factories.audience("Kreistag", [factories.contact()])
    upload(desk, talk)
    chosen = {"materials": only().id, "who": "audiences", "audiences": group.id}
    review = desk.get(path_of(talk, "freigeben/pruefen"), query_string=chosen)
    assert "Kreistag" in review.text
    assert "niemand" in review.text
    assert desk.post(path_of(talk, "freigeben/pruefen"), data=chosen).status_code == 303
    page = desk.get(path_of(talk)).text
    assert "Kreistag" in page
    assert "Es geht keine Nachricht hinaus." in page
    assert db.session.scalar(select(func.count(Mailing.id))) == 0


def test_review_without_a_choice_asks_again(desk: FlaskClient, talk: Talk) -> None:
    upload(desk, talk)
    path = path_of(talk, "freigeben/pruefen")
    for asked, text in (
        ({"who": "both"}, "Bitte wählen Sie, was Sie freigeben."),
        ({"who": "audiences", "materials": only().id}, "Bitte wählen Sie, für wen."),
        ({"who": "nonsense", "materials": only().id}, "Für wen"),
        ({"who": "both", "materials": 999}, "Was"),
    ):
        answer = desk.get(path, query_string=asked)
        assert (asked, answer.status_code) == (asked, 422)
        assert text in answer.text or text == "Was"


def test_words_that_do_not_fit_are_refused_with_the_choice_kept(
    desk: FlaskClient, talk: Talk
) -> None:
    factories.invitation(talk, factories.contact())
    upload(desk, talk)
    sent = {"materials": only().id, "who": "both", "tell": "y", "subject": "{unsinn}", "text": "x"}
    answer = desk.post(path_of(talk, "freigeben/pruefen"), data=sent)
    assert answer.status_code == 422
    assert 'value="{unsinn}"' in answer.text
    assert 'name="tell" value="y"' in answer.text
    db.session.expire_all()
    assert only().released_at is None


def test_draft_talk_offers_no_release(desk: FlaskClient, app: Flask) -> None:
    talk = factories.talk(state=TalkState.DRAFT)
    upload(desk, talk)
    assert "sobald die Veranstaltung veröffentlicht ist" in desk.get(path_of(talk)).text
    assert "noch ein Entwurf" in desk.get(path_of(talk, "freigeben")).text
    chosen = {"materials": only().id, "who": "both"}
    answer = desk.post(path_of(talk, "freigeben/pruefen"), data=chosen)
    assert answer.status_code == 422


def test_withdrawing_and_deleting_take_effect_at_once(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    upload(desk, talk)
    row = only()
    desk.post(path_of(talk, "freigeben/pruefen"), data={"materials": row.id, "who": "both"})
    assert desk.post(path_of(talk, f"{row.id}/zurueckziehen")).status_code == 303
    db.session.expire_all()
    assert only().released_at is None
    assert db.session.scalar(select(func.count(Grant.id))) == 0
    assert "löschen?" in desk.get(path_of(talk, f"{row.id}/loeschen")).text
    assert len(stored(app)) == 1
    assert desk.post(path_of(talk, f"{row.id}/loeschen")).status_code == 303
    assert db.session.scalar(select(func.count(Material.id))) == 0
    work(app)
    assert stored(app) == set()


def test_damaged_file_says_so_on_the_desk(desk: FlaskClient, talk: Talk) -> None:
    upload(desk, talk)
    row = only()
    row.processing, row.processing_note = "failed", "file_damaged"
    db.session.commit()
    page = desk.get(path_of(talk)).text
    assert "beschädigt" in page
    assert "Bitte speichern oder exportieren Sie sie noch einmal." in page


def test_material_of_another_talk_is_not_there(desk: FlaskClient, talk: Talk) -> None:
    upload(desk, talk)
    other = factories.talk()
    for rest in ("", "/datei", "/bearbeiten", "/loeschen"):
        assert desk.get(path_of(other, f"{only().id}{rest}")).status_code == 404
    assert desk.post(path_of(other, f"{only().id}/zurueckziehen")).status_code == 404


def test_list_needs_the_same_queries_for_one_and_for_three(desk: FlaskClient, talk: Talk) -> None:
    counts = []
    for number in (1, 2, 3):
        group = factories.audience()
        materials.add_link(talk, title=f"{number}", url="https://lra.example/", by=None)
        row = db.session.scalars(select(Material).order_by(Material.id.desc())).first()
        assert row is not None
        row.released_at = talk.starts_at
        row.grants = [Grant(grantee="audience", audience_id=group.id)]
        db.session.commit()
        db.session.expire_all()
        with counted() as statements:
            assert desk.get(path_of(talk)).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[2] == 10


def test_every_note_of_a_file_has_a_sentence(app: Flask) -> None:
    assert set(materials.WRONG_KIND.values()) <= set(SENTENCES)
    with app.test_request_context():
        assert all(sentence(RuleError(code)) for code in FILES)


@pytest.mark.soak
def test_large_recording_passes_through_no_memory(
    app: Flask, desk: FlaskClient, talk: Talk, tmp_path: Path
) -> None:
    """300 MB in, 300 MB out: the process grows by far less than the file."""
    film = tmp_path / "film.mp4"
    box = decks.RECORDING.read_bytes()
    size = 300 * 1024 * 1024
    with film.open("wb") as target:
        target.write(box)
        # A free box (ISO/IEC 14496-12, 8.1.2) that players skip makes the recording long.
        target.write(size.to_bytes(4, "big") + b"free")
        target.truncate(len(box) + size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with film.open("rb") as source:
        fields = {"kind": "recording", "title": "Film", "file": (source, "film.mp4")}
        assert desk.post(path_of(talk, "neu"), data=fields).status_code == 303
    work(app)
    total = 0
    sent = desk.get(path_of(talk, f"{only().id}/datei"), buffered=False)
    for piece in sent.response:
        total += len(piece)
    sent.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert total == len(box) + size
    assert only().processing == "done"
    assert grown < 100 * 1024, f"{grown} kB"
