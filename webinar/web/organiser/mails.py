"""All messages that the program sends: state, recipient, what about, and why one did not arrive."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import outbox, talks
from webinar.domain.outbox import Group
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import Contact, Mail, MailState, Talk
from webinar.rendering.salutations import sorted_name
from webinar.web.numbers import row_number, searched
from webinar.web.organiser import invitation_lists, mail_words, signs
from webinar.web.organiser.signs import Sign
from webinar.web.paging import page_of

blueprint = Blueprint("mails", __name__)

HERE = "mails"


@dataclass(frozen=True)
class Row:
    """`name` as lists sort it, `office` beneath it."""

    mail: Mail
    name: str
    office: str
    kind: str
    sign: Sign
    why: str


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The newest first; with a talk in the address, its tab."""
    talk_id = request.args.get("talk", type=row_number)
    talk = talks.find(talk_id) if talk_id is not None else None
    asked = request.args.get("state", "")
    group = Group(asked) if asked in list(Group) else None
    text = searched()
    page = page_of(outbox.mails(text=text, group=group, talk=talk))
    return render_template(
        "organiser/mails/index.html",
        here="talks" if talk is not None else HERE,
        talk=talk,
        group=group,
        groups=signs.GROUPS,
        text=text,
        talks=[] if talk is not None else _talks(),
        page=page,
        rows=[row_of(mail) for mail in page.rows],
        narrowed=bool(text or group),
    )


@blueprint.get("/<int:mail_id>")
def show(mail_id: int) -> ResponseReturnValue:
    """One message: how it went, and its text once it is fixed."""
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
    subject, text = mail_words.plain_text(mail.content) if mail.content else ("", "")
    return render_template(
        "organiser/mails/show.html",
        here=HERE,
        row=row_of(mail),
        subject=subject,
        text=text,
        waiting=mail.state in (MailState.QUEUED, MailState.SENDING, MailState.RETRY),
    )


def row_of(mail: Mail) -> Row:
    """The mail ready to print."""
    name, office = _recipient(mail)
    return Row(
        mail=mail,
        name=name,
        office=office,
        kind=mail_words.template(mail),
        sign=signs.MAILS[MailState(mail.state)],
        why=mail_words.why(mail),
    )


def _recipient(mail: Mail) -> tuple[str, str]:
    person = mail.contact or mail.speaker
    if person is not None:
        name = sorted_name(
            title=person.title, first_name=person.first_name, last_name=person.last_name
        )
        office = invitation_lists.office_line(mail.contact) if mail.contact is not None else ""
        return name, office
    return (mail.account.name if mail.account is not None else mail.recipient), ""


def _talks() -> list[Talk]:
    """The talks that there are messages about, the newest first: for the filter."""
    with_mails = select(Mail.talk_id).where(Mail.talk_id.is_not(None))
    query = select(Talk).where(Talk.id.in_(with_mails)).order_by(Talk.starts_at.desc(), Talk.id)
    return list(db.session.scalars(query))
