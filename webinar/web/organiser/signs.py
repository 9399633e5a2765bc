"""The words, icons and colours of states at the desk, in one place: for pages and tables alike.

Colours carry nothing alone: a sign is always icon and word. Reads values and queries nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.domain.answer_views import Presence
from webinar.domain.answers import Invitee, Shown
from webinar.domain.outbox import Group, Run
from webinar.domain.participation import TENTATIVE
from webinar.domain.people import Person
from webinar.models import (
    Answer,
    Invitation,
    Mail,
    MailState,
    Mode,
    Registration,
    RegistrationState,
    Source,
)
from webinar.web import filters


@dataclass(frozen=True)
class Sign:
    """`kind`: '', 'yes', 'wait', 'fail' or 'deputy', as the macro `state` takes it."""

    word: str | LazyString
    icon: str
    kind: str = ""
    note: str = ""

    def noted(self, note: str) -> Sign:
        return Sign(self.word, self.icon, self.kind, note)


ANSWERS: dict[Answer, Sign] = {
    Answer.ACCEPTED: Sign(_l("accepted"), "success", "yes"),
    Answer.DELEGATED: Sign(_l("deputy"), "account-circle", "deputy"),
    Answer.DECLINED: Sign(_l("declined"), "close"),
    Answer.NONE: Sign(_l("no answer"), "app-icon--open"),
    Answer.WITHDRAWN: Sign(_l("withdrawn"), "close"),
}
WAITING = Sign(_l("waiting list"), "app-icon--clock", "wait")
UNDELIVERED = Sign(_l("undeliverable"), "danger", "fail")
UNINVITED = Sign(_l("not invited"), "close")
CONFIRMED = Sign(_l("confirmed"), "success", "yes")

PLACES: dict[RegistrationState, Sign] = {
    RegistrationState.CONFIRMED: CONFIRMED,
    RegistrationState.WAITING: WAITING,
    RegistrationState.UNCONFIRMED: Sign(_l("unconfirmed"), "app-icon--clock"),
    RegistrationState.CANCELLED: Sign(_l("declined"), "close"),
    RegistrationState.REFUSED: Sign(_l("refused"), "close"),
}
SOURCES: dict[Source, LazyString] = {
    Source.ANSWER: _l("by the personal link"),
    Source.SERIES: _l("by accepting the series"),
    Source.DEPUTY: _l("as a deputy"),
    Source.FORM: _l("by the public form"),
    Source.OFFICE: _l("by the office"),
}

SHOWN: dict[Shown, LazyString] = {
    Shown.ACCEPTED: _l("accepted"),
    Shown.DELEGATED: _l("deputy"),
    Shown.DECLINED: _l("declined"),
    Shown.NONE: _l("no answer"),
    Shown.WAITING: _l("waiting list"),
    Shown.WITHDRAWN: _l("withdrawn"),
}
SIDES: dict[Mode, LazyString] = {Mode.ONLINE: _l("online"), Mode.HALL: _l("in the hall")}

PRESENCES: dict[Presence, Sign] = {
    Presence.COMING: Sign(_l("somebody comes"), "success", "yes"),
    Presence.WAITING: WAITING,
    Presence.OPEN: Sign(_l("nobody so far"), "app-icon--open", "wait"),
    Presence.DECLINED: Sign(_l("nobody comes"), "danger", "fail"),
    Presence.UNINVITED: UNINVITED,
}
NOBODY_COMES = _l("nobody has a place")

MAILS: dict[MailState, Sign] = {
    MailState.QUEUED: Sign(_l("waiting to be sent"), "app-icon--clock"),
    MailState.SENDING: Sign(_l("being handed over"), "app-icon--clock"),
    MailState.SENT: Sign(_l("sent"), "success", "yes"),
    MailState.RETRY: Sign(_l("new attempt"), "autorenew", "wait"),
    MailState.FAILED: UNDELIVERED,
    MailState.BOUNCED: UNDELIVERED,
    MailState.ABORTED: Sign(_l("stopped"), "close"),
    MailState.OBSOLETE: Sign(_l("no longer needed"), "close"),
}
GROUPS: dict[Group, LazyString] = {
    Group.WAITING: _l("waiting to be sent"),
    Group.RETRY: _l("new attempt"),
    Group.SENT: _l("sent"),
    Group.FAILED: _l("undeliverable"),
    Group.STOPPED: _l("stopped or no longer needed"),
}


def of_mail(mail: Mail) -> Sign:
    """How far the mail is; of one that was sent again, that it was."""
    sign = MAILS[MailState(mail.state)]
    if mail.resent_as_id is None:
        return sign
    return Sign(sign.word, sign.icon, "", _("sent again since"))


def of_invitee(row: Invitee) -> Sign:
    """How the invited person answered, and what became of it."""
    answer = Answer(row.invitation.answer)
    if answer is Answer.NONE and row.undelivered:
        return UNDELIVERED.noted(_("the invitation did not arrive"))
    if answer is Answer.NONE and row.invitation.remark:
        return ANSWERS[answer].noted(_("with reservation"))
    if answer is Answer.NONE:
        day = filters.short_day(row.invitation.created_at)
        return ANSWERS[answer].noted(_("invited on %(day)s", day=day))
    if answer is Answer.DELEGATED and row.deputy is not None:
        who = _("by %(name)s", name=filters.full_name(row.deputy))
        return ANSWERS[answer].noted(", ".join(part for part in (who, _side(row)) if part))
    waiting = row.registration is not None and row.registration.state == RegistrationState.WAITING
    if answer is Answer.ACCEPTED:
        sign = WAITING if waiting else ANSWERS[answer]
        return sign.noted(", ".join(filter(None, (_side(row), _way(row)))))
    return ANSWERS[answer]


def remark_of(invitation: Invitation) -> str:
    """What was said beside the answer: the person's words, or that they cannot say yet."""
    if invitation.remark == TENTATIVE:
        return _("with reservation")
    if invitation.remark and invitation.answer == Answer.NONE:
        return _("with reservation: %(words)s", words=invitation.remark)
    return invitation.remark


