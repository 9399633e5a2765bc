"""What may only be done by somebody who proved lately to be the one at the desk: deleting, lists of
many people, accounts. A browser left open is then not enough.

Asked by `webinar.web.guards`; the proof itself is `webinar.web.organiser.proof`.
"""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.web.sign_in import sessions

NEEDED: dict[str, str] = {
    "accounts.create": "accounts.create",
    "accounts.edit": "accounts.edit",
    "accounts.invite": "accounts.edit",
    "accounts.deactivate": "accounts.edit",
    "accounts.reactivate": "accounts.edit",
    "accounts.reset_factors": "accounts.edit",
    "accounts.end_sessions": "accounts.edit",
    "accounts.erase": "accounts.erase",
    "own_account.connect": "own_account.show",
    "own_account.disconnect": "own_account.show",
    "own_factors.add_totp": "own_factors.add_totp",
    "own_factors.remove_totp": "own_factors.index",
    "own_factors.add_passkey": "own_factors.add_passkey",
    "own_factors.remove_passkey": "own_factors.index",
    "own_factors.new_codes": "own_factors.index",
    "series.share": "series.share",
    "series.delete": "series.edit",
    "speakers.delete": "speakers.show",
    "audiences.remove": "audiences.remove",
    "materials.delete": "materials.delete",
    "recordings.discard": "recordings.index",
    "contacts.merge": "contacts.merge",
    "contacts.export": "contacts.index",
    "invitations.export": "invitations.index",
    "registrations.export": "registrations.index",
    "attendances.export": "attendances.index",
    "openings.export": "openings.index",
    "personal_data.contact_file": "personal_data.contact",
    "personal_data.erase_contact": "personal_data.contact",
    "personal_data.speaker_file": "personal_data.speaker",
    "personal_data.erase_speaker": "personal_data.speaker",
    "audit.export": "audit.index",
    "retention.terms": "retention.terms",
}
"""Endpoints that need a fresh proof, and the page to go on with after it when the request itself
cannot be repeated."""
OF_THE_ACT = ("passkey_id", "identity_id", "recording_id")
"""Parts of an address that the page in its place does not have."""


def asked_for() -> ResponseReturnValue | None:
    """The way to the proof, where this request needs one and there is none. A form that was opened
    in time may take twice as long, so that nothing typed is lost."""
    endpoint = request.endpoint or ""
    if endpoint not in NEEDED:
        return None
    writes = request.method not in sessions.SAFE
    lasts: timedelta = sessions.terms().fresh * (2 if writes else 1)
    if now() - sessions.current().fresh_at < lasts:
        return None
    return redirect(url_for("proof.show", next=_way_on(endpoint, writes=writes)), 303)


def _way_on(endpoint: str, *, writes: bool) -> str:
    if not writes:
        return request.full_path.rstrip("?")
    values = dict(request.view_args or {})
    for name in OF_THE_ACT:
        values.pop(name, None)
    return url_for(NEEDED[endpoint], **values)
