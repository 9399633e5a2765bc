"""The archive's records: what is taken, who may open it, releasing, withdrawing, deleting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import factories
from tests.queries import counted
from webinar.clock import frozen
from webinar.domain import delivery, files, mailings, materials, participation, releases
from webinar.domain.releases import Access, Words
from webinar.domain.standing import standing
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Attendance,
    AttendanceSource,
    AuditEntry,
    Contact,
    Grant,
    Grantee,
    Job,
    Link,
    Mail,
    Mailing,
    Material,
    MaterialKind,
    MaterialPage,
    Mode,
    Processing,
    Purpose,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

PDF = "application/pdf"
WORDS = Words(subject="Unterlagen zu {titel}", text="{anrede}\n\nDie Unterlagen sind da.")


@dataclass(frozen=True)
class Stored:
    key: str
    size: int = 1000
    sha256: str = ""


def added(talk: Talk, *, number: int = 1, **values: object) -> Material:
    given = {
        "kind": MaterialKind.SLIDES,
        "title": "Folien",
        "stored": Stored(f"{number:032x}", sha256=f"{number:064x}"),
        "media_type": PDF,
        "file_name": "folien.pdf",
        "by": None,
        **values,
    }
    return materials.add(talk, **given)  # type: ignore[arg-type]  # mixed values by name


def released(talk: Talk, *, access: Access | None = None, number: int = 1) -> Material:
    material = added(talk, number=number)
    releases.release(talk, material_ids=[material.id], access=access or Access(), by=None)
    db.session.commit()
    return material


def registered(talk: Talk, contact: Contact, *, state: str = RegistrationState.CONFIRMED) -> None:
    factories.save(
        Registration(talk_id=talk.id, contact_id=contact.id, state=state, mode=Mode.ONLINE)
    )


def sees(talk: Talk, contact: Contact) -> bool:
    return materials.visible_to(talk, contact) != []


def only(*groups: Grantee, audiences: tuple[int, ...] = ()) -> Access:
    return Access(groups=frozenset(groups), audiences=audiences)


def test_added_file_waits_for_its_pages_and_is_seen_by_nobody(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    material = added(talk)
    db.session.commit()
    job = db.session.scalars(select(Job)).one()
    assert (job.name, job.params) == ("process_material", {"material_id": material.id})
    assert material.processing == Processing.WAITING
    assert not sees(talk, person)
    assert materials.public_materials(talk) == []
    assert materials.released(talk) == []


def test_title_comes_from_the_file_name_where_none_was_typed(app: Flask) -> None:
    assert added(factories.talk(), title="", file_name="2026-09-17_eAkte.pdf").title == (
        "2026-09-17 eAkte"
    )


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        (MaterialKind.SLIDES, "video/mp4"),
        (MaterialKind.RECORDING, PDF),
        (MaterialKind.SUBTITLES, "video/webm"),
        (MaterialKind.HANDOUT, "video/mp4"),
        (MaterialKind.LINK, PDF),
    ],
)
def test_kind_takes_only_its_own_files(app: Flask, kind: MaterialKind, media_type: str) -> None:
    with pytest.raises(RuleError) as caught:
        added(factories.talk(), kind=kind, media_type=media_type)
    assert (caught.value.code, caught.value.field) == (f"material_not_{kind}", "file")
    assert db.session.scalar(select(func.count(Material.id))) == 0


def test_the_same_bytes_are_refused_twice_for_one_talk_only(app: Flask) -> None:
    talk = factories.talk()
    added(talk)
    with pytest.raises(RuleError) as caught:
        added(talk, stored=Stored("f" * 32, sha256=f"{1:064x}"))
    assert caught.value.code == "material_already_there"
    assert added(factories.talk(), stored=Stored("e" * 32, sha256=f"{1:064x}")).id


def test_materials_keep_the_order_in_which_they_came(app: Flask) -> None:
    talk = factories.talk()
    rows = [added(talk, number=n) for n in (1, 2)]
    rows.append(materials.add_link(talk, title="", url="https://www.lra.example/akte", by=None))
    assert materials.of_talk(talk) == rows
    assert [row.position for row in rows] == [1, 2, 3]
    assert rows[2].title == "www.lra.example"
    assert rows[2].processing == Processing.DONE


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("javascript:alert(1)", "url_scheme"),
        ("data:text/html,x", "url_scheme"),
        ("ftp://lra.example/a", "url_scheme"),
        ("//lra.example/a", "url_scheme"),
        ("", "url_scheme"),
        ("https://", "url_not_valid"),
        ("https://intern", "url_not_valid"),
        ("https://lra.example:port/", "url_not_valid"),
        ("https://bank.example@evil.example/", "url_not_valid"),
        ('https://lra.example/"onclick=x', "url_not_valid"),
        ("https://lra.example/a b", "url_not_valid"),
        ("https://lra.example\\@evil.example", "url_not_valid"),
        ("https://[lra", "url_not_valid"),
        ("https://lra.example/" + "a" * 2000, "url_not_valid"),
    ],
)
def test_only_plain_web_addresses_become_links(app: Flask, url: str, code: str) -> None:
    with pytest.raises(RuleError) as caught:
        materials.add_link(factories.talk(), title="Seite", url=url, by=None)
    assert (caught.value.code, caught.value.field) == (code, "url")


def test_released_by_default_to_the_invited_and_the_registered(app: Flask) -> None:
    talk = factories.talk()
    invited, declined, registered_one, stranger = (factories.contact() for _ in range(4))
    factories.invitation(talk, invited)
    factories.invitation(talk, declined, answer=Answer.DECLINED)
    registered(talk, registered_one)
    material = released(talk)
    for person in (invited, declined, registered_one):
        assert materials.visible_to(talk, person) == [material]
    assert not sees(talk, stranger)


def test_withdrawn_invitation_opens_nothing(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person, answer=Answer.WITHDRAWN)
    released(talk)
    assert not sees(talk, person)


@pytest.mark.parametrize(
    ("state", "open_to"),
    [
        (RegistrationState.CONFIRMED, True),
        (RegistrationState.WAITING, False),
        (RegistrationState.UNCONFIRMED, False),
        (RegistrationState.CANCELLED, False),
        (RegistrationState.REFUSED, False),
    ],
)
def test_registered_means_a_place_that_is_held(app: Flask, state: str, open_to: bool) -> None:
    talk, person = factories.talk(), factories.contact()
    registered(talk, person, state=state)
    released(talk, access=only(Grantee.REGISTERED))
    assert sees(talk, person) is open_to


def test_who_was_there_counts_as_registered(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    registered(talk, person, state=RegistrationState.CANCELLED)
    place = db.session.scalars(select(Registration)).one()
    factories.save(
        Attendance(
            talk_id=talk.id,
            registration_id=place.id,
            source=AttendanceSource.ROOM,
            joined_at=talk.starts_at,
        )
    )
    released(talk, access=only(Grantee.REGISTERED))
    assert sees(talk, person)


def test_registered_only_leaves_the_merely_invited_out(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    released(talk, access=only(Grantee.REGISTERED))
    assert not sees(talk, person)


def test_audience_and_named_contact_are_let_in_and_nobody_else(app: Flask) -> None:
    talk = factories.talk()
    member, named, other = (factories.contact() for _ in range(3))
    group = factories.audience(members=[member])
    factories.audience(members=[other])
    material = released(talk, access=only(audiences=(group.id,)))
    material.grants.append(Grant(grantee=Grantee.CONTACT, contact_id=named.id))
    db.session.commit()
    assert [sees(talk, person) for person in (member, named, other)] == [True, True, False]


def test_everyone_is_everyone_and_makes_it_public(app: Flask) -> None:
    talk = factories.talk()
    material = released(talk, access=only(Grantee.EVERYONE))
    released(talk, number=2)
    assert materials.visible_to(talk, factories.contact()) == [material]
    assert materials.public_materials(talk) == [material]
    assert materials.find_public(talk, public_id=material.public_id) is material


def test_rights_in_one_talk_open_nothing_of_another(app: Flask) -> None:
    talk, other, person = factories.talk(), factories.talk(), factories.contact()
    factories.invitation(other, person)
    material = released(talk)
    assert not sees(talk, person)
    assert not sees(other, person)
    with pytest.raises(NotThere):
        materials.find_visible(other, person, public_id=material.public_id)


@pytest.mark.parametrize("group", [Grantee.INVITED, Grantee.REGISTERED])
def test_rights_in_a_talk_that_has_materials_too_open_nothing_of_another(
    app: Flask, group: Grantee
) -> None:
    talk, own, person = factories.talk(), factories.talk(), factories.contact()
    factories.invitation(own, person)
    registered(own, person)
    material = released(talk, access=only(group))
    of_own = released(own, access=only(group), number=2)
    assert materials.visible_to(talk, person) == []
    assert materials.visible_to(own, person) == [of_own]
    assert standing(talk, contact=person).materials == 0
    with pytest.raises(NotThere):
        materials.find_visible(talk, person, public_id=material.public_id)


def test_deletion_date_closes_before_the_job_has_run(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    material = released(talk)
    material.delete_on = date(2027, 9, 17)
    db.session.commit()
    with frozen(factories.at("2027-09-16T21:59")):  # 23:59 in Berlin
        assert sees(talk, person)
        assert materials.expired() == []
    with frozen(factories.at("2027-09-16T22:00")):
        assert not sees(talk, person)
        assert materials.expired() == [material]


def test_visible_to_is_one_query_for_one_and_for_three(app: Flask) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    for number in (1, 2, 3):
        released(talk, number=number)
        with counted() as statements:
            rows = materials.visible_to(talk, person)
            assert [row.talk for row in rows] == [talk] * number
        assert len(statements) == 1


def test_default_deletion_counts_from_the_later_of_end_and_today(app: Flask) -> None:
    talk = factories.talk(starts_at=factories.at("2026-09-17T16:00"))
    with frozen(factories.at("2026-09-18T08:00") - timedelta(days=10)):
        assert materials.default_deletion(talk, days=365) == date(2027, 9, 17)
    with frozen(factories.at("2028-01-10T23:30")):
        assert materials.default_deletion(talk, days=365) == date(2029, 1, 10)


def test_release_tells_those_entitled_once_and_makes_their_links(
    app: Flask, organiser: Account
) -> None:
    talk = factories.talk()
    both, place_only, gone, unsubscribed, unsubscribed_with_place, stranger = (
        factories.contact() for _ in range(6)
    )
    unsubscribed.unsubscribed_at = unsubscribed_with_place.unsubscribed_at = talk.starts_at
    gone.retired_at = talk.starts_at
    for person in (both, gone, unsubscribed, unsubscribed_with_place):
        factories.invitation(talk, person)
    for person in (both, place_only, unsubscribed_with_place):
        registered(talk, person)
    group = factories.audience(members=[both])
    material = added(talk)
    access = Access(audiences=(group.id,))
    mailing = releases.release(
        talk, material_ids=[material.id], access=access, by=organiser, words=WORDS
    )
    db.session.commit()
    assert mailing is not None
    told = {both.id, place_only.id, unsubscribed_with_place.id}
    assert set(mailing.selection["recipients"]) == told
    assert mailing.selection["materials"] == [material.id]
    assert stranger.id not in told


def test_expanding_the_mailing_makes_archive_links(app: Flask, organiser: Account) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    material = added(talk)
    mailing = releases.release(
        talk, material_ids=[material.id], access=Access(), by=organiser, words=WORDS
    )
    assert mailing is not None
    while not mailings.expand(mailing):
        pass
    db.session.commit()
    link = db.session.scalars(select(Link).where(Link.purpose == Purpose.ARCHIVE)).one()
    assert (link.talk_id, link.contact_id) == (talk.id, person.id)


def test_mail_stays_in_the_office_once_the_release_was_withdrawn(
    app: Flask, organiser: Account
) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    rows = [added(talk), added(talk, number=2)]
    ids = [row.id for row in rows]
    mailing = releases.release(talk, material_ids=ids, access=Access(), by=organiser, words=WORDS)
    assert mailing is not None
    mailings.expand(mailing)
    db.session.commit()
    mail = db.session.scalars(select(Mail)).one()
    releases.withdraw(rows[0], by=organiser)
    assert delivery.still_wanted(mail)
    releases.withdraw(rows[1], by=organiser)
    assert not delivery.still_wanted(mail)


def test_release_to_everyone_mails_the_talks_own_people_only(app: Flask) -> None:
    talk, invited, place = factories.talk(), factories.contact(), factories.contact()
    factories.contact()
    factories.invitation(talk, invited)
    registered(talk, place)
    assert releases.told(talk, access=only(Grantee.EVERYONE)) == [invited, place]


def test_second_release_of_the_same_changes_and_mails_nothing(
    app: Flask, organiser: Account
) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    material = added(talk)
    access = Access()
    ids = [material.id]
    releases.release(talk, material_ids=ids, access=access, by=organiser, words=WORDS)
    with pytest.raises(RuleError, match="release_changed"):
        releases.release(talk, material_ids=ids, access=access, by=organiser, words=WORDS)
    assert db.session.scalar(select(func.count(Mailing.id))) == 1


def test_release_of_another_talks_material_is_refused(app: Flask) -> None:
    material = added(factories.talk())
    with pytest.raises(RuleError, match="release_changed"):
        releases.release(factories.talk(), material_ids=[material.id], access=Access(), by=None)
    assert material.released_at is None


def test_release_needs_a_published_talk_and_somebody(app: Flask) -> None:
    draft = factories.talk(state=TalkState.DRAFT)
    material = added(draft)
    with pytest.raises(RuleError, match="release_of_draft"):
        releases.release(draft, material_ids=[material.id], access=Access(), by=None)
    talk = factories.talk()
    for access, code in (
        (only(), "release_for_nobody"),
        (only(audiences=(9,)), "release_audience_gone"),
    ):
        with pytest.raises(RuleError, match=code):
            releases.release(talk, material_ids=[], access=access, by=None)


def test_withdrawing_closes_at_once_and_forgets_who_might(app: Flask, organiser: Account) -> None:
    talk, person = factories.talk(), factories.contact()
    factories.invitation(talk, person)
    material = released(talk, access=only(Grantee.EVERYONE))
    releases.withdraw(material, by=organiser)
    db.session.commit()
    assert not sees(talk, person)
    assert db.session.scalar(select(func.count(Grant.id))) == 0
    assert releases.waiting(talk) == [material]
    lines = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.account_id.is_not(None)).order_by(AuditEntry.id)
    )
    assert lines.all() == ["material.withdrawn"]


def test_deleting_leaves_the_bytes_to_a_job_and_other_records_alone(
    app: Flask, organiser: Account
) -> None:
    talk = factories.talk()
    first, second = released(talk), released(talk, number=2)
    first.pages.append(MaterialPage(number=1, text="Titel", thumbnail_key="a" * 32))
    db.session.commit()
    materials.delete(first, by=organiser)
    db.session.commit()
    assert materials.of_talk(talk) == [second]
    assert db.session.scalar(select(func.count(MaterialPage.id))) == 0
    job = db.session.scalars(select(Job).where(Job.name == "delete_files")).one()
    assert set(job.params["keys"]) == {"a" * 32, f"{1:032x}"}


def test_keys_that_a_record_names_are_never_unused(app: Flask) -> None:
    talk = factories.talk()
    material = added(talk)
    material.pages.append(MaterialPage(number=1, thumbnail_key="b" * 32))
    db.session.commit()
    asked = ["c" * 32, str(material.storage_key), "b" * 32, "c" * 32]
    assert files.unused(asked) == ["c" * 32]


def test_edit_refuses_yesterday_and_an_empty_title(app: Flask, organiser: Account) -> None:
    material = added(factories.talk())
    for title, day, code in (
        ("Folien", materials.today(), "deletion_in_past"),
        (" ", None, "material_title_missing"),
    ):
        with pytest.raises(RuleError, match=code):
            materials.edit(material, title=title, delete_on=day, by=organiser)
    db.session.rollback()


def test_edit_keeps_a_line_of_what_changed(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    link = materials.add_link(talk, title="Seite", url="https://lra.example/a", by=organiser)
    day = materials.today() + timedelta(days=30)
    db.session.commit()
    materials.edit(link, title="Seite", delete_on=day, url="https://lra.example/b", by=organiser)
    db.session.commit()
    line = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "material.edited")
    ).one()
    assert line.changes == {"url": True, "delete_on": [None, day.isoformat()]}


def test_desk_finds_materials_only_by_their_own_talk(app: Flask) -> None:
    talk, other = factories.talk(), factories.talk()
    material = added(talk)
    assert materials.one_of(talk, material_id=material.id) is material
    with pytest.raises(NotThere):
        materials.one_of(other, material_id=material.id)


def test_deputy_sees_what_the_invited_see(app: Flask) -> None:
    """A deputy has an invitation of their own; the place is theirs (rule 5)."""
    talk, deputy = factories.talk(), factories.contact(origin="deputy")
    invitation = factories.invitation(talk, deputy)
    participation.accept(invitation, mode=Mode.ONLINE)
    released(talk, access=only(Grantee.REGISTERED))
    assert sees(talk, deputy)
