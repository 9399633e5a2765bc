"""What an organiser decides when a talk moves or is cancelled: whom to tell, and in which words."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import gettext as _
from wtforms import RadioField, TextAreaField
from wtforms.validators import Length

from webinar.domain.talks import Dropped, Moved
from webinar.models import Mode
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options

LONG = _l("Please enter at most %(max)d characters.")


class Whom(StrEnum):
    """Whom an organiser tells of a move."""

    HOLDERS = "holders"
    SIDE = "side"
    NOBODY = "nobody"


class MoveForm(DeskForm):
    """Whom to tell of a move, what else to tell them, and what becomes of a side that goes."""

    whom = RadioField(_l("Who gets the message"), validate_choice=False)
    note = TextAreaField(
        _l("A sentence of your own"),
        [Length(max=1000, message=LONG)],
        description=_l("Stands above what has changed."),
    )
    dropped = RadioField(
        _l("What becomes of them"),
        choices=options(
            (Dropped.MOVE.value, _l("They change to the other side, as many as there are places")),
            (Dropped.END.value, _l("Their registrations end; they can register anew")),
        ),
        validate_choice=False,
    )

    def offer(self, moved: Moved, *, everybody: int, there: int) -> None:
        """Fill in whom the change reaches, with their numbers. Unless chosen otherwise everybody
        hears of a move, and nobody of other words."""
        side = _("Only who comes to the hall (%(count)d)", count=there)
        if moved.side is Mode.ONLINE:
            side = _("Only who takes part online (%(count)d)", count=there)
        self.whom.choices = [
            (
                Whom.HOLDERS.value,
                _("Everybody with a place or a calendar entry (%(count)d)", count=everybody),
            ),
            *([(Whom.SIDE.value, side)] if moved.side is not None and there else []),
            (Whom.NOBODY.value, _("Nobody")),
        ]
        usual = Whom.HOLDERS if moved.time or moved.place else Whom.NOBODY
        self.whom.data = self.whom.data or usual.value

    choose = _l("Please choose what becomes of them.")

    @property
    def decision(self) -> Dropped | None:
        return Dropped(self.dropped.data) if self.dropped.data in list(Dropped) else None

    @property
    def told(self) -> Whom | None:
        return Whom(self.whom.data) if self.whom.data in list(Whom) else None


class CancelForm(DeskForm):
    """Why a talk does not take place."""

    reason = TextAreaField(
        _l("Reason"),
        [Length(max=2000, message=LONG)],
        description=_l("Stands in the message and on the public page."),
    )
