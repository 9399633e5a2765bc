"""Mailing drafts in the small steps of a page: one person added, one excluded, the draft thrown
away. Each step begins under the draft's lock, so that two browsers do not undo each other.

`domain.mailings` keeps the rules of a mailing; who gets it says `domain.recipients`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import joinedload

from webinar.domain import audit, mailings, places
from webinar.domain.recipients import Circle
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Contact,
    Invitation,
    Mail,
    Mailing,
    MailingKind,
    MailingState,
    Talk,
)

HITS = 20
CHOSEN = ("audiences", "contacts", "excluded")


@dataclass(frozen=True)
class Hit:
    """A contact found by name; `invited` already to the talk."""

    contact: Contact
    invited: bool

    @property
    def addable(self) -> bool:
        return self.contact.invitable and not self.invited


def begin(
    talk: Talk, *, kind: MailingKind, by: Account, subject: str = "", text: str = ""
) -> Mailing:
    """The account's draft for the talk in which nobody is chosen yet, or a new one: whoever begins
    twice does not leave empty drafts behind."""
    waiting = db.session.scalars(
        select(Mailing).where(
            Mailing.talk_id == talk.id,
            Mailing.kind == kind,
            Mailing.state == MailingState.DRAFT,
            Mailing.account_id == by.id,
        )
    )
    for mailing in waiting:
        if not any(mailing.selection.get(name) for name in CHOSEN):
            return mailing
    return mailings.draft(talk, kind=kind, by=by, subject=subject, text=text)


def invite_again(
    talk: Talk, *, source: Talk, by: Account, subject: str, text: str
) -> Mailing | None:
    """A draft that invites to the talk who is invited to `source`; None where nobody is left.

    Nothing goes out: the organiser reads, changes and sends it once the talk is published. Left out
    are those whose invitation was withdrawn, who left office, or want no more invitations.
    """
    invited = db.session.scalars(
        select(Invitation.contact_id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(
            Invitation.talk_id == source.id,
            Invitation.answer != Answer.WITHDRAWN,
            Contact.retired_at.is_(None),
            Contact.erased_at.is_(None),
            Contact.unsubscribed_at.is_(None),
        )
    ).all()
    if not invited:
        return None
    kind = MailingKind.INVITATION
    mailing = mailings.draft(talk, kind=kind, by=by, subject=subject, text=text)
    mailings.choose(mailing, contacts=invited)
    return mailing


def choose_audiences(mailing: Mailing, ids: Iterable[int]) -> None:
    """Set the audiences; single people stay as they are."""
    _change(mailing, audiences=set(ids))


def choose_circle(mailing: Mailing, circle: Circle) -> None:
    """Set whom a message is for: those who come, who wait, or both."""
    _begin(mailing)
    mailing.selection = {**mailing.selection, "circle": circle.value}
    db.session.flush()


def add(mailing: Mailing, contact_id: int) -> None:
    """Choose one person, also somebody who was excluded before."""
    chosen = _begin(mailing)
    _change(
        mailing,
        contacts=chosen["contacts"] | {contact_id},
        excluded=chosen["excluded"] - {contact_id},
    )


def remove(mailing: Mailing, contact_id: int) -> None:
    """Take back one person who was chosen singly; as a member of an audience the person stays."""
    _change(mailing, contacts=_begin(mailing)["contacts"] - {contact_id})


def exclude(mailing: Mailing, contact_id: int) -> None:
    """Leave the person out, however chosen."""
    _change(mailing, excluded=_begin(mailing)["excluded"] | {contact_id})


def include(mailing: Mailing, contact_id: int) -> None:
    """No longer leave the person out."""
    _change(mailing, excluded=_begin(mailing)["excluded"] - {contact_id})


def discard(mailing: Mailing, *, by: Account) -> None:
    """Delete a draft with the tests of it; raises `RuleError` for one that was sent."""
    _change(mailing)
    audit.record("mailing.discarded", mailing, by=by)
    # A test that is being handed over at this moment still arrives; its row is not needed for it.
    db.session.execute(delete(Mail).where(Mail.mailing_id == mailing.id))
    db.session.delete(mailing)
    db.session.flush()


def singles(mailing: Mailing) -> Sequence[Contact]:
    """Who was chosen singly, by name."""
    return db.session.scalars(
        select(Contact)
        .where(Contact.id.in_(mailing.selection.get("contacts", ())))
        .options(joinedload(Contact.organisation))
        .order_by(Contact.sort_key, Contact.id)
    ).all()


def hits(talk: Talk, text: str, *, but: Iterable[int] = ()) -> list[Hit]:
    """Contacts in office who hold every word of `text`, by name, at most `HITS` and one more."""
    words = places.holding(text)
    if not words:
        return []
    invited = exists().where(
        Invitation.contact_id == Contact.id,
        Invitation.talk_id == talk.id,
        Invitation.answer != Answer.WITHDRAWN,
    )
    rows = db.session.execute(
        select(Contact, invited)
        .where(
            *words,
            Contact.retired_at.is_(None),
            Contact.erased_at.is_(None),
            Contact.id.not_in(set(but)),
        )
        .options(joinedload(Contact.organisation))
        .order_by(Contact.sort_key, Contact.id)
        .limit(HITS + 1)
    )
    return [Hit(row[0], row[1]) for row in rows]


def _begin(mailing: Mailing) -> dict[str, set[int]]:
    """What is chosen now, read under the lock."""
    db.session.execute(
        select(Mailing)
        .where(Mailing.id == mailing.id)
        .with_for_update(of=Mailing)
        .execution_options(populate_existing=True)
    ).scalar_one()
    return {name: set(mailing.selection.get(name, ())) for name in CHOSEN}


def _change(mailing: Mailing, **changes: set[int]) -> None:
    chosen = {**_begin(mailing), **changes}
    mailings.choose(mailing, **chosen)
