"""Hours at which no mail goes out but what somebody waits for, by the clock on the wall in Berlin.

What rests stays queued and goes out when the hours end. Asked by the worker at every claim; the
claim itself is `domain.delivery`'s, the limit per minute `domain.pace`'s.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_

from webinar.clock import BERLIN, berlin, now
from webinar.config import QuietHours
from webinar.models import Mail, Talk

AT_ONCE = frozenset(
    {
        "archive_link",
        "calendar_feed",
        "confirmation",
        "declined",
        "delegated",
        "details",
        "language_changed",
        "material_refused",
        "other_room",
        "personal_link",
        "personal_page",
        "recording_consent",
        "reply_refused",
        "resubscribed",
        "room_back",
        "series_accepted",
        "series_left",
        "signup_again",
        "signup_confirm",
        "signup_invited",
        "speaker_link",
        "unsubscribed",
        "waiting",
    }
)
"""What answers something that its reader, or somebody on the telephone with the office, has just
done; and where everybody meets when the room fails."""
IN_TIME = frozenset(
    {
        "cancelled",
        "deputy",
        "deputy_ended",
        "message",
        "moved",
        "refused",
        "reopened",
        "side_dropped",
        "withdrawn",
    }
)
"""What its reader has to know before setting out: it rests only if the talk is still far."""
NEAR = timedelta(hours=24)


def quiet_at(hours: QuietHours, moment: datetime) -> bool:
    """Whether the moment lies in the quiet hours."""
    hour = berlin(moment).hour
    if hours.begins < hours.ends:
        return hours.begins <= hour < hours.ends
    return hour >= hours.begins or hour < hours.ends


def end_of(hours: QuietHours, moment: datetime) -> datetime:
    """When the quiet hours that hold at the moment are over. An hour that the clock change leaves
    out ends nothing if the hour after it is quiet, too."""
    day = berlin(moment).date()
    for later in range(3):
        wall = datetime.combine(day + timedelta(days=later), time(hours.ends), BERLIN)
        end = wall.astimezone(UTC)
        if end > moment and not quiet_at(hours, end):
            return end
    raise ValueError("quiet hours without an end")


def waited_for() -> ColumnElement[bool]:
    """The condition on mails that answer somebody: where a limit holds, they do not queue behind
    ten thousand invitations."""
    return Mail.template.in_(AT_ONCE)


def may_go(hours: QuietHours | None) -> ColumnElement[bool] | None:
    """The condition on mails that may go out now; None where all may.

    A mail that would be too late after the quiet hours does not rest either, nor does one to the
    staff: it is a test that somebody has just asked for.
    """
    moment = now()
    if hours is None or not quiet_at(hours, moment):
        return None
    near = exists().where(Talk.id == Mail.talk_id, Talk.starts_at < moment + NEAR)
    return or_(
        waited_for(),
        and_(Mail.template.in_(IN_TIME), near),
        Mail.not_after <= end_of(hours, moment),
        Mail.account_id.is_not(None),
    )
