"""Forms of the archive at the desk: a file, a link, what is said of them, and for whom they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    Form,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional

from webinar.domain import times
from webinar.domain.objections import OWN
from webinar.domain.releases import Access
from webinar.models import Grantee, Material, MaterialKind
from webinar.web.filters import file_size, full_name
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options
from webinar.web.forms.fields import ClockField, DayField

KINDS = options(
    (MaterialKind.SLIDES.value, _l("Slides: PDF, PPTX or ODP")),
    (MaterialKind.RECORDING.value, _l("Recording: MP4 or WebM")),
    (MaterialKind.HANDOUT.value, _l("Handout: PDF, DOCX, ODT, XLSX, ODS, PPTX, ODP, PNG or JPEG")),
)
ACCEPT = ".pdf,.pptx,.odp,.docx,.odt,.xlsx,.ods,.png,.jpg,.jpeg,.mp4,.webm"
LONG = _l("Please enter at most %(max)d characters.")
CHOICES: dict[str, frozenset[Grantee]] = {
    "both": frozenset({Grantee.INVITED, Grantee.REGISTERED}),
    "registered": frozenset({Grantee.REGISTERED}),
    "audiences": frozenset(),
    "everyone": frozenset({Grantee.EVERYONE}),
}
WHO = options(
    ("both", _l("Everyone who was invited or registered")),
    ("registered", _l("Only those who registered or took part")),
    ("audiences", _l("Only the audiences below")),
    ("everyone", _l("Everyone, on the public page of the talk too")),
)
WHEN = options(("now", _l("Now")), ("later", _l("At the time below, by itself")))


class FileForm(DeskForm):
    """One file to add. The browser does not send a chosen file twice: after an error it is chosen
    again, everything else stands."""

    kind = RadioField(
        _l("Kind"), [DataRequired(message=_l("Please choose a kind."))], choices=KINDS
    )
    file = FileField(_l("File"), [FileRequired(message=_l("Please choose a file."))])
    title = StringField(
        _l("Title"),
        [Length(max=200, message=LONG)],
        description=_l("Without a title the name of the file is shown."),
    )

    def limit(self, size: int) -> None:
        """Say how many bytes are taken, before the first is sent."""
        self.file.description = _("At most %(size)s.", size=file_size(size))


class LinkForm(DeskForm):
    """One address to add."""

    url = StringField(
        _l("Web address"), [DataRequired(message=_l("Please enter the web address."))]
    )
    title = StringField(_l("Title"), [Length(max=200, message=LONG)])


class MaterialForm(DeskForm):
    """What is said of a material. Of a file the field `url` is taken away."""

    title = StringField(
        _l("Title"),
        [DataRequired(message=_l("Please enter a title.")), Length(max=200, message=LONG)],
    )
    url = StringField(
        _l("Web address"), [DataRequired(message=_l("Please enter the web address."))]
    )
    speaker = SelectField(
        _l("Whose it is"),
        coerce=int,
        description=_l("Who speaks can take their own slides and handouts out of the archive."),
    )
    closes_on = DayField(
        _l("Release ends on"),
        [Optional()],
        description=_l("From this day on nobody can open it; it stays here."),
    )
    delete_on = DayField(
        _l("Is deleted on"),
        [Optional()],
        description=_l("From this day on it is gone. Left empty, it stays."),
    )

    def prepare(self, material: Material) -> None:
        """Take away what does not fit and, unless something was sent, fill in the rest."""
        if material.url is None:
            del self.url
        if material.released_at is None:
            del self.closes_on
        if material.kind not in OWN or len(material.talk.appearances) < 2:
            del self.speaker
        else:
            people = [(one.id, full_name(one)) for one in material.talk.speakers]
            self.speaker.choices = [(0, _("everybody who speaks")), *people]
        if self.sent():
            return
        self.title.data, self.delete_on.data = material.title, material.delete_on
        if "closes_on" in self:
            self.closes_on.data = material.closes_on
        if "speaker" in self:
            self.speaker.data = material.speaker_id or 0
        if material.url is not None:
            self.url.data = material.url


class ReleaseChoice(Form):
    """What is released and for whom; travels in the address, so that a look changes nothing."""

    materials = SelectMultipleField(
        _l("Materials"), [DataRequired(message=_l("Please choose what to release."))], coerce=int
    )
    who = RadioField(_l("For whom"), choices=WHO, default="both")
    audiences = SelectMultipleField(_l("Also for these audiences"), coerce=int)
    when = RadioField(_l("When"), choices=WHEN, default="now")
    day = DayField(_l("Day"), [Optional()])
    time = ClockField(_l("Time"), [Optional()])
    closes_on = DayField(
        _l("Release ends on"),
        [Optional()],
        description=_l("From this day on nobody can open it; it stays here."),
    )
    tell = BooleanField(_l("Tell them by mail, with their personal link"))

    def access(self) -> Access:
        """For whom it is meant."""
        return Access(
            groups=CHOICES[self.who.data],
            audiences=tuple(self.audiences.data or ()),
            closes_on=self.closes_on.data,
        )

    @property
    def later(self) -> bool:
        """Whether it happens by itself, at another time."""
        return bool(self.when.data == "later")

    def validate(self, extra_validators: Any = None) -> bool:
        """Also that another time is said in full."""
        fine = bool(super().validate(extra_validators))
        missing = {"day": _("Please enter a day."), "time": _("Please enter a time.")}
        for name, words in missing.items() if self.later else ():
            if self[name].data is None and not self[name].errors:
                self[name].errors = [words]
                fine = False
        return fine

    def due_at(self, *, zone: str) -> datetime | None:
        """When it happens by the clock of that zone; None: now. Raises `RuleError` on `time`."""
        if not self.later or self.day.data is None or self.time.data is None:
            return None
        local = datetime.combine(self.day.data, self.time.data)
        return times.moment(local, zone=zone, field="time")


class WordsForm(DeskForm):
    """Subject and text of the mail; placeholders in braces are filled in for each reader."""

    subject = StringField(
        _l("Subject"),
        [DataRequired(message=_l("Please enter a subject.")), Length(max=300, message=LONG)],
    )
    text = TextAreaField(
        _l("Text"),
        [DataRequired(message=_l("Please write a text."))],
        description=_l("Salutation, link and closing are added by themselves."),
    )