def of_person(person: Person) -> Sign:
    """How one person stands, invited or not."""
    refused = RegistrationState.REFUSED
    if person.invitee is not None and not (
        person.registration is not None and person.registration.state == refused
    ):
        return of_invitee(person.invitee)
    if person.registration is None:
        return UNINVITED
    if not person.active:
        return PLACES[RegistrationState(person.registration.state)]
    return of_registration(person.registration, person.position)


def _side(row: Invitee) -> str:
    return "" if row.registration is None else side_of(row.registration, row.position)


def _way(row: Invitee) -> str:
    by_series = row.registration is not None and row.registration.source == Source.SERIES
    return _("by the series") if by_series else ""


def side_of(registration: Registration, position: int | None) -> str:
    """ "online", "im Saal, Platz 2", or "online, wartet auf den Saal, Platz 2"."""
    side = str(SIDES[Mode(registration.mode)])
    if position is None:
        return side
    place = _("place %(number)d", number=position)
    if registration.wanted_mode is None:
        return f"{side}, {place}"
    wish = {Mode.ONLINE: _("waits for a place online"), Mode.HALL: _("waits for the hall")}
    return f"{side}, {wish[Mode(registration.wanted_mode)]}, {place}"


def of_registration(registration: Registration, position: int | None) -> Sign:
    """Whether the place is held or waited for."""
    if registration.state == RegistrationState.WAITING:
        return WAITING.noted(_("place %(number)d", number=position) if position else "")
    if registration.wanted_mode is None:
        return CONFIRMED
    wish = {Mode.ONLINE: _("waits for a place online"), Mode.HALL: _("waits for the hall")}
    place = _("place %(number)d", number=position) if position else ""
    return CONFIRMED.noted(", ".join(filter(None, (wish[Mode(registration.wanted_mode)], place))))


def of_run(run: Run) -> Sign:
    """How far a mailing is."""
    if run.draft:
        return Sign(_("Draft"), "edit")
    failed = run.counts.get(Group.FAILED, 0)
    note = _("%(number)d undeliverable", number=failed) if failed else ""
    if run.stopped:
        return Sign(_("stopped"), "close", "", note)
    if run.under_way:
        return Sign(_("being sent"), "app-icon--clock", "wait", note)
    return Sign(_("sent"), "success", "yes", note)
