"""Mailings: one text to many. Chosen and edited as a draft, frozen when sent, expanded in batches.

Sending leaves a job that writes one mail for each recipient (`webinar.jobs.mailings`). Who that is
says `webinar.domain.recipients`. The wording that a draft begins with and the values of the
placeholders are `webinar.rendering`'s; single mails are `webinar.domain.mail`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from webinar.clock import now
from webinar.domain import audit, invitations, jobs, links, mail, notices, times
from webinar.domain.recipients import LeftOut, Reason, frozen, left_out, may_get, recipients
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Contact,
    Mail,
    Mailing,
    MailingKind,
    MailingState,
    MailState,
    Placeholder,
    Purpose,
    Talk,
    TalkState,
)
from webinar.text import clean

__all__ = [
    "LeftOut",
    "Progress",
    "Reason",
    "choose",
    "draft",
    "edit",
    "expand",
    "left_out",
    "progress",
    "recipients",
    "send",
    "stop",
    "test",
]

S = MailingState
MOVES: dict[MailingState, frozenset[MailingState]] = {
    S.DRAFT: frozenset({S.EXPANDING}),
    S.EXPANDING: frozenset({S.EXPANDED, S.STOPPED}),
    S.EXPANDED: frozenset({S.STOPPED}),
    S.STOPPED: frozenset(),
}
INVITING = (MailingKind.INVITATION, MailingKind.REINVITATION)
SUBJECT_LENGTH = 300
TEXT_LENGTH = 20_000
BATCH = 200
PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
"""A name in braces; `models.Placeholder` lists those that exist."""


@dataclass(frozen=True)
class Progress:
    """How far a mailing is: `recipients` were frozen, `expanded` of them were worked through, and
    `states` counts the mails that came of it (somebody may have unsubscribed in between)."""

    recipients: int
    expanded: int
    states: dict[MailState, int]

    @property
    def mails(self) -> int:
        return sum(self.states.values())

    @property
    def waiting(self) -> int:
        """Mails that are still to go out."""
        states = (MailState.QUEUED, MailState.SENDING, MailState.RETRY)
        return sum(self.states.get(state, 0) for state in states)

    @property
    def finished(self) -> bool:
        return self.expanded >= self.recipients and self.waiting == 0


def draft(
    talk: Talk,
    *,
    kind: MailingKind,
    by: Account | None,
    subject: str = "",
    text: str = "",
    materials: Iterable[int] = (),
) -> Mailing:
    """A new draft; `rendering.wording.wording` has the subject and text to begin with.

    `materials` are the ids of what the mails of kind `materials` tell of.
    """
    mailing = Mailing(
        talk=talk,
        kind=kind,
        state=S.DRAFT,
        subject=subject,
        text=text,
        selection={"materials": sorted(set(materials))},
        account_id=by.id if by is not None else None,
    )
    db.session.add(mailing)
    db.session.flush()
    return mailing


def edit(mailing: Mailing, *, subject: str, text: str) -> None:
    """Set the words of a draft. Raises `RuleError` at the field `subject` or `text` where one is
    empty, too long, or names a placeholder that does not exist."""
    _begin(mailing)
    subject, text = clean(subject), text.replace("\r\n", "\n").strip()
    for field, words, longest in (
        ("subject", subject, SUBJECT_LENGTH),
        ("text", text, TEXT_LENGTH),
    ):
        _check_words(words, field=field, longest=longest)
    mailing.subject, mailing.text = subject, text
    db.session.flush()


def _check_words(words: str, *, field: str, longest: int) -> None:
    if not words:
        raise RuleError("mailing_words_missing", field=field)
    if len(words) > longest:
        raise RuleError("mailing_words_too_long", field=field, length=longest)
    known = set(Placeholder)
    unknown = [name for name in PLACEHOLDER.findall(words) if name not in known]
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in dict.fromkeys(unknown))
        raise RuleError("placeholder_unknown", field=field, names=names)


def choose(
    mailing: Mailing,
    *,
    audiences: Iterable[int] = (),
    contacts: Iterable[int] = (),
    excluded: Iterable[int] = (),
) -> None:
    """Set whom the draft is for, by ids: members of the audiences and the contacts, without the
    excluded. Ids that do not exist choose nobody."""
    _begin(mailing)
    mailing.selection = {
        **mailing.selection,
        "audiences": sorted(set(audiences)),
        "contacts": sorted(set(contacts)),
        "excluded": sorted(set(excluded)),
    }
    db.session.flush()


def send(mailing: Mailing, *, by: Account | None) -> int:
    """Freeze who gets it and ask for the work; returns how many people that is.

    Raises `RuleError` for a mailing that was sent before, lacks words or recipients, or whose talk
    is not published or is cancelled; invitations also once the talk has begun.
    """
    _begin(mailing)
    _check_words(mailing.subject, field="subject", longest=SUBJECT_LENGTH)
    _check_words(mailing.text, field="text", longest=TEXT_LENGTH)
    if mailing.talk.state == TalkState.CANCELLED:
        raise RuleError("mailing_talk_cancelled")
    if mailing.talk.state != TalkState.PUBLISHED:
        raise RuleError("mailing_talk_not_published")
    if mailing.kind in INVITING and times.started(mailing.talk):
        raise RuleError("mailing_talk_started")
    found = [contact.id for contact in recipients(mailing)]
    if not found:
        raise RuleError("mailing_without_recipients", field="audiences")
    mailing.selection = {**mailing.selection, "recipients": found}
    mailing.sent_at = now()
    _move(mailing, S.EXPANDING)
    jobs.enqueue("expand_mailing", key=f"expand_mailing:{mailing.id}", mailing_id=mailing.id)
    audit.record("mailing.sent", mailing, by=by, changes={"recipients": len(found)})
    return len(found)


def expand(mailing: Mailing, *, batch: int = BATCH, ask_calendars: bool = False) -> bool:
    """Write the mails of the next `batch` recipients; True once nothing is left to do.

    Each call belongs in a transaction of its own: `expanded` and the mails stand or fall together,
    so a crash repeats at most one batch, and that one wrote nothing. Who unsubscribed, left or was
    invited by somebody else since the mailing was sent is passed over. `ask_calendars`: answers by
    mail are read, so invitations ask the recipient's calendar (REQUEST) instead of showing a file.
    """
    _lock(mailing)
    if mailing.state != S.EXPANDING:
        return True
    everybody = frozen(mailing)
    ids = everybody[mailing.expanded : mailing.expanded + batch]
    query = select(Contact).where(Contact.id.in_(ids), may_get(mailing))
    found = {contact.id: contact for contact in db.session.scalars(query)}
    for contact_id in ids:
        if contact_id in found:
            _write(mailing, found[contact_id], ask_calendars=ask_calendars)
    mailing.expanded += len(ids)
    if mailing.expanded >= len(everybody):
        _move(mailing, S.EXPANDED)
    db.session.flush()
    return mailing.state == S.EXPANDED


def _write(mailing: Mailing, contact: Contact, *, ask_calendars: bool) -> None:
    talk = mailing.talk
    params: dict[str, object] = {}
    not_after = None
    calendar = None
    if mailing.kind in INVITING:
        invitation = invitations.invite(talk, contact=contact)
        if invitation.answer == Answer.WITHDRAWN:
            invitations.set_answer(invitation, Answer.NONE)
        for purpose in (Purpose.ANSWER, Purpose.ENTER):
            links.contact_link(contact, purpose=purpose, talk=talk)
        links.contact_link(contact, purpose=Purpose.UNSUBSCRIBE)
        not_after = talk.starts_at
        calendar = notices.request(talk, contact) if ask_calendars else None
    elif mailing.kind == MailingKind.MATERIALS:
        links.contact_link(contact, purpose=Purpose.ARCHIVE, talk=talk)
        params["materials"] = mailing.selection.get("materials", [])
    mail.to_contact(
        mailing.kind,
        contact,
        key=f"mailing:{mailing.id}:{contact.id}",
        talk=talk,
        mailing=mailing,
        calendar=calendar,
        not_after=not_after,
        params=params,
    )


def stop(mailing: Mailing, *, by: Account | None) -> int:
    """Let nothing more go out; returns how many waiting mails were stopped. Those that are being
    handed over at this moment still arrive."""
    _lock(mailing)
    _move(mailing, S.STOPPED)
    stopped = mail.abort(mailing)
    audit.record("mailing.stopped", mailing, by=by, changes={"mails": stopped})
    return stopped


def progress(mailing: Mailing) -> Progress:
    """Counts of the mailing's mails by state, in one query; tests to staff do not count."""
    rows = db.session.execute(
        select(Mail.state, func.count(Mail.id))
        .where(Mail.mailing_id == mailing.id, Mail.contact_id.is_not(None))
        .where(Mail.resent_as_id.is_(None))
        .group_by(Mail.state)
    )
    states = {MailState(state): int(count) for state, count in rows}
    return Progress(len(frozen(mailing)), mailing.expanded, states)


def test(mailing: Mailing, *, account: Account, number: int) -> None:
    """Send the mail, as the first recipient would read it, to a member of staff. Its links are
    samples. The same `number` sends nothing twice."""
    first = next(iter(recipients(mailing)), None)
    mail.to_account(
        mailing.kind,
        account,
        key=f"mailing-test:{mailing.id}:{account.id}:{number}",
        talk=mailing.talk,
        mailing=mailing,
        params={"as_contact": first.id if first is not None else None},
    )


def _begin(mailing: Mailing) -> None:
    """Lock a draft for a change; two browsers cannot both send it."""
    _lock(mailing)
    if mailing.state != S.DRAFT:
        raise RuleError("mailing_sent_already")


def _lock(mailing: Mailing) -> None:
    db.session.flush()
    db.session.execute(
        select(Mailing)
        .where(Mailing.id == mailing.id)
        .with_for_update(of=Mailing)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _move(mailing: Mailing, state: MailingState) -> None:
    if state not in MOVES[S(mailing.state)]:
        raise RuleError("mailing_move_forbidden", before=mailing.state, after=state)
    mailing.state = state
