"""Forms of the archive at the desk: a file, a link, what is said of them, and for whom they are."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, Form, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from webinar.domain.releases import Access
from webinar.models import Grantee, Material, MaterialKind
from webinar.web.filters import file_size
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options
from webinar.web.forms.fields import DayField

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
    delete_on = DayField(
        _l("Is deleted on"),
        [Optional()],
        description=_l("From this day on nobody can open it. Left empty, it stays."),
    )

    def prepare(self, material: Material) -> None:
        """Take away what does not fit and, unless something was sent, fill in the rest."""
        if material.url is None:
            del self.url
        if self.sent():
            return
        self.title.data, self.delete_on.data = material.title, material.delete_on
        if material.url is not None:
            self.url.data = material.url


class ReleaseChoice(Form):
    """What is released and for whom; travels in the address, so that a look changes nothing."""

    materials = SelectMultipleField(
        _l("Materials"), [DataRequired(message=_l("Please choose what to release."))], coerce=int
    )
    who = RadioField(_l("For whom"), choices=WHO, default="both")
    audiences = SelectMultipleField(_l("Also for these audiences"), coerce=int)
    tell = BooleanField(_l("Tell them by mail, with their personal link"))

    def access(self) -> Access:
        """For whom it is meant."""
        return Access(groups=CHOICES[self.who.data], audiences=tuple(self.audiences.data or ()))


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
