"""The forms about accounts: signing in, the own account, and those of the administrators."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, RadioField, StringField
from wtforms.validators import DataRequired, Length

from webinar.domain.accounts import AccountValues
from webinar.models import Account, Role
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import LANGUAGES, options
from webinar.web.forms.series import LONG

ROLES = options(
    (Role.ADMIN, _l("Administrator: everything, also accounts and audit log")),
    (Role.ORGANISER, _l("Organiser: own series and those shared with them")),
    (Role.VIEWER, _l("Viewer: reads, changes nothing")),
)
NEW_PASSWORD = _l(
    "At least 12 characters. Three or four words that do not belong together are easy to remember."
)


class SignInForm(DeskForm):
    """Address and password; what is wrong is said once, for both."""

    email = StringField(
        _l("E-mail address"), [DataRequired(message=_l("Please enter your address."))]
    )
    password = PasswordField(
        _l("Password"), [DataRequired(message=_l("Please enter your password."))]
    )


class CodeForm(DeskForm):
    """A code of six figures, or a recovery code."""

    code = StringField(
        _l("Code"),
        [DataRequired(message=_l("Please enter the code.")), Length(max=100, message=LONG)],
    )


class PasskeyForm(DeskForm):
    """What the authenticator answered, put there by `static/passkey.js`."""

    credential = HiddenField()


class NewPasskeyForm(PasskeyForm):
    name = StringField(
        _l("Name"),
        [Length(max=80, message=LONG)],
        description=_l("How you tell it apart: “Office laptop”, “Key on the key ring”."),
    )


class AskForm(DeskForm):
    """The address to which a link is sent."""

    email = StringField(
        _l("E-mail address"),
        [DataRequired(message=_l("Please enter your address.")), Length(max=254, message=LONG)],
    )


class NewPasswordForm(DeskForm):
    """A new password, typed once: people can look at it in their password manager."""

    password = PasswordField(
        _l("New password"),
        [DataRequired(message=_l("Please enter a password."))],
        description=NEW_PASSWORD,
    )


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(
        _l("Current password"), [DataRequired(message=_l("Please enter your password."))]
    )


class ProofForm(DeskForm):
    """The password once more."""

    password = PasswordField(
        _l("Password"), [DataRequired(message=_l("Please enter your password."))]
    )


class OwnForm(DeskForm):
    """What everybody may change of the own account."""

    name = StringField(
        _l("Name"),
        [DataRequired(message=_l("Please enter a name.")), Length(max=200, message=LONG)],
        description=_l("As colleagues read it in the audit log."),
    )
    language = RadioField(_l("Language of the desk and of messages to you"), choices=LANGUAGES)

    def fill(self, account: Account) -> None:
        """Show the account, unless something was sent."""
        if not self.sent():
            self.name.data, self.language.data = account.name, account.language


class AccountForm(DeskForm):
    """An account, as administrators see it."""

    name = StringField(
        _l("Name"),
        [DataRequired(message=_l("Please enter a name.")), Length(max=200, message=LONG)],
    )
    email = StringField(
        _l("E-mail address"),
        [
            DataRequired(message=_l("Please enter the address.")),
            Length(max=254, message=LONG),
        ],
    )
    role = RadioField(_l("Role at the desk"), choices=ROLES, default=Role.ORGANISER)

    def fill(self, account: Account) -> None:
        """Show the account, unless something was sent."""
        if not self.sent():
            self.name.data, self.email.data = account.name, account.email
            self.role.data = account.role

    def values(self) -> AccountValues:
        """What was typed, as the domain takes it."""
        return AccountValues(
            name=self.name.data or "", email=self.email.data or "", role=Role(self.role.data)
        )
