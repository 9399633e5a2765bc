"""What the desk lists of a talk: answers by audience, invited people, places in order, mails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import answers, drafts, mailings, outbox, participation, places
from webinar.domain.answers import Counts, Share, Shown
from webinar.domain.outbox import Group, Narrowing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Contact,
    Deputy,
    Format,
    Invitation,
    Mail,
    Mailing,
    MailingKind,
    MailState,
    Mode,
    Registration,
    RegistrationState,
    Talk,
)


def names(talk: Talk, **narrowed: object) -> list[str]:
    query = answers.invitations(talk, **narrowed)  # type: ignore[arg-type]  # filters by keyword
    return [row.contact.last_name for row in db.session.scalars(query).unique()]


def accepted(talk: Talk, contact: Contact, mode: Mode = Mode.HALL) -> Registration:
    registration = participation.accept(factories.invitation(talk, contact), mode=mode)
    db.session.commit()
    return registration


def hall_of(places_hall: int) -> Talk:
    return factories.talk(format=Format.HYBRID, venue="Saal", places_hall=places_hall)


def test_answers_are_counted_by_audience_and_in_all_once(app: Flask) -> None:
    talk = factories.talk()
    people = [factories.contact() for _ in range(5)]
    given = (Answer.ACCEPTED, Answer.DECLINED, Answer.NONE, Answer.DELEGATED, Answer.WITHDRAWN)
    for person, answer in zip(people, given, strict=True):
        factories.invitation(talk, person, answer=answer)
    factories.audience("Kreistag", people[:2])
    factories.audience("Ämter", [people[0], people[2], people[4], factories.contact()])
    factories.audience("Niemand eingeladen", [factories.contact()])
    assert answers.totals(talk) == Counts(accepted=1, delegated=1, declined=1, none=1)
    assert answers.by_audience(talk) == [
        Share("Ämter", Counts(accepted=1, none=1)),
        Share("Kreistag", Counts(accepted=1, declined=1)),
        Share("", Counts(delegated=1)),
    ]
    assert [audience.name for audience in answers.audiences_of(talk)] == ["Ämter", "Kreistag"]


def test_invitations_are_sorted_by_name_and_hide_withdrawn_ones(app: Flask) -> None:
    talk = factories.talk()
    for name in ("Zehnder", "Ägidius", "Brandl"):
        factories.invitation(talk, factories.contact(last_name=name))
    gone = factories.contact(last_name="Adam")
    factories.invitation(talk, gone, answer=Answer.WITHDRAWN)
    assert names(talk) == ["Ägidius", "Brandl", "Zehnder"]
    assert names(talk, shown=Shown.WITHDRAWN) == ["Adam"]


def test_invitations_are_narrowed_by_words_answer_and_audience(app: Flask) -> None:
    talk = hall_of(1)
    mueller = factories.contact(last_name="Müller", office="Kürnach")
    weiss = factories.contact(last_name="Weiß", office="Kist")
    late = factories.contact(last_name="Haag", office="Kist")
    audience = factories.audience(members=[weiss, late])
    factories.invitation(talk, mueller, answer=Answer.DECLINED)
    accepted(talk, weiss)
    accepted(talk, late)
    assert names(talk, text="mueller kuernach") == ["Müller"]
    assert names(talk, text="qx% _") == []
    assert names(talk, shown=Shown.DECLINED) == ["Müller"]
    assert names(talk, shown=Shown.ACCEPTED) == ["Haag", "Weiß"]
    assert names(talk, shown=Shown.WAITING) == ["Haag"]
    assert names(talk, audience_id=audience.id) == ["Haag", "Weiß"]
    assert names(talk, audience_id=999) == []


def test_invitees_carry_place_deputy_and_delivery(app: Flask) -> None:
    talk = hall_of(1)
    sender, deputy, waiting, lost = (factories.contact(last_name=n) for n in "ABCD")
    asked = factories.invitation(talk, sender, answer=Answer.DELEGATED)
    place = accepted(talk, deputy)
    queued = accepted(talk, waiting)
    factories.invitation(talk, lost)
    factories.save(
        Mail(template="invitation", key="k", recipient="d@a.example", contact_id=lost.id)
    )
    mail = db.session.query(Mail).filter_by(key="k").one()
    mail.talk_id, mail.state = talk.id, MailState.BOUNCED
    sent = Deputy(invitation_id=asked.id, deputy_invitation_id=place.invitation_id)
    factories.save(sent)
    rows = list(db.session.scalars(answers.invitations(talk)).unique())
    a, b, c, d = answers.invitees(talk, rows)
    assert (a.deputy, a.registration, a.sent_by) == (deputy, place, None)
    assert (b.sent_by, b.registration, b.position) == (sender, place, None)
    assert (c.registration, c.position, c.undelivered) == (queued, 1, False)
    assert (d.registration, d.undelivered) == (None, True)


def test_undelivered_is_only_the_last_invitation(app: Flask) -> None:
    talk = factories.talk()
    contact = factories.contact()
    factories.invitation(talk, contact)
    for number, state in enumerate((MailState.FAILED, MailState.SENT)):
        factories.save(
            Mail(
                template="invitation",
                key=f"k{number}",
                recipient="a@b.example",
                contact_id=contact.id,
                talk_id=talk.id,
                state=state,
            )
        )
    rows = list(db.session.scalars(answers.invitations(talk)).unique())
    assert [row.undelivered for row in answers.invitees(talk, rows)] == [False]


def test_places_list_the_confirmed_by_name_then_the_queue_in_order(app: Flask) -> None:
    talk = hall_of(1)
    start = now()
    rows = {}
    for minutes, name in enumerate(("Zoe", "Yves", "Xaver")):
        with frozen(start + timedelta(minutes=minutes)):
            rows[name] = accepted(talk, factories.contact(last_name=name))
    rows["Anna"] = accepted(talk, factories.contact(last_name="Anna"), Mode.ONLINE)
    found = db.session.scalars(places.listed(talk)).all()
    assert [row.contact.last_name for row in found] == ["Anna", "Zoe", "Yves", "Xaver"]
    assert places.positions(talk) == {rows["Yves"].id: 1, rows["Xaver"].id: 2}


def test_places_show_who_holds_one_side_and_waits_for_the_other(app: Flask) -> None:
    talk = hall_of(1)
    accepted(talk, factories.contact(last_name="Erste"))
    changing = factories.contact(last_name="Wechsel")
    held = accepted(talk, changing, Mode.ONLINE)
    assert held.invitation is not None
    participation.accept(held.invitation, mode=Mode.HALL)
    db.session.commit()

    def listed(**narrowed: object) -> list[str]:
        query = places.listed(talk, **narrowed)  # type: ignore[arg-type]  # filters by keyword
        return [row.contact.last_name for row in db.session.scalars(query)]

    assert listed(state=RegistrationState.WAITING) == ["Wechsel"]
    assert listed(state=RegistrationState.WAITING, side=Mode.ONLINE) == []
    assert listed(side=Mode.ONLINE) == ["Wechsel"]
    assert listed(side=Mode.HALL, state=RegistrationState.CONFIRMED) == ["Erste", "Wechsel"]
    assert places.positions(talk) == {held.id: 1}


def drafted(talk: Talk, by: Account, *contacts: Contact) -> Mailing:
    mailing = drafts.begin(talk, kind=MailingKind.INVITATION, by=by, subject="Betreff", text="Text")
    for contact in contacts:
        drafts.add(mailing, contact.id)
    db.session.commit()
    return mailing


def test_beginning_twice_gives_the_same_empty_draft(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    first = drafted(talk, organiser)
    assert drafted(talk, organiser) is first
    drafts.choose_audiences(first, [factories.audience().id])
    db.session.commit()
    assert drafted(talk, organiser) is not first
    assert drafted(talk, factories.account()) is not first


def test_draft_adds_excludes_and_takes_in_again(app: Flask, organiser: Account) -> None:
    member, single = factories.contact(last_name="A"), factories.contact(last_name="B")
    mailing = drafted(factories.talk(), organiser, single)
    drafts.choose_audiences(mailing, [factories.audience(members=[member]).id])
    assert mailings.recipients(mailing) == [member, single]
    drafts.exclude(mailing, member.id)
    assert mailings.recipients(mailing) == [single]
    drafts.include(mailing, member.id)
    drafts.remove(mailing, single.id)
    assert mailings.recipients(mailing) == [member]
    drafts.exclude(mailing, member.id)
    drafts.add(mailing, member.id)
    assert mailings.recipients(mailing) == [member]
    assert drafts.singles(mailing) == [member]


def test_discarding_takes_the_tests_along_and_leaves_a_line(app: Flask, organiser: Account) -> None:
    mailing = drafted(factories.talk(), organiser, factories.contact())
    mailings.test(mailing, account=organiser, number=1)
    drafts.discard(mailing, by=organiser)
    db.session.commit()
    assert db.session.query(Mailing).count() == db.session.query(Mail).count() == 0
    lines = db.session.query(AuditEntry).filter_by(action="mailing.discarded").all()
    assert [line.account_id for line in lines] == [organiser.id]


def test_sent_mailing_cannot_be_changed_or_discarded(app: Flask, organiser: Account) -> None:
    contact = factories.contact()
    mailing = drafted(factories.talk(), organiser, contact)
    mailings.send(mailing, by=organiser)
    db.session.commit()
    with pytest.raises(RuleError, match="mailing_sent_already"):
        drafts.exclude(mailing, contact.id)
    with pytest.raises(RuleError, match="mailing_sent_already"):
        drafts.discard(mailing, by=organiser)


def test_hits_say_who_cannot_be_added(app: Flask) -> None:
    talk = factories.talk()
    free, gone, invited = (factories.contact(last_name=n) for n in ("Ott A", "Ott B", "Ott C"))
    free.search_key += " kist"
    gone.unsubscribed_at = now()
    factories.contact(last_name="Ott D", retired_at=now())
    factories.invitation(talk, invited)
    found = drafts.hits(talk, "ott")
    assert [(hit.contact, hit.addable) for hit in found] == [
        (free, True),
        (gone, False),
        (invited, False),
    ]
    assert [hit.contact for hit in drafts.hits(talk, "OTT kist")] == [free]
    assert drafts.hits(talk, "  ") == []
    assert drafts.hits(talk, "ott", but=[free.id, gone.id, invited.id]) == []


def test_runs_count_the_mails_of_each_mailing(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    sent = drafted(talk, organiser, factories.contact(), factories.contact())
    mailings.send(sent, by=organiser)
    while not mailings.expand(sent):
        db.session.commit()
    mailings.test(drafted(talk, organiser, factories.contact()), account=organiser, number=1)
    db.session.commit()
    mails = db.session.scalars(outbox.of_mailing(sent)).all()
    mails[0].state, mails[1].state = MailState.SENT, MailState.FAILED
    db.session.commit()
    draft, run = outbox.runs(talk)
    assert (draft.draft, draft.recipients, draft.under_way) == (True, 0, False)
    assert (run.mailing, run.recipients, run.under_way) == (sent, 2, False)
    assert {group: count for group, count in run.counts.items() if count} == {
        Group.SENT: 1,
        Group.FAILED: 1,
    }


def test_mails_are_narrowed_by_group_talk_and_recipient(app: Flask) -> None:
    talk, other = factories.talk(), factories.talk()
    contact = factories.contact(last_name="Kreußer")
    speaker = factories.speaker(last_name="Metzger")
    given = (
        {"contact_id": contact.id, "talk_id": talk.id, "state": MailState.BOUNCED},
        {"speaker_id": speaker.id, "talk_id": talk.id, "state": MailState.SENT},
        {"contact_id": contact.id, "talk_id": other.id},
    )
    for number, values in enumerate(given):
        factories.save(Mail(template="x", key=f"k{number}", recipient="a@b.example", **values))

    def keys(**narrowed: object) -> list[str]:
        query = outbox.mails(Narrowing(**narrowed))  # type: ignore[arg-type]  # by keyword
        return [mail.key for mail in db.session.scalars(query)]

    assert keys() == ["k2", "k1", "k0"]
    assert keys(group=Group.FAILED) == ["k0"]
    assert keys(talk=other) == ["k2"]
    assert keys(text="kreusser") == ["k2", "k0"]
    assert keys(text="metzger", talk=talk) == ["k1"]


def test_an_invitation_counts_for_its_own_talk_only(app: Flask) -> None:
    talk, other = factories.talk(), factories.talk()
    factories.invitation(other, factories.contact(), answer=Answer.ACCEPTED)
    assert answers.totals(talk) == Counts()
    assert answers.by_audience(talk) == []
    assert db.session.query(Invitation).count() == 1
