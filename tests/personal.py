"""Personal links for tests: the address that stands in a mail; proof that a page wrote nothing."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select

from webinar.domain import links
from webinar.extensions import db
from webinar.models import Contact, Purpose, Speaker, Talk
from webinar.web.settings import settings


def address(contact: Contact, purpose: Purpose, talk: Talk | None = None) -> str:
    """The path of the contact's link, which is made if there is none."""
    link = links.contact_link(contact, purpose=purpose, talk=talk)
    db.session.commit()
    return links.address(link, base_url="", keys=settings().link_keys)


def speaker_address(speaker: Speaker, talk: Talk) -> str:
    """The path of the speaker's link."""
    link = links.speaker_link(speaker, talk=talk)
    db.session.commit()
    return links.address(link, base_url="", keys=settings().link_keys)


def everything() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    found = {
        table.name: sorted(str(tuple(row)) for row in db.session.execute(select(table)))
        for table in db.metadata.sorted_tables
    }
    db.session.rollback()
    return found


def looked_at(client: FlaskClient, *paths: str) -> list[int]:
    """The status of every path under every method that must not act, as gateways ask for them."""
    return [
        client.open(path, method=method, headers={"Purpose": "prefetch"}).status_code
        for path in paths
        for method in ("GET", "HEAD", "OPTIONS", "GET")
    ]
