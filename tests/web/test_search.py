"""The search pages: hits lead to their place, and nobody learns of what is not theirs."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories, search_archive
from tests.personal import address
from tests.queries import counted
from tests.search_corpus import CORPUS, Sample
from webinar.clock import now
from webinar.domain import materials, releases, search_index, speakers, topics
from webinar.domain.speakers import SpeakerValues
from webinar.extensions import db, limiter
from webinar.models import (
    Account,
    Contact,
    Grant,
    Grantee,
    Material,
    MaterialKind,
    MaterialPage,
    Mode,
    Purpose,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

SECRET = "Vertraulichkeitsvermerk"


def asked(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def hits(page: str) -> int:
    """The number that the page tells."""
    found = re.search(r"(\d+) Treffer", page)
    return int(found.group(1)) if found else 0


def plain(page: str) -> str:
    return page.replace("<mark>", "").replace("</mark>", "")


def secret_page(talk: Talk, open_to: Grantee | None, **values: object) -> Material:
    """Slides of one page that holds the word that is looked for."""
    deck = search_archive.add(talk, MaterialKind.SLIDES, open_to=open_to, **values)
    deck.pages = [MaterialPage(number=4, text=f"Anlage\n{SECRET} zur Sitzung")]
    search_index.index_material(deck)
    db.session.commit()
    return deck


@pytest.fixture
def talk(app: Flask) -> Talk:
    made = factories.talk(starts_at=now() - timedelta(days=9), title="Ein Abend")
    search_index.index_talk(made)
    db.session.commit()
    return made


def test_hit_leads_to_the_page_and_to_the_second(client: FlaskClient) -> None:
    talk = search_archive.hold(CORPUS[0])
    db.session.commit()
    page = asked(client, "/suche?q=Bauantrag+Schritte")
    assert re.search(
        rf'href="/veranstaltungen/{talk.slug}/unterlagen\?folien=[\w-]+#seite-2"', page
    )
    assert "Das <mark>Bauantragsverfahren</mark> in sieben <mark>Schritten</mark>" in page
    page = asked(client, "/suche?q=Denkmalschutz")
    assert re.search(
        rf'href="/veranstaltungen/{talk.slug}/unterlagen\?film=[\w-]+&amp;t=610#t=610"', page
    )
    assert "10:10" in page
    assert "die <mark>Denkmalschützer</mark> haben" in page


def add_second(talk: Talk) -> tuple[Material, Material]:
    """Slides and a recording besides those of the corpus, which stay the first."""
    deck = secret_page(talk, Grantee.EVERYONE)
    film = search_archive.add(talk, MaterialKind.RECORDING)
    lines = search_archive.add(talk, MaterialKind.SUBTITLES, recording_id=film.id, language="de")
    db.session.add(search_archive.cue(lines, 1, 77, "Zum Schluss die Klausurtagung."))
    search_index.index_material(lines)
    db.session.commit()
    return deck, film


def led(page: str) -> str:
    """Where the first hit leads."""
    found = re.search(r'href="(/veranstaltungen/[^"]+[#?][^"]+)"', page)
    assert found is not None
    return unescape(found.group(1))


def test_hit_opens_the_right_one_of_two_sets_and_of_two_films(client: FlaskClient) -> None:
    talk = search_archive.hold(CORPUS[0])
    deck, film = add_second(talk)
    to_page = led(asked(client, f"/suche?q={SECRET}"))
    assert to_page.endswith(f"?folien={deck.public_id}#seite-4")
    shown = asked(client, to_page)
    # Both have a page with this anchor where the first has four; the browser goes to the first.
    assert shown.index(SECRET) < shown.index("sieben Schritten")
    assert SECRET in shown[shown.index('id="seite-4"') :][:2000]
    to_second = led(asked(client, "/suche?q=Klausurtagung"))
    assert to_second.endswith(f"?film={film.public_id}&t=77#t=77")
    source = re.search(r'<video[^>]* src="([^"]+)"', asked(client, to_second))
    assert source is not None
    assert source.group(1).endswith(f"/{film.public_id}#t=77")


def test_what_was_typed_and_found_is_shown_as_text(client: FlaskClient) -> None:
    script = "<script>alert(1)</script>"
    talk = factories.talk(title=f"Gefahr {script}", abstract=f"Wort & {script}")
    search_index.index_talk(talk)
    db.session.commit()
    page = asked(client, f"/suche?q={script}")
    assert "<script>" not in page
    assert "&lt;<mark>script</mark>&gt;" in page
    for nonsense in (
        "%25",
        '"',
        "'",
        "* OR NEAR(",
        "a" * 5000,
        "{words} : x",
        "der die das",
    ):
        asked(client, f"/suche?q={nonsense}&page=99999999999&year=0&topic=x&organisation=%25")


def in_another_talk(contact: Contact) -> None:
    """Invited to an evening that has slides of its own, and with a place there."""
    talk = factories.talk(starts_at=now() - timedelta(days=30))
    for group in (Grantee.INVITED, Grantee.REGISTERED):
        search_archive.add(talk, MaterialKind.SLIDES, open_to=group)
    factories.invitation(talk, contact)
    factories.save(
        Registration(
            talk_id=talk.id,
            contact_id=contact.id,
            state=RegistrationState.CONFIRMED,
            mode=Mode.ONLINE,
        )
    )


SEEN = {
    Grantee.EVERYONE: (1, 1, 1),
    Grantee.INVITED: (0, 1, 0),
    Grantee.REGISTERED: (0, 0, 0),
    None: (0, 0, 0),
}
"""By whom a material was released to: how much the public, the invited and a stranger find."""


@pytest.mark.parametrize("open_to", SEEN)
def test_only_who_may_open_it_finds_it(
    client: FlaskClient, desk: FlaskClient, talk: Talk, open_to: Grantee | None
) -> None:
    everyone, invited, stranger = SEEN[open_to]
    secret_page(talk, open_to)
    guest, other = factories.contact(), factories.contact()
    factories.invitation(talk, guest)
    in_another_talk(other)
    question = f"/suche?q={SECRET}"
    assert hits(asked(client, question)) == everyone
    for who, seen in ((guest, invited), (other, stranger)):
        page = asked(client, address(who, Purpose.PREFERENCES) + question)
        assert hits(page) == seen
        assert (f"{SECRET} zur" in plain(page)) is bool(seen)
    archive = asked(client, address(guest, Purpose.ARCHIVE, talk) + question)
    assert hits(archive) == invited
    assert hits(asked(desk, f"/desk{question}")) == 1


def test_archive_link_finds_nothing_of_other_evenings(client: FlaskClient, talk: Talk) -> None:
    """Who is passed the link of one evening is not passed all of them."""
    guest = factories.contact()
    other = factories.talk(starts_at=now() - timedelta(days=20))
    for one in (talk, other):
        factories.invitation(one, guest)
    secret_page(other, Grantee.INVITED)
    link = address(guest, Purpose.ARCHIVE, talk)
    assert hits(asked(client, f"{link}/suche?q={SECRET}")) == 0
    assert hits(asked(client, f"{address(guest, Purpose.PREFERENCES)}/suche?q={SECRET}")) == 1


def test_what_is_withdrawn_or_deleted_is_gone_at_once(
    client: FlaskClient, talk: Talk, organiser: Account
) -> None:
    deck = secret_page(talk, Grantee.EVERYONE)
    assert hits(asked(client, f"/suche?q={SECRET}")) == 1
    deck.delete_on = materials.today()
    db.session.commit()
    assert hits(asked(client, f"/suche?q={SECRET}")) == 0
    deck.delete_on = None
    releases.withdraw(deck, by=organiser)
    db.session.commit()
    assert hits(asked(client, f"/suche?q={SECRET}")) == 0
    materials.delete(deck, by=organiser)
    db.session.commit()
    db.session.expire_all()
    assert hits(asked(client, f"/suche?q={SECRET}")) == 0


def test_subtitles_are_found_only_with_their_recording(client: FlaskClient, talk: Talk) -> None:
    film = search_archive.add(talk, MaterialKind.RECORDING, open_to=None)
    lines = search_archive.add(talk, MaterialKind.SUBTITLES, recording_id=film.id)
    db.session.add(search_archive.cue(lines, 1, 7, f"Zum {SECRET}."))
    search_index.index_material(lines)
    db.session.commit()
    assert hits(asked(client, f"/suche?q={SECRET}")) == 0
    factories.save(Grant(material_id=film.id, grantee=Grantee.EVERYONE))
    assert hits(asked(client, f"/suche?q={SECRET}")) == 1


def test_draft_is_found_at_the_desk_alone(client: FlaskClient, desk: FlaskClient) -> None:
    draft = factories.talk(state=TalkState.DRAFT, title=SECRET)
    search_index.index_talk(draft)
    secret_page(draft, Grantee.EVERYONE)
    assert hits(asked(client, f"/suche?q={SECRET}")) == 0
    assert hits(asked(desk, f"/desk/suche?q={SECRET}")) == 2


def test_hit_on_the_personal_page_opens_the_persons_own_archive(
    client: FlaskClient, talk: Talk
) -> None:
    guest, stranger = factories.contact(), factories.contact()
    factories.invitation(talk, guest)
    secret_page(talk, Grantee.INVITED)
    mine = address(guest, Purpose.PREFERENCES)
    page = asked(client, f"{mine}/suche?q={SECRET}")
    action = re.search(r'action="([^"]+/suche/\d+)"', page)
    assert action is not None
    answer = client.post(action.group(1), data={"anchor": "seite-4"})
    assert answer.status_code == 303
    assert re.fullmatch(r"/a/[^/#?]+\?folien=[\w-]+#seite-4", answer.location)
    answer = client.post(action.group(1), data={"anchor": "//fremd.example"})
    assert re.fullmatch(r"/a/[^/#?]+", answer.location)
    theirs = address(stranger, Purpose.PREFERENCES)
    refused = client.post(theirs + action.group(1).removeprefix(mine), data={"anchor": "seite-4"})
    assert refused.status_code == 404


def test_filters_narrow_what_is_found(client: FlaskClient) -> None:
    talks = search_archive.fill()
    page = asked(client, "/suche?q=Kosten")
    assert hits(page) > 1
    bauen = talks["bauen"]
    speaker, topic = bauen.speakers[0], bauen.topics[0]
    for narrowed in (
        f"series={bauen.series_id}",
        f"topic={topic.id}",
        f"speaker={speaker.id}",
        f"speaker={speaker.id}&year=2026",
        "organisation=Landkreis+Harz&year=2026&topic=" + str(topic.id),
    ):
        found = asked(client, f"/suche?q=Kosten&{narrowed}")
        assert hits(found) >= 1
        assert set(re.findall(r'href="/veranstaltungen/([\w-]+)(?:/unterlagen)?[#?"]', found)) == {
            bauen.slug
        }
    assert hits(asked(client, "/suche?q=Kosten&year=2019")) == 0


def test_speakers_and_topics_follow_their_changes(
    desk: FlaskClient, client: FlaskClient, talk: Talk, organiser: Account
) -> None:
    person = factories.speaker(talk, last_name="Seltenheimer", organisation="Zwergenau")
    search_index.index_talk(talk)
    db.session.commit()
    assert hits(asked(client, "/suche?q=Seltenheimer+Zwergenau")) == 1
    values = SpeakerValues(last_name="Anderswo", email=person.email)
    speakers.edit(person, values, by=organiser)
    talk.topics = []
    topics.set_topics(talk, topics.read("Waldwege, klima; WALDWEGE"))
    search_index.index_talk(talk)
    db.session.commit()
    assert [topic.name for topic in talk.topics] == ["klima", "Waldwege"]
    for question, number in (("Seltenheimer", 0), ("Anderswo", 1), ("Waldweg", 1)):
        assert hits(asked(client, f"/suche?q={question}")) == number
    speakers.remove_from_talk(talk, person, by=organiser)
    db.session.commit()
    assert hits(asked(client, "/suche?q=Anderswo")) == 0


def test_number_of_queries_does_not_grow_with_the_hits(app: Flask, client: FlaskClient) -> None:
    counts = []
    for number in (1, 12):
        for copy in range(number):
            sample = Sample(
                f"k{copy}",
                f"Abend {copy}",
                "",
                ("A", f"B{copy}", ""),
                (f"T{number}",),
                (SECRET,),
                (),
            )
            search_archive.hold(sample)
        db.session.commit()
        db.session.expire_all()
        with counted() as statements:
            page = asked(client, f"/suche?q={SECRET}")
        counts.append(len(statements))
    assert hits(page) == 13
    assert "/suche?q=" + SECRET + "&amp;page=2" in page
    assert counts[0] == counts[1] == 4


def test_searches_of_one_network_are_limited(app: Flask, client: FlaskClient) -> None:
    limiter.enabled = True
    limiter.reset()
    try:
        answers = [client.get("/suche?q=").status_code for _ in range(61)]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert answers == [200] * 60 + [429]
