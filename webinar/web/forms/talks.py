"""The form of a talk, and in what two versions of it differ. Whom to tell of a move asks
`forms.moves`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from webinar.domain import agendas, questions, times, topics
from webinar.domain.talks import TalkValues
from webinar.errors import RuleError
from webinar.models import Format, Series, Talk, Visibility
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options
from webinar.web.forms.fields import ClockField, DayField, PlacesField
from webinar.web.forms.questions import NAMES, QuestionFields, show_questions, typed_questions
from webinar.web.sentences import sentence

LONG = _l("Please enter at most %(max)d characters.")
USUAL = (time(18), time(19, 30))
COPIED = (
    "title",
    "abstract",
    "zone",
    "format",
    "places_online",
    "places_hall",
    "venue",
    "venue_address",
    "venue_notes",
    "places_per_organisation",
    "took_part_minutes",
    "took_part_percent",
    "visibility",
    "recorded",
    "contact_person",
    "contact_phone",
)
FIELDS = {
    "series_id": ("series",),
    "local_start": ("day", "start"),
    "local_end": ("end",),
    "second_hour": ("hour",),
    "registration_opens_at": ("opens_on", "opens_from"),
    "registration_closes_at": ("closes_on", "closes_at"),
    "questions": NAMES,
}
"""Columns whose fields have other names."""


class TalkForm(QuestionFields, DeskForm):
    """A talk as a whole."""

    series = SelectField(
        _l("Talk series"),
        [InputRequired(message=_l("Please choose a series."))],
        coerce=int,
    )
    title = StringField(
        _l("Title"),
        [DataRequired(message=_l("Please enter a title.")), Length(max=200, message=LONG)],
    )
    abstract = TextAreaField(
        _l("What it is about"),
        [Length(max=20_000, message=LONG)],
        description=_l("Markdown: **bold**, lists with a dash, ## heading, [words](address)."),
    )
    topics = StringField(
        _l("Topics"),
        [Length(max=1000, message=LONG)],
        description=_l("With commas between: building, digitalisation. People search by them."),
    )
    day = DayField(_l("Day"), [InputRequired(message=_l("Please enter the day."))])
    start = ClockField(_l("Begins"), [InputRequired(message=_l("Please enter when it begins."))])
    end = ClockField(_l("Ends"), [InputRequired(message=_l("Please enter when it ends."))])
    hour = RadioField(
        _l("Which hour?"),
        choices=options(
            ("first", _l("the first, in summer time")),
            ("second", _l("the second, in winter time")),
        ),
        validate_choice=False,
    )
    zone = StringField(
        _l("Time zone"),
        [DataRequired(message=_l("Please enter a time zone.")), Length(max=60, message=LONG)],
        default="Europe/Berlin",
    )
    agenda = TextAreaField(
        _l("Agenda"),
        [Length(max=10_000, message=LONG)],
        description=_l("One line each, time first: 18:05 Talk"),
    )
    format = RadioField(
        _l("Where"),
        choices=options(
            (Format.ONLINE.value, _l("online")),
            (Format.ON_SITE.value, _l("in the hall")),
            (Format.HYBRID.value, _l("online and in the hall")),
        ),
        default=Format.ONLINE.value,
    )
    places_online = PlacesField(_l("Places online"), description=_l("Empty: without limit."))
    places_hall = PlacesField(_l("Places in the hall"), description=_l("Empty: without limit."))
    venue = StringField(_l("Venue"), [Length(max=200, message=LONG)])
    venue_address = StringField(_l("Address of the venue"), [Length(max=300, message=LONG)])
    venue_notes = TextAreaField(
        _l("Getting there"),
        [Length(max=2000, message=LONG)],
        description=_l("Access without steps, hearing loop, parking."),
    )
    opens_on = DayField(
        _l("Registration opens on"), description=_l("Empty: as soon as the talk is published.")
    )
    opens_from = ClockField(_l("from"), description=_l("Empty: at the beginning of the day."))
    closes_on = DayField(
        _l("Registration closes on"), description=_l("Empty: when the talk starts.")
    )
    closes_at = ClockField(_l("at"), description=_l("Empty: at the end of the day."))
    places_per_organisation = PlacesField(
        _l("Places per municipality or office"),
        description=_l("Online and in the hall together. Empty: without limit."),
    )
    took_part_minutes = PlacesField(
        _l("Took part: minutes online"),
        description=_l("Who was there so long took part. Empty: as usual, or as the share says."),
    )
    took_part_percent = PlacesField(
        _l("Took part: share of the talk in percent"),
        description=_l("From 1 to 100, instead of minutes."),
    )
    visibility = RadioField(
        _l("Who can register"),
        choices=options(
            (Visibility.INVITED.value, _l("invited people only")),
            (Visibility.PUBLIC.value, _l("everybody")),
        ),
        default=Visibility.INVITED.value,
    )
    recorded = BooleanField(_l("The talk is recorded"))
    contact_person = StringField(_l("Contact person"), [Length(max=200, message=LONG)])
    contact_phone = StringField(_l("Telephone"), [Length(max=60, message=LONG)])
    dial_in_pin = StringField(
        _l("PIN for joining by telephone"),
        [Length(max=60, message=LONG)],
        description=_l("As your Jitsi server shows it for this room. Empty: not by telephone."),
    )
    revision = HiddenField()
    template = HiddenField()
    copy_speakers = BooleanField(_l("Take over the speakers"))
    copy_invited = BooleanField(
        _l("Take over who was invited"),
        description=_l("As a draft of the invitation. Nothing is sent before you send it."),
    )

    def validate_agenda(self, field: TextAreaField) -> None:
        """Name the bad line together with whatever else is wrong, not after it."""
        try:
            agendas.read(field.data or "")
        except RuleError as error:
            raise ValidationError(sentence(error)) from error

    def validate_topics(self, field: StringField) -> None:
        """Name what is wrong with a topic beside the other mistakes."""
        try:
            topics.read(field.data or "")
        except RuleError as error:
            raise ValidationError(sentence(error)) from error

    def offer(self, series: list[Series]) -> None:
        """The series to choose from."""
        self.series.choices = [(one.id, one.name) for one in series]

    def begin(self) -> None:
        """The usual evening, for a talk that does not exist yet."""
        self.start.data, self.end.data = USUAL

    def fill(self, talk: Talk) -> None:
        """Show the talk as it is stored."""
        self.copy_of(talk)
        self.dial_in_pin.data = talk.dial_in_pin
        self.day.data = talk.local_start.date()
        self.hour.data = "second" if talk.second_hour else None
        opens, closes = times.local_opening(talk), times.local_closing(talk)
        self.opens_on.data = opens.date() if opens else None
        self.opens_from.data = opens.time() if opens else None
        self.closes_on.data = closes.date() if closes else None
        self.closes_at.data = closes.time() if closes else None
        self.revision.data = str(talk.revision)

    def copy_of(self, talk: Talk) -> None:
        """Show what a new talk takes from an old one: everything but its day."""
        for name in COPIED:
            self[name].data = getattr(talk, name)
        self.series.data = talk.series_id
        self.agenda.data = agendas.written(talk.agenda)
        self.topics.data = topics.written(talk)
        self.start.data, self.end.data = talk.local_start.time(), talk.local_end.time()
        show_questions(self, questions.values_of(talk))

    def shown_revision(self) -> int:
        """Which state of the talk the form was filled from; 0 for nonsense."""
        raw = self.revision.data or ""
        return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 9 else 0

    def values(self) -> TalkValues:
        """What was typed, as the domain takes it; only after the fields were found in order."""
        assert self.day.data is not None  # noqa: S101  required
        assert self.start.data is not None  # noqa: S101
        assert self.end.data is not None  # noqa: S101
        return TalkValues(
            series_id=self.series.data,
            title=self.title.data or "",
            abstract=self.abstract.data or "",
            agenda=self.agenda.data or "",
            day=self.day.data,
            start=self.start.data,
            end=self.end.data,
            second_hour={"first": False, "second": True}.get(self.hour.data or ""),
            zone=(self.zone.data or "").strip(),
            format=Format(self.format.data),
            places_online=self.places_online.data,
            places_hall=self.places_hall.data,
            venue=self.venue.data or "",
            venue_address=self.venue_address.data or "",
            venue_notes=self.venue_notes.data or "",
            opens_on=self.opens_on.data,
            opens_from=self.opens_from.data,
            closes_on=self.closes_on.data,
            closes_at=self.closes_at.data,
            places_per_organisation=self.places_per_organisation.data,
            took_part_minutes=self.took_part_minutes.data,
            took_part_percent=self.took_part_percent.data,
            visibility=Visibility(self.visibility.data),
            recorded=bool(self.recorded.data),
            contact_person=self.contact_person.data or "",
            contact_phone=self.contact_phone.data or "",
            dial_in_pin=self.dial_in_pin.data,
            topics=self.topics.data or "",
            questions=typed_questions(self),
        )

    @property
    def options(self) -> bool:
        """Whether one of the rarer options is used or wrong, so that the page shows them open."""
        names = (
            *("opens_on", "opens_from", "places_per_organisation"),
            *("took_part_minutes", "took_part_percent"),
            *NAMES,
        )
        shown = [self[name] for name in names if not name.endswith("_kind")]
        return any(field.data or field.errors for field in shown)


class StoredTalk(TalkForm):
    """The form filled from the stored talk, whatever the request sends: to compare with."""

    def __init__(self, talk: Talk, series: list[Series]) -> None:
        FlaskForm.__init__(self, formdata=None)
        self.offer(series)
        self.fill(talk)


def shown(field: Field) -> str:
    """What a field holds, in the words of the page."""
    if isinstance(field, (RadioField, SelectField)):
        labels = (str(label) for _value, label, chosen, _more in field.iter_choices() if chosen)
        return next(labels, "")
    if isinstance(field, BooleanField):
        return str(_l("yes") if field.data else _l("no"))
    data = field.data
    if isinstance(data, date):
        return f"{data:%d.%m.%Y}"
    if isinstance(data, time):
        return f"{data:%H:%M}"
    return "" if data is None else str(data).replace("\r\n", "\n").strip()


def differences(
    form: TalkForm, stored: StoredTalk, *, columns: Iterable[str]
) -> list[tuple[Field, str, str]]:
    """The fields of those columns whose two versions differ: the field, what is stored, what was
    typed."""
    names = [name for column in columns for name in FIELDS.get(column, (column,))]
    pairs = [(form[name], shown(stored[name]), shown(form[name])) for name in names if name in form]
    return [pair for pair in pairs if pair[1] != pair[2]]
