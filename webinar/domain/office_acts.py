"""What the office does for one person at one talk: an answer given by telephone, a registration by
hand, an exclusion, the personal link.

Each act takes down who did it (`by`) and whether the person is told (`notify`). What becomes of
invitation and place together is `domain.participation`'s, the order of the queue
`domain.waiting_list`'s; what the desk shows of a person reads `domain.people`.
"""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from webinar.clock import now
from webinar.domain import (
    answering,
    audit,
    contacts,
    invitations,
    links,
    mail,
    notices,
    participation,
    registrations,
    times,
)
from webinar.domain.contacts import ContactData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Contact,
    Link,
    Mode,
    Purpose,
    Registration,
    Talk,
    TalkState,
)
from webinar.text import normalise_address

REISSUED = (Purpose.ANSWER, Purpose.ENTER, Purpose.ARCHIVE)
"""What a mail about a talk carries: whoever read one link of it read them all. The personal page
goes with them, since it leads to the archive too; its owner asks for a new link at any time."""


def take_down(
    talk: Talk, *, contact: Contact, mode: Mode | None, by: Account, notify: bool = True
) -> Registration | None:
    """Take down the answer that somebody gave by telephone: the side, or None for a refusal.

    Raises what `participation.accept` and `decline` raise, and `RuleError("contact_deactivated")`.
    """
    begin(talk, contact=contact)
    if mode is None:
        _decline(talk, contact=contact, by=by, notify=notify)
        return None
    held = registrations.active_registration(talk, contact=contact)
    before = None if held is None else [held.mode, held.wanted_mode]
    found = participation.register_by_hand(talk, contact=contact, mode=mode, by=by, notify=notify)
    after = [found.mode, found.wanted_mode]
    if before is not None and before != after:
        changes = {"side": [before, after]}
        audit.record("registration.side_changed", found, by=by, changes=changes)
    return found


def _decline(talk: Talk, *, contact: Contact, by: Account, notify: bool) -> None:
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is not None:
        participation.decline(invitation, by=by, notify=notify)
        return
    held = registrations.active_registration(talk, contact=contact)
    if held is not None:
        participation.cancel_registration(held, by=by, notify=notify)
        audit.record("registration.cancelled", held, by=by)


def person_for(
    data: ContactData, *, by: Account, decision: str = "", other: Contact | None = None
) -> Contact:
    """The contact of that name at that address, or a new one.

    Somebody else at the address is a question, as in the address book (`contacts.create`).
    """
    key = contacts.name_key(data.first_name, data.last_name)
    for known in contacts.at_address(normalise_address(data.email)):
        if known.name_key == key:
            return known
    return contacts.create(data, by=by, decision=decision, other=other)


def exclude(talk: Talk, *, contact: Contact, by: Account, notify: bool = True) -> None:
    """Take the invitation back and free the place. Repeating it changes nothing."""
    begin(talk, contact=contact)
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is None:
        raise RuleError("not_invited")
    if invitation.answer != Answer.WITHDRAWN:
        participation.withdraw(invitation, by=by, notify=notify)


def send_link(talk: Talk, *, contact: Contact, number: int, by: Account) -> None:
    """Mail the link that the person has already, for the `number`-th time: until the end of the
    talk the personal one (who calls then is looking for the room), afterwards the archive's. The
    same number sends one mail, so a double click is one and a deliberate resend another."""
    _begin_link(talk, contact)
    link = links.contact_link(contact, purpose=_wanted(talk), talk=talk)
    if _mail_link(talk, link, contact=contact, number=number):
        audit.record("link.sent", link, by=by)


def reissue_link(talk: Talk, *, contact: Contact, by: Account, notify: bool = True) -> None:
    """Replace the person's links to the talk; the old ones stop at once, and nobody else's do.

    Until the end the calendar holds one of them, so the mail with the new link carries the entry
    again; afterwards the mail brings the link to the archive.
    """
    _begin_link(talk, contact)
    wanted = links.contact_link(contact, purpose=_wanted(talk), talk=talk)
    for link in _links(talk, contact):
        links.reissue(link)
    db.session.flush()
    audit.record("link.reissued", wanted, by=by, changes={"version": wanted.version})
    if notify:
        _mail_link(talk, wanted, contact=contact, number=1, renewed=True)


def begin(talk: Talk, *, contact: Contact) -> None:
    """Lock the talk and check that the office can still do something for this person."""
    registrations.lock(talk)
    answering.check_open(talk)
    _check_reachable(talk, contact)


def _check_reachable(talk: Talk, contact: Contact) -> None:
    if talk.state != TalkState.PUBLISHED:
        raise RuleError("talk_not_published")
    if not contact.active:
        raise RuleError("contact_deactivated")


def _begin_link(talk: Talk, contact: Contact) -> None:
    """Lock the talk and check that the person holds a link to it."""
    registrations.lock(talk)
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    _check_reachable(talk, contact)
    _check_holder(talk, contact)


def _wanted(talk: Talk) -> Purpose:
    """What the person needs: the way into the evening, or to what is left of it."""
    return Purpose.ARCHIVE if times.end(talk) <= now() else Purpose.ANSWER


def _check_holder(talk: Talk, contact: Contact) -> None:
    """A link that opens a closed page helps nobody."""
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is not None and invitation.answer != Answer.WITHDRAWN:
        return
    if registrations.active_registration(talk, contact=contact) is not None:
        return
    over = _wanted(talk) is Purpose.ARCHIVE
    if not over or not links.find_contact_link(contact, purpose=Purpose.ARCHIVE, talk=talk):
        raise RuleError("not_invited")


def _links(talk: Talk, contact: Contact) -> list[Link]:
    query = (
        select(Link)
        .where(
            Link.contact_id == contact.id,
            or_(
                and_(Link.talk_id == talk.id, Link.purpose.in_(REISSUED)),
                Link.purpose == Purpose.PREFERENCES,
            ),
        )
        .with_for_update(of=Link)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query.order_by(Link.id)))


def _mail_link(
    talk: Talk, link: Link, *, contact: Contact, number: int, renewed: bool = False
) -> bool:
    """Whether a mail was written: not where this number has gone out before."""
    archive = link.purpose == Purpose.ARCHIVE
    template = "archive_link" if archive else "personal_link"
    key = f"{template.replace('_', '-')}:{link.id}:{link.version}:{number}"
    if mail.written(key):
        return False
    confirmed = renewed and not archive
    mail.to_contact(
        template,
        contact,
        key=key,
        talk=talk,
        calendar=notices.request_if_confirmed(talk, contact) if confirmed else None,
        not_after=None if archive else times.end(talk),
        params={"version": link.version, "renewed": renewed},
    )
    return True
