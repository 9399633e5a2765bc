"""The sample data: address book, series, six evenings with all that became of them.

Written through the same domain functions that the pages call, with the clock held at the moment
when each thing is supposed to have happened, in one transaction: there is all of it or none. What
became of one evening is `history`'s; the words are `content`'s, the people `data/contacts.csv`'s.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

from flask_security import hash_password
from sqlalchemy import func, select

from webinar import clock
from webinar.adapters.documents.photos import photo
from webinar.adapters.spreadsheet import read_table
from webinar.adapters.storage import Storage, storage_of
from webinar.config import Settings
from webinar.demo import aftermath, content, history, portraits
from webinar.demo.content_types import DatedTalk, DemoSpeaker
from webinar.demo.environment import ORGANISER
from webinar.demo.stage import Desk, at, moment, working_day
from webinar.domain import accounts, contact_imports, series, speakers, subscriptions
from webinar.domain.series import SeriesValues
from webinar.domain.speakers import SpeakerValues
from webinar.extensions import db
from webinar.models import (
    Account,
    Audience,
    Contact,
    ContactForm,
    Organisation,
    OrganisationKind,
    Role,
    Series,
    Speaker,
)

CONTACTS = Path(__file__).parent / "data" / "contacts.csv"
MAYORS = "Bürgermeisterinnen und Bürgermeister"
INVITED_TODAY = 12
HALL_WISHES = 48
"""A few more than the hall of the next evening holds, so that some wait."""
_PHOTO_LIMIT = 1024 * 1024
_FORMS = {"Herr": ContactForm.HERR, "Frau": ContactForm.FRAU}


def needed() -> bool:
    """Whether nothing was loaded yet: a database in which somebody can sign in is left alone."""
    return not db.session.scalar(select(func.count(Account.id)))


def load(*, settings: Settings, password: str, today: date | None = None) -> None:
    """Write everything around `today` and commit; files of an attempt that fails are removed."""
    storage = storage_of(settings)
    before = set(storage.keys())
    try:
        _write(settings, storage, password, today or clock.berlin(clock.now()).date())
        db.session.commit()
    except BaseException:
        db.session.rollback()
        for key in set(storage.keys()) - before:
            storage.delete(key)
        raise


def _write(settings: Settings, storage: Storage, password: str, today: date) -> None:
    past, coming = content.past_talks(today), content.coming_talks(today)
    with at(moment(working_day(past[0].day - timedelta(days=50)), 9, 30)):
        account = _account(password)
        _contacts(account)
        evenings = _series(account)
    desk = Desk(
        account=account,
        series=evenings,
        speaker=_speakers(account, storage),
        storage=storage,
        mail_domain=settings.mail_domain,
        retention_days=settings.retention_days,
        chance=random.Random(content.SERIES.slug),
    )
    audiences = db.session.scalars(select(Audience).order_by(Audience.sort_key)).all()
    for evening in past:
        history.past(desk, evening, audiences=audiences)
    _unsubscribe(past[-1].day)
    _coming(desk, coming, audiences, today)


def _coming(
    desk: Desk, coming: tuple[DatedTalk, ...], audiences: Sequence[Audience], today: date
) -> None:
    """The next evening is filling, the second is announced, the third is being written."""
    following, announced, drafted = coming
    others = [audience for audience in audiences if audience.name != MAYORS]
    talk = history.announce(desk, following, on=working_day(today - timedelta(days=12)))
    history.invite(
        desk, talk, audiences=others, when=moment(working_day(today - timedelta(days=9)), 9, 15)
    )
    until = moment(today - timedelta(days=1), 19, 0)
    history.answers(desk, talk, until=until, hall_wishes=HALL_WISHES)
    history.announce(desk, announced, on=working_day(today - timedelta(days=5)))
    with at(moment(working_day(today - timedelta(days=3)), 14, 20)):
        history.draft(desk, drafted)
    aftermath.deliver_past()
    # Not of the past: the worker sends these, and the mailbox has something to click.
    history.invite(desk, talk, contacts=_mayors(), when=None)


def _account(password: str) -> Account:
    return accounts.create(
        email=ORGANISER,
        name=content.SERIES.contact_person,
        role=Role.ADMIN,
        password=password,
        hashed=str(hash_password(password)),
    )


def _contacts(by: Account) -> None:
    """Import the table as an organiser would, and say that its municipalities are the county's."""
    table = read_table(CONTACTS.read_bytes(), filename=CONTACTS.name)
    upload = contact_imports.start(
        CONTACTS.name, content=CONTACTS.read_bytes(), headers=table.headers, by=by
    )
    rows = contact_imports.candidates(upload, rows=table.rows, width=len(table.headers))
    found = contact_imports.review(upload, rows)
    contact_imports.confirm(upload, rows, fingerprint=found.fingerprint, by=by)
    for organisation in db.session.scalars(select(Organisation)):
        organisation.in_county = organisation.kind == OrganisationKind.MUNICIPALITY


def _series(by: Account) -> Series:
    given = content.SERIES
    values = SeriesValues(
        name=given.name,
        description=given.description,
        host=given.host,
        signature=given.signature,
    )
    return series.create(values, by=by)


def _speakers(by: Account, storage: Storage) -> Callable[[DemoSpeaker], Speaker]:
    """Gives the speaker's row, made when it is first asked for."""
    made: dict[str, Speaker] = {}

    def find(given: DemoSpeaker) -> Speaker:
        if given.email not in made:
            made[given.email] = _speaker(given, by, storage)
        return made[given.email]

    return find


def _speaker(given: DemoSpeaker, by: Account, storage: Storage) -> Speaker:
    drawn = photo(BytesIO(portraits.draw(given.name)))
    stored = storage.put(BytesIO(drawn), limit=_PHOTO_LIMIT)
    values = SpeakerValues(
        form=_FORMS.get(given.form, ContactForm.NEUTRAL),
        title=given.title,
        first_name=given.first_name,
        last_name=given.last_name,
        role=given.role,
        organisation=given.organisation,
        email=given.email,
        biography=given.biography,
        photo_key=stored.key,
        photo_credit=portraits.CREDIT,
        photo_alt=given.photo_alt,
    )
    return speakers.create(values, by=by)


def _unsubscribe(day: date) -> None:
    """Two people of the past want no more invitations."""
    query = select(Contact).order_by(Contact.sort_key, Contact.id)
    for number, contact in enumerate(db.session.scalars(query).all()[20:100:60]):
        with at(moment(day + timedelta(days=8 + number), 8, 40)):
            subscriptions.unsubscribe(contact)


def _mayors() -> list[Contact]:
    query = (
        select(Contact)
        .join(Contact.audiences)
        .where(Audience.name == MAYORS, Contact.unsubscribed_at.is_(None))
        .order_by(Contact.sort_key, Contact.id)
        .limit(INVITED_TODAY)
    )
    return list(db.session.scalars(query))
