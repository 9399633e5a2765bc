"""The form of a speaker, with a photo."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from webinar.domain.speakers import SpeakerValues
from webinar.models import ContactForm, Speaker
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import FORMS, LANGUAGES

LONG = _l("Please enter at most %(max)d characters.")
TEXTS = (
    "title",
    "first_name",
    "last_name",
    "role",
    "organisation",
    "email",
    "biography",
    "photo_credit",
    "photo_alt",
    "language",
)


class SpeakerForm(DeskForm):
    """Everything an organiser can say about a speaker."""

    form = SelectField(_l("Form of address"), choices=FORMS)
    title = StringField(_l("Academic title"), [Length(max=60, message=LONG)])
    first_name = StringField(_l("First name"), [Length(max=100, message=LONG)])
    last_name = StringField(
        _l("Last name"),
        [DataRequired(message=_l("Please enter the last name.")), Length(max=100, message=LONG)],
    )
    role = StringField(_l("Office or function"), [Length(max=200, message=LONG)])
    organisation = StringField(_l("Organisation"), [Length(max=200, message=LONG)])
    email = StringField(
        _l("E-mail address"),
        [
            DataRequired(message=_l("The e-mail address is missing.")),
            Length(max=254, message=LONG),
        ],
        description=_l("The personal link to the talk goes to this address."),
    )
    language = SelectField(_l("Language of the messages"), choices=LANGUAGES)
    biography = TextAreaField(
        _l("Short biography"),
        [Length(max=5000, message=LONG)],
        description=_l("Two or three sentences for the public page."),
    )
    photo = FileField(
        _l("Photo"),
        description=_l("JPEG or PNG. It is made smaller; place and camera data are removed."),
    )
    photo_alt = StringField(
        _l("What the photo shows"),
        [Length(max=300, message=LONG)],
        description=_l("For people who do not see it: portrait of a woman with glasses"),
    )
    photo_credit = StringField(
        _l("Who took the photo"),
        [Length(max=200, message=LONG)],
        description=_l("As it stands beside the photo: Photo: Clara Hofmann"),
    )
    remove_photo = BooleanField(_l("Remove the present photo"))

    def fill(self, speaker: Speaker) -> None:
        """Show the speaker, unless something was sent."""
        if not self.sent():
            for name in ("form", *TEXTS):
                self[name].data = getattr(speaker, name)

    def values(self, *, photo_key: str | None) -> SpeakerValues:
        """What was typed, as the domain takes it."""
        texts = {name: self[name].data or "" for name in TEXTS}
        return SpeakerValues(
            **texts,
            form=ContactForm(self.form.data or ""),
            photo_key=photo_key,
            remove_photo=bool(self.remove_photo.data),
        )
