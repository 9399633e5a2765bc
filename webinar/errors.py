"""The one family of domain errors; translated for people at the edge, in `webinar.web.errors`.

A `RuleError` carries a code, not a sentence: the domain speaks no language. `field` names the form
field where the message belongs, if there is one; `values` fill the sentence.
"""


class RuleError(Exception):
    """A rule of the domain forbids what was asked; nothing was changed."""

    def __init__(self, code: str, *, field: str | None = None, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.values = values


class NotAllowed(RuleError):
    """The person may not do this, or not to this record."""


class NotThere(RuleError):
    """The record does not exist, is no longer valid, or is not for this person: one answer."""


class Gone(NotThere):
    """It was there and never comes back; whoever asks by a program may stop."""


class Conflict(RuleError):
    """Somebody else changed the record in between; `values` name what differs."""


class TooMany(RuleError):
    """It was tried too often; `values` say after how many `minutes`, or `seconds`, to try again."""
