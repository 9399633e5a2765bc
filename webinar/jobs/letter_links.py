"""Which links a mail shows, as addresses: the reader's own, or samples that open nothing.

Missing ones are made and flushed. Used by `webinar.jobs.letters`; the links themselves are
`webinar.domain.links`'.
"""

from __future__ import annotations

from collections.abc import Mapping

from webinar.config import Settings
from webinar.domain import account_links, links
from webinar.domain.account_links import Why
from webinar.models import Link, Mail, Purpose
from webinar.models.base import public_id

SAMPLE = "beispiel"
LINKS: Mapping[str, tuple[Purpose, ...]] = {
    "invitation": (Purpose.ANSWER, Purpose.UNSUBSCRIBE),
    "reinvitation": (Purpose.ANSWER, Purpose.UNSUBSCRIBE),
    "confirmation": (Purpose.ANSWER, Purpose.ENTER),
    "waiting": (Purpose.ANSWER,),
    "declined": (Purpose.ANSWER,),
    "moved": (Purpose.ANSWER,),
    "reminder_unanswered": (Purpose.ANSWER, Purpose.UNSUBSCRIBE),
    "reminder_coming": (Purpose.ANSWER, Purpose.ENTER),
    "personal_link": (Purpose.ANSWER,),
    "archive_link": (Purpose.ARCHIVE,),
    "side_dropped": (Purpose.ANSWER,),
    "details": (Purpose.ANSWER,),
    "other_room": (Purpose.ANSWER,),
    "room_back": (Purpose.ANSWER,),
    "materials": (Purpose.ARCHIVE,),
    "signup_confirm": (Purpose.ANSWER,),
    "signup_again": (Purpose.ANSWER,),
    "signup_invited": (Purpose.ANSWER,),
    "personal_page": (Purpose.PREFERENCES,),
    "language_changed": (Purpose.PREFERENCES,),
    "calendar_feed": (Purpose.PREFERENCES,),
    "unsubscribed": (Purpose.UNSUBSCRIBE,),
    "resubscribed": (Purpose.UNSUBSCRIBE,),
    "deputy": (Purpose.ANSWER,),
    "delegated": (Purpose.ANSWER,),
    "deputy_ended": (Purpose.ANSWER,),
    "reopened": (Purpose.ANSWER,),
    "reply_refused": (Purpose.ANSWER,),
    "series_accepted": (Purpose.ANSWER,),
    "series_left": (Purpose.ANSWER,),
}
"""The links that each template to a contact shows."""
ACCOUNT_LINKS: Mapping[str, Why] = {
    "account_invitation": Why.INVITATION,
    "password_reset": Why.RESET,
}
"""The templates to members of staff that carry a link of their own."""
OF_THE_PERSON = frozenset({Purpose.UNSUBSCRIBE, Purpose.PREFERENCES})
"""Purposes of links that belong to no talk."""


def of(mail: Mail, settings: Settings) -> dict[str, str]:
    """The addresses that the template shows, by purpose."""
    if mail.speaker is not None and mail.talk is not None:
        found = [links.speaker_link(mail.speaker, talk=mail.talk)]
    elif mail.contact is not None:
        found = [
            links.contact_link(
                mail.contact,
                purpose=purpose,
                talk=None if purpose in OF_THE_PERSON else mail.talk,
            )
            for purpose in LINKS.get(mail.template, ())
            if mail.talk is not None or purpose in OF_THE_PERSON
        ]
    elif mail.account is not None and mail.template in ACCOUNT_LINKS:
        token = account_links.token(
            mail.account, why=ACCOUNT_LINKS[mail.template], keys=settings.link_keys
        )
        return {"password": settings.base_url + account_links.PATH + token}
    else:
        return samples(settings)
    return {
        str(link.purpose): links.address(link, base_url=settings.base_url, keys=settings.link_keys)
        for link in found
    }


def samples(settings: Settings) -> dict[str, str]:
    shown = (
        Purpose.ANSWER,
        Purpose.ENTER,
        Purpose.ARCHIVE,
        Purpose.UNSUBSCRIBE,
        Purpose.PREFERENCES,
    )
    return {str(purpose): sample(settings, purpose) for purpose in shown}


def sample(settings: Settings, purpose: Purpose) -> str:
    """An address of the right look that opens nothing."""
    return f"{settings.base_url}/{links.PATHS[purpose]}/{SAMPLE}"


def made_up(purpose: Purpose, settings: Settings) -> str:
    """An address as long as a real one, which nobody has."""
    link = Link(public_id=public_id(), purpose=purpose, version=1)
    return links.address(link, base_url=settings.base_url, keys=settings.link_keys)


def door(mail: Mail, settings: Settings) -> str:
    """The address that stands in the reader's calendar: a link that only enters, since calendars
    are shared."""
    if mail.contact is None or mail.talk is None:
        return sample(settings, Purpose.ENTER)
    link = links.contact_link(mail.contact, purpose=Purpose.ENTER, talk=mail.talk)
    return links.address(link, base_url=settings.base_url, keys=settings.link_keys)
