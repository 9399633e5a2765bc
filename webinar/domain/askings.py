"""The asking between an invited person and a deputy: found, taken back, ended, and who is told.

The lower half of rule 5. `domain.participation` calls it, so that whoever answers for an inviter or
a deputy, by link or at the desk, leaves no asking behind that contradicts the answers. The talk is
locked by the caller, who sets the inviter's answer and promotes afterwards. Who can be named, and
naming itself, is `domain.deputies`'.
"""

from __future__ import annotations

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import audit, invitations, mail, notices, registrations, times
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Deputy,
    Invitation,
    Registration,
    RegistrationState,
    Source,
    Talk,
)


def sent_by(invitation: Invitation) -> Deputy | None:
    """The asking by which this invited person sends somebody, if there is one."""
    return db.session.scalar(
        select(Deputy).where(Deputy.invitation_id == invitation.id, Deputy.ended_at.is_(None))
    )


def received_by(invitation: Invitation) -> Deputy | None:
    """The asking by which this person comes for somebody, if there is one."""
    return db.session.scalar(
        select(Deputy).where(
            Deputy.deputy_invitation_id == invitation.id, Deputy.ended_at.is_(None)
        )
    )


def dissolve(invitation: Invitation, *, by: Account | None = None, notify: bool = True) -> bool:
    """End whatever asking the invitation is part of, since its person does not come; returns
    whether there was one, so that places can have become free."""
    asking = sent_by(invitation)
    if asking is not None:
        take_back(asking, returning=False, notify=notify)
        return True
    return deputy_gone(invitation, by=by, notify=notify)


def take_back(asking: Deputy, *, returning: bool, notify: bool = True) -> Registration | None:
    """End the asking from the inviter's side and tell the deputy; returns the inviter's place.

    `returning`: the place that the deputy holds by the asking goes to the inviter as it is, with
    its side and its time of arrival; else it becomes free. A place of the deputy's own stays.
    """
    talk, deputy = asking.invitation.talk, asking.deputy_invitation
    place = registrations.active_registration(talk, contact=deputy.contact)
    asked = place is not None and place.source == Source.DEPUTY
    keeps = place is not None and not asked and asking.invited_before
    waited = _earlier_wait(asking) if asking.invited_before else None
    back = None
    if place is not None and asked and returning:
        back = registrations.pass_on(
            place,
            contact=asking.invitation.contact,
            invitation=asking.invitation,
            source=Source.ANSWER,
        )
    elif place is not None and not keeps:
        registrations.end(place)
    asking.ended_at = now()
    again = registrations.wait_again(waited) if waited is not None and not keeps else None
    if not keeps and again is None and deputy.answer != Answer.WITHDRAWN:
        invitations.set_answer(deputy, Answer.NONE if asking.invited_before else Answer.WITHDRAWN)
    db.session.flush()
    if notify:
        _tell_deputy(asking, talk, keeps=keeps)
    if notify and again is not None:
        notices.place(talk, again, reason="taken_back")
    return back


def both_come(asking: Deputy) -> None:
    """The inviter comes after all and the deputy as well, who keeps invitation and place."""
    asking.ended_at = now()
    db.session.flush()


def _earlier_wait(asking: Deputy) -> Registration | None:
    """The waiting place that the deputy gave up when the inviter's place came; its turn was kept
    in the row and is given back."""
    deputy = asking.deputy_invitation
    return db.session.scalar(
        select(Registration)
        .where(
            Registration.talk_id == deputy.talk_id,
            Registration.contact_id == deputy.contact_id,
            Registration.state == RegistrationState.CANCELLED,
            Registration.source != Source.DEPUTY,
            Registration.confirmed_at.is_(None),
            Registration.ended_at >= asking.created_at,
        )
        .order_by(Registration.id.desc())
        .limit(1)
    )


def _tell_deputy(asking: Deputy, talk: Talk, *, keeps: bool) -> None:
    contact, key = asking.deputy_invitation.contact, f"deputy-ended:{asking.id}"
    params = {"inviter": asking.invitation.contact_id, "invited": asking.invited_before}
    params["keeps"] = keeps
    if not keeps:
        notices.end(talk, contact, key=key, template="deputy_ended", params=params)
        return
    mail.to_contact(
        "deputy_ended", contact, key=key, talk=talk, params=params, not_after=times.end(talk)
    )


def deputy_gone(invitation: Invitation, *, by: Account | None = None, notify: bool = True) -> bool:
    """The deputy of this invitation does not come: the inviter is told and can answer anew.

    The place is not the inviter's any more; it goes to the next in line (rule 3). Returns whether
    somebody had asked.
    """
    asking = received_by(invitation)
    if asking is None:
        return False
    asking.ended_at = now()
    inviter = asking.invitation
    if inviter.answer == Answer.DELEGATED:
        invitations.set_answer(inviter, Answer.NONE)
        if by is not None:
            changes = {"answer": [Answer.DELEGATED.value, Answer.NONE.value]}
            audit.record("invitation.answered", inviter, by=by, changes=changes)
    db.session.flush()
    if notify and inviter.answer == Answer.NONE:
        tell_open_again(asking, reason="deputy_declined")
    return True


def tell_open_again(asking: Deputy, *, reason: str) -> None:
    """Mail the inviter that the asking has ended and that the invitation is open again."""
    talk = asking.invitation.talk
    mail.to_contact(
        "reopened",
        asking.invitation.contact,
        key=f"reopened:{asking.id}",
        talk=talk,
        not_after=talk.starts_at,
        params={
            "reason": reason,
            "deputy": asking.deputy_invitation.contact_id,
            "open": times.registration_open(talk),
        },
    )
