"""Releasing materials to those who may open them, telling them, and taking it back (rule 10).

The mails are a mailing of kind `materials` (`domain.mailings`), written in the same transaction
and expanded by its job. Neighbours: `domain.materials` keeps the records, `domain.grants` the
conditions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from webinar.clock import berlin, now
from webinar.domain import audit, grants, mailings, registrations, subtitles
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Audience,
    ConsentAnswer,
    Contact,
    Grant,
    Grantee,
    Mailing,
    MailingKind,
    Material,
    MaterialKind,
    RecordingConsent,
    Talk,
    TalkState,
    audience_members,
)

SPOKEN = (MaterialKind.RECORDING, MaterialKind.SUBTITLES)
"""What nobody may see whose speaker does not want to be recorded."""
GROUPS = frozenset({Grantee.INVITED, Grantee.REGISTERED, Grantee.EVERYONE})


@dataclass(frozen=True)
class Access:
    """To whom materials are released: groups of the talk, and audiences by id."""

    groups: frozenset[Grantee] = frozenset({Grantee.INVITED, Grantee.REGISTERED})
    audiences: tuple[int, ...] = ()
    closes_on: date | None = None
    """From this day on nobody can open them any more; None: until they are deleted."""

    def check(self) -> None:
        """Raises `RuleError` where nobody is named, an audience has gone or the end is over."""
        if not self.groups <= GROUPS or not (self.groups or self.audiences):
            raise RuleError("release_for_nobody", field="who")
        found = select(Audience.id).where(Audience.id.in_(self.audiences))
        if set(db.session.scalars(found)) != set(self.audiences):
            raise RuleError("release_audience_gone", field="audiences")
        if self.closes_on is not None and self.closes_on <= berlin(now()).date():
            raise RuleError("release_ends_in_past", field="closes_on")

    def grants(self) -> list[Grant]:
        """New rows for one material."""
        groups = [Grant(grantee=group) for group in sorted(self.groups)]
        named = sorted(set(self.audiences))
        return groups + [Grant(grantee=Grantee.AUDIENCE, audience_id=one) for one in named]


@dataclass(frozen=True)
class Words:
    """Subject and text of the mail, with the placeholders of `models.Placeholder`."""

    subject: str
    text: str


def waiting(talk: Talk) -> list[Material]:
    """What is not released, in order; subtitles follow their recording by themselves."""
    query = select(Material).where(
        Material.talk_id == talk.id,
        Material.released_at.is_(None),
        Material.recording_id.is_(None),
    )
    return list(db.session.scalars(query.order_by(Material.position, Material.id)))


def release(
    talk: Talk,
    *,
    material_ids: Collection[int],
    access: Access,
    by: Account | None,
    words: Words | None = None,
) -> Mailing | None:
    """Open the materials to those of `access`, and tell them if there are `words`.

    Returns the mailing, or None where nobody is told. Raises `RuleError` for a draft talk, for
    nobody, for what one of the speakers does not want to be shown, and where one of the materials
    is gone or released already: a second click, or another organiser, does not mail twice.
    """
    chosen = check(talk, material_ids=material_ids, access=access)
    for material in chosen:
        material.released_at, material.closes_on = now(), access.closes_on
        material.grants = access.grants()
        audit.record("material.released", material, by=by, changes=_named(access))
        subtitles.follow(material)
    db.session.flush()
    readers = told(talk, access=access) if words is not None else []
    if words is None or not readers:
        return None
    ids = [material.id for material in chosen]
    mailing = mailings.draft(talk, kind=MailingKind.MATERIALS, by=by, materials=ids)
    mailings.edit(mailing, subject=words.subject, text=words.text)
    mailings.choose(mailing, contacts=[contact.id for contact in readers])
    mailings.send(mailing, by=by)
    return mailing


def check(talk: Talk, *, material_ids: Collection[int], access: Access) -> Sequence[Material]:
    """The materials, locked, once it is certain that they could be released so; else raises as
    `release` does."""
    if talk.state == TalkState.DRAFT:
        raise RuleError("release_of_draft")
    access.check()
    # Before the materials, as where a speaker says no: the second sees what the first did.
    registrations.lock(talk)
    chosen = _locked(talk, material_ids)
    if any(one.kind in SPOKEN for one in chosen) and _refused(talk):
        raise RuleError("recording_refused")
    if any(one.refused_at is not None for one in chosen):
        raise RuleError("material_refused")
    return chosen


def withdraw(material: Material, *, by: Account | None) -> None:
    """Close the material at once for everybody; the next release names anew who may open it."""
    if material.released_at is None:
        return
    material.released_at = material.closes_on = None
    audit.record("material.withdrawn", material, by=by, changes=audit.changes_of(material))
    material.grants.clear()
    subtitles.follow(material)


def limit(material: Material, *, closes_on: date | None, by: Account) -> None:
    """Let the release end on that day, or with the deletion. Raises `RuleError` on `closes_on` for
    a day that is over; what is not released has no end."""
    if material.released_at is None or closes_on == material.closes_on:
        return
    if closes_on is not None and closes_on <= berlin(now()).date():
        raise RuleError("release_ends_in_past", field="closes_on")
    material.closes_on = closes_on
    audit.record("material.limited", material, by=by, changes=audit.changes_of(material))
    subtitles.follow(material)


def told(talk: Talk, *, access: Access) -> list[Contact]:
    """Who gets a mail when materials are released so, by name.

    Nobody who was retired or erased; who wants no more invitations hears of it only with a place.
    What is released to everyone is told to the talk's own people: nobody else asked for mail.
    """
    place = grants.registered(Contact.id, talk.id)
    query = (
        select(Contact)
        .where(
            Contact.retired_at.is_(None),
            Contact.erased_at.is_(None),
            or_(Contact.unsubscribed_at.is_(None), place),
            or_(*_groups(talk, access)),
        )
        .order_by(Contact.sort_key, Contact.id)
    )
    return list(db.session.scalars(query))


def _locked(talk: Talk, material_ids: Collection[int]) -> Sequence[Material]:
    query = (
        select(Material)
        .where(
            Material.talk_id == talk.id,
            Material.id.in_(material_ids),
            Material.released_at.is_(None),
        )
        .order_by(Material.position, Material.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = db.session.scalars(query).all()
    if not found or len(found) != len(set(material_ids)):
        raise RuleError("release_changed")
    return found


def _refused(talk: Talk) -> bool:
    """Whether a speaker of the talk said no to being recorded (`domain.recording_consents`)."""
    said = select(RecordingConsent.id).where(
        RecordingConsent.talk_id == talk.id,
        RecordingConsent.answer == ConsentAnswer.NO,
        RecordingConsent.revoked_at.is_(None),
        RecordingConsent.speaker_id.in_([one.speaker_id for one in talk.appearances]),
    )
    return db.session.scalar(said.limit(1)) is not None


def _named(access: Access) -> dict[str, object]:
    """What was closed before: nobody could open it."""
    end = {} if access.closes_on is None else {"closes_on": [None, str(access.closes_on)]}
    named = {"groups": [None, sorted(access.groups)], "audiences": [None, sorted(access.audiences)]}
    return named | end


def _groups(talk: Talk, access: Access) -> list[ColumnElement[bool]]:
    members = select(audience_members.c.contact_id).where(
        audience_members.c.audience_id.in_(access.audiences)
    )
    found: list[ColumnElement[bool]] = [Contact.id.in_(members)]
    if access.groups & {Grantee.INVITED, Grantee.EVERYONE}:
        found.append(grants.invited(Contact.id, talk.id))
    if access.groups & {Grantee.REGISTERED, Grantee.EVERYONE}:
        found.append(grants.registered(Contact.id, talk.id))
    return found
