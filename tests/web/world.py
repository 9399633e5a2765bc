"""One of everything, and the address of every route with records that exist: for tests that ask all
routes. The talk begins in ten minutes, so that nothing is closed yet and the room is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from itertools import product

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import AnyConverter, Rule

from tests import factories
from tests.personal import address, speaker_address
from tests.web.access_matrix import MATRIX
from webinar import settings_of
from webinar.adapters.storage import FolderStorage
from webinar.clock import now
from webinar.domain import (
    account_links,
    admissions,
    contact_imports,
    drafts,
    health,
    inbox,
    legal_texts,
    links,
    mailings,
    materials,
    participation,
    releases,
    rooms,
    search_index,
    speakers,
)
from webinar.domain.account_links import Why
from webinar.domain.releases import Access
from webinar.domain.rooms import Terms
from webinar.extensions import db
from webinar.models import (
    Account,
    AccountSession,
    Aside,
    Contact,
    CutState,
    Format,
    Grantee,
    Identity,
    InboxKind,
    LegalPage,
    LegalText,
    Mail,
    Mailing,
    MailingKind,
    Material,
    MaterialKind,
    MaterialPage,
    Mode,
    Passkey,
    PlannedRelease,
    Purpose,
    Recording,
    RecordingCut,
    RecordingSource,
    RecordingState,
    RecoveryCode,
    Reminded,
    Reminder,
    SearchEntry,
    SeriesShare,
    SignInMethod,
    Speaker,
    Suggestion,
    Talk,
    TalkState,
    Throttle,
    Upload,
)

TABLE = "Vorname;Nachname;E-Mail;Amt\nSofie;Kern;kern@gemeinde.example;Erste Bürgermeisterin\n"
TERMS = Terms(opens=15, opens_staff=30, overrun=30, extension=60)
FILM = bytes(range(256)) * 8


OF_SPEAKER = frozenset(
    {"guest_speaker.objection", "guest_speaker.take_out", "guest_speaker.give_back"}
)
"""Endpoints whose file is one that a speaker can take back; all others get a recording."""


@dataclass
class World:
    """The records that addresses name, by the name of the part of the address."""

    app: Flask
    talk: Talk
    contact: Contact
    speaker: Speaker
    handout: str
    parts: dict[str, object]
    tokens: dict[str, str]
    queries: dict[str, str]
    """What pages that choose by the query need in their address."""

    def paths(self, rule: Rule) -> Iterator[str]:
        """The addresses of the route: one, or one for each of the words that it takes."""
        values = {name: self.parts.get(name, "app.css") for name in rule.arguments}
        if rule.endpoint in OF_SPEAKER:
            values["public_id"] = self.handout
        if "token" in rule.arguments:
            values["token"] = self.tokens[MATRIX[rule.endpoint]]
        words = {n: c.items for n, c in rule._converters.items() if isinstance(c, AnyConverter)}
        for chosen in product(*(sorted(items) for items in words.values())):
            built = rule.build({**values, **dict(zip(words, chosen, strict=True))})
            assert built is not None
            yield str(built[1]) + self.queries.get(rule.endpoint, "")

    def all_paths(self, method: str) -> list[tuple[Rule, str]]:
        """Every route that takes the method, with its addresses, in a fixed order."""
        found = [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]
        found.sort(key=lambda rule: (rule.endpoint, rule.rule))
        return [(rule, path) for rule in found for path in self.paths(rule)]


def build(app: Flask, by: Account) -> World:
    """Write all of it and commit."""
    talk = factories.talk(
        starts_at=now() + timedelta(minutes=10),
        format=Format.HYBRID,
        places_online=40,
        places_hall=20,
        venue="Großer Sitzungssaal",
        agenda=[["18:05", "Vortrag"]],
    )
    speaker = _speaker(app, talk, by)
    contact = factories.contact(organisation=factories.organisation("Gemeinde Musterort"))
    other = factories.contact()
    audience = factories.audience("Bürgermeisterinnen und Bürgermeister", [contact, other])
    for person in (contact, other):
        participation.accept(factories.invitation(talk, person), mode=Mode.ONLINE)
    factories.invitation(talk, factories.contact())
    step = Reminder(talk_id=talk.id, reminded=Reminded.COMING, minutes=60)
    db.session.add(step)
    film, slides = _materials(app, talk, by)
    handout = Material(talk=talk, kind=MaterialKind.HANDOUT, title="Handzettel", speaker=speaker)
    handout.url, handout.released_at = "https://lra.example/handzettel", now()
    db.session.add(handout)
    draft = _mailings(talk, audience.id, by)
    came_in = inbox.note("a" * 64, kind=InboxKind.ANSWER, sender=contact.email, text="Ich komme.")
    assert came_in is not None
    inbox.take_answer(came_in, public_ids=[], suggestion=Suggestion.ACCEPT, counter=False)
    upload = contact_imports.start(
        "kontakte.csv",
        content=TABLE.encode(),
        headers=["Vorname", "Nachname", "E-Mail", "Amt"],
        by=by,
    )
    speakers.send_link(talk, speaker, number=1, by=by)
    guest = admissions.admit(talk, contact=factories.contact(), terms=TERMS, by=by)
    health.beat("test:1")
    factories.talk(state=TalkState.DRAFT, published_at=None)
    factories.talk(state=TalkState.CANCELLED, cancelled_at=now())
    factories.talk(starts_at=now() - timedelta(days=9))
    room = rooms.room_of(talk, name="abend-k3yq7v2mzx5d")
    db.session.commit()
    staff = _staff(by)
    parts = {
        "talk_id": talk.id,
        "slug": talk.slug,
        "contact_id": contact.id,
        "speaker_id": speaker.id,
        "series_id": talk.series_id,
        "series_slug": talk.series.slug,
        "audience_id": audience.id,
        "material_id": film.id,
        "public_id": film.public_id,
        "number": 1,
        "mailing_id": draft.id,
        "reminder_id": step.id,
        "recording_id": _aside(app).id,
        "room_id": room.id,
        "mail_id": db.session.scalars(select(Mail.id).order_by(Mail.id)).first(),
        "name": upload.public_id,
        "message_id": came_in.id,
        "admission_id": guest.id,
        **staff,
        "other_id": other.id,
        "slides_id": slides.id,
        "text_id": _imprint(by).id,
        "plan_id": _plan(talk, slides).id,
        "upload_id": _under_way(talk, by).id,
        "entry_id": db.session.scalars(
            select(SearchEntry.id).where(SearchEntry.material_id == film.id)
        ).first(),
    }
    queries = {
        "releases.review": f"?materials={slides.id}&who=both&tell=y",
        "contacts.merge": f"?mit={other.id}",
    }
    tokens = _tokens(talk, contact, speaker)
    invited = db.session.get_one(Account, staff["account_id"])
    keys = settings_of(app).link_keys
    tokens["entrance"] = account_links.token(invited, why=Why.INVITATION, keys=keys)
    return World(app, talk, contact, speaker, handout.public_id, parts, tokens, queries)


def _staff(by: Account) -> dict[str, int]:
    """An invited colleague, and what the account itself has."""
    invited = factories.account(password=None)
    rows = {
        "session_id": AccountSession(account=by, key_hash="e" * 64, method=SignInMethod.PASSKEY),
        "passkey_id": Passkey(account=by, credential_id="Zg", public_key=b"f", name="Laptop"),
        "identity_id": Identity(account=by, issuer="https://id.lra.example", subject="4711"),
    }
    db.session.add_all(
        [
            *rows.values(),
            RecoveryCode(account_id=by.id, code_hash="a" * 64),
            Throttle(key="b" * 64),
            SeriesShare(series=factories.series(owner_id=by.id), account=invited),
        ]
    )
    db.session.commit()
    return {"account_id": invited.id, **{name: row.id for name, row in rows.items()}}


def _plan(talk: Talk, slides: Material) -> PlannedRelease:
    plan = PlannedRelease(
        talk=talk,
        due_at=now() + timedelta(days=1),
        material_ids=[slides.id],
        groups=[Grantee.INVITED],
    )
    factories.save(plan)
    return plan


def _under_way(talk: Talk, by: Account) -> Upload:
    upload = Upload(
        talk=talk,
        account=by,
        kind=MaterialKind.HANDOUT,
        file_name="Handout.pdf",
        size=9,
        expires_at=now() + timedelta(days=7),
    )
    factories.save(upload)
    return upload


def _imprint(by: Account) -> LegalText:
    return legal_texts.write(LegalPage.IMPRINT, "# Impressum", language="de", filled=(), by=by)


def _speaker(app: Flask, talk: Talk, by: Account) -> Speaker:
    key = storage(app).put(BytesIO(FILM), limit=len(FILM)).key
    row = factories.speaker(photo_key=key, photo_alt="Porträt", photo_credit="Foto: privat")
    speakers.add_to_talk(talk, row, by=by)
    db.session.commit()
    return row


def _materials(app: Flask, talk: Talk, by: Account) -> list[Material]:
    """A film that everybody may see, with a page, and slides that nobody sees yet."""
    rows = [
        materials.add(
            talk,
            kind=kind,
            title=kind.value,
            stored=storage(app).put(BytesIO(FILM + kind.encode()), limit=10_000),
            media_type=media,
            file_name=name,
            by=by,
        )
        for kind, media, name in (
            (MaterialKind.RECORDING, "video/mp4", "abend.mp4"),
            (MaterialKind.SLIDES, "application/pdf", "folien.pdf"),
        )
    ]
    picture = storage(app).put(BytesIO(FILM), limit=10_000).key
    for row in rows:
        db.session.add(MaterialPage(material=row, number=1, text="Folie", thumbnail_key=picture))
    rows[0].poster_key = picture
    cut = storage(app).put(BytesIO(FILM + b"cut"), limit=10_000)
    db.session.add(
        RecordingCut(
            material=rows[0],
            source_key=rows[0].storage_key,
            start_ms=0,
            end_ms=900,
            duration_ms=900,
            state=CutState.READY,
            storage_key=cut.key,
            size=cut.size,
            sha256=cut.sha256,
        )
    )
    access = Access(groups=frozenset({Grantee.INVITED, Grantee.REGISTERED, Grantee.EVERYONE}))
    releases.release(talk, material_ids=[rows[0].id], access=access, by=by)
    search_index.index_material(rows[0])
    db.session.commit()
    return rows


def _aside(app: Flask) -> Recording:
    """A recording of a room that nobody knows."""
    stored = storage(app).put(BytesIO(FILM), limit=len(FILM))
    row = Recording(
        key="d" * 64,
        source=RecordingSource.JIBRI,
        state=RecordingState.ASIDE,
        reason=Aside.ROOM_UNKNOWN,
        room_name="probe",
        size=stored.size,
        received=stored.size,
        sha256=stored.sha256,
        media_type="video/mp4",
        storage_key=stored.key,
    )
    factories.save(row)
    return row


def _mailings(talk: Talk, audience_id: int, by: Account) -> Mailing:
    """One that is being sent, and a draft."""
    for _number in range(2):
        mailing = drafts.begin(
            talk,
            kind=MailingKind.INVITATION,
            by=by,
            subject="Einladung: {titel}",
            text="wir laden Sie ein.\n\n{beschreibung}",
        )
        mailings.choose(mailing, audiences=[audience_id], contacts=[factories.contact().id])
        db.session.commit()
        if not _number:
            mailings.send(mailing, by=by)
            mailings.expand(mailing)
            db.session.commit()
    return mailing


def _tokens(talk: Talk, contact: Contact, speaker: Speaker) -> dict[str, str]:
    of_one = (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.FEED)
    found = {
        purpose.value: address(contact, purpose, None if purpose in of_one else talk)
        for purpose in links.PATHS
        if purpose is not Purpose.SPEAKER
    }
    found[Purpose.SPEAKER.value] = speaker_address(speaker, talk)
    return {purpose: path.rpartition("/")[2] for purpose, path in found.items()}


def storage(app: Flask) -> FolderStorage:
    """The files of the application, also on a disk that is nearly full."""
    return FolderStorage(settings_of(app).storage_folder, reserve=0)
