"""All messages that the program sends: state, recipient, what about, and why one did not arrive.

What an organiser does about one is `webinar.web.organiser.mail_acts`'.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import contact_addresses, mail_acts, mail_health, outbox, shares
from webinar.domain.mail import MOVES
from webinar.domain.outbox import Group, Narrowing
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Contact, Mail, MailState, Talk
from webinar.rendering.salutations import sorted_name
from webinar.web.filters import anonymous
from webinar.web.forms.addresses import AddressForm
from webinar.web.guards import account
from webinar.web.numbers import row_number, searched
from webinar.web.organiser import invitation_lists, mail_causes, mail_words, signs
from webinar.web.organiser.signs import Sign
from webinar.web.paging import page_of
from webinar.web.sentences import sentence

blueprint = Blueprint("mails", __name__)

HERE = "mails"


@dataclass(frozen=True)
class Row:
    """`name` as lists sort it, `office` beneath it; `advice` is what can be done."""

    mail: Mail
    name: str
    office: str
    kind: str
    sign: Sign
    why: str
    advice: str


@dataclass(frozen=True)
class Acts:
    """What can be done about one mail; `why_not` says what keeps it from going out again."""

    again: bool = False
    stop: bool = False
    resend: bool = False
    correct: bool = False
    why_not: str = ""

    @property
    def any(self) -> bool:
        return self.again or self.stop or self.resend or self.correct


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The newest first; with a talk in the address, its tab."""
    narrowing = asked_for()
    page = page_of(outbox.mails(narrowing))
    health = mail_health.health()
    trouble = health.trouble
    return render_template(
        "organiser/mails/index.html",
        here="talks" if narrowing.talk is not None else HERE,
        talk=narrowing.talk,
        group=narrowing.group,
        groups=signs.GROUPS,
        text=narrowing.text,
        talks=[] if narrowing.talk is not None else _talks(),
        page=page,
        rows=[row_of(mail) for mail in page.rows],
        narrowed=bool(narrowing.text or narrowing.group),
        filters=filters_of(narrowing),
        health=health,
        trouble=mail_causes.found(trouble.reply) if trouble is not None else None,
    )


def asked_for() -> Narrowing:
    """The list that the address names."""
    talk_id = request.args.get("talk", type=row_number)
    asked = request.args.get("state", "")
    return Narrowing(
        text=searched(),
        group=Group(asked) if asked in list(Group) else None,
        talk=shares.seen_talk(talk_id, by=account()) if talk_id is not None else None,
        seen=shares.talk_seen_by(account()),
    )


def filters_of(narrowing: Narrowing) -> dict[str, str]:
    """The same list as parts of an address."""
    found = {
        "q": narrowing.text,
        "state": narrowing.group or "",
        "talk": str(narrowing.talk.id) if narrowing.talk is not None else "",
    }
    return {name: str(value) for name, value in found.items() if value}


@blueprint.get("/<int:mail_id>")
def show(mail_id: int) -> ResponseReturnValue:
    """One message: how it went, what can be done, and its text once it is fixed."""
    mail = mail_of(mail_id)
    return page_of_mail(mail, form_of(mail))


def form_of(mail: Mail) -> AddressForm:
    """The form for the right address."""
    form = AddressForm()
    if mail.contact is not None:
        form.prepare(mail.contact)
    return form


def page_of_mail(
    mail: Mail, form: AddressForm, *, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    """The page about the mail; `problem` says what kept an act from being done."""
    subject, text = mail_words.plain_text(mail.content) if mail.content else ("", "")
    shared = contact_addresses.others_at(mail.contact) if mail.contact is not None else []
    page = render_template(
        "organiser/mails/show.html",
        here=HERE,
        row=row_of(mail),
        subject=subject,
        text=text,
        waiting=mail.state in (MailState.QUEUED, MailState.SENDING, MailState.RETRY),
        acts=_acts(mail),
        form=form,
        shared=shared,
        problem=problem,
        instead_of=_instead_of(mail),
    )
    return page, status


def mail_of(mail_id: int) -> Mail:
    """The mail with all that its page shows, or `NotThere`."""
    mail = db.session.scalar(
        select(Mail)
        .where(Mail.id == mail_id)
        .options(
            joinedload(Mail.contact).joinedload(Contact.organisation),
            joinedload(Mail.speaker),
            joinedload(Mail.account),
            joinedload(Mail.talk),
        )
    )
    if mail is None:
        raise NotThere("record_missing")
    if mail.talk_id is not None:
        shares.seen_talk(mail.talk_id, by=account())
    return mail


def _acts(mail: Mail) -> Acts:
    state = MailState(mail.state)
    if mail.resent_as_id is not None or state is MailState.SENDING:
        return Acts()
    stop = state in mail_acts.WAITING
    reason = mail_acts.why_not_resent(mail)
    if reason is not None:
        gone_out = state is MailState.SENT
        return Acts(stop=stop, why_not="" if gone_out else sentence(RuleError(reason.value)))
    moved = mail.contact is not None and mail.contact.email != mail.recipient
    tried = MailState.QUEUED in MOVES[state] and not moved
    return Acts(
        again=tried and mail_acts.why_unwanted(mail) is None,
        stop=stop,
        resend=True,
        correct=mail.contact is not None and state in mail_acts.CORRECTABLE,
    )


def _instead_of(mail: Mail) -> int | None:
    """The mail in whose place this one was sent."""
    return db.session.scalar(select(Mail.id).where(Mail.resent_as_id == mail.id))


def row_of(mail: Mail) -> Row:
    """The mail ready to print."""
    name, office = _recipient(mail)
    return Row(
        mail=mail,
        name=name,
        office=office,
        kind=mail_words.template(mail),
        sign=signs.of_mail(mail),
        why=mail_words.why(mail),
        advice=mail_words.advice(mail),
    )


def _recipient(mail: Mail) -> tuple[str, str]:
    person = mail.contact or mail.speaker
    if person is not None:
        name = sorted_name(
            title=person.title, first_name=person.first_name, last_name=person.last_name
        )
        office = invitation_lists.office_line(mail.contact) if mail.contact is not None else ""
        return name, office
    name = mail.account.name if mail.account is not None else mail.recipient
    return name or anonymous(), ""


def _talks() -> list[Talk]:
    """The talks that there are messages about, the newest first: for the filter."""
    with_mails = select(Mail.id).where(Mail.talk_id == Talk.id).exists()
    seen = shares.talk_seen_by(account())
    query = select(Talk).where(with_mails, seen).order_by(Talk.starts_at.desc(), Talk.id)
    return list(db.session.scalars(query))
