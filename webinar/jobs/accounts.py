"""Background work of accounts: links to set a password, and what of sign-ins goes by itself."""

from __future__ import annotations

from datetime import timedelta

from webinar.domain import account_links, account_sessions, throttles
from webinar.domain.account_sessions import Terms
from webinar.extensions import db
from webinar.jobs.queue import Run


def send_reset(run: Run, account: int) -> None:
    """Send the link, if there is an account that signs in by password; 0 is none."""
    run.keep()
    found = run.settings.accounts
    account_links.send_reset(
        account, key=f"reset:{run.job_id}", only=None if found.local else found.emergency
    )
    db.session.commit()


def forget_sign_ins(run: Run) -> None:
    """Drop sessions that are over and counts of tries that say nothing any more."""
    run.keep()
    found = run.settings.accounts
    account_sessions.forget(
        terms=Terms(
            idle=timedelta(minutes=found.idle_minutes),
            whole=timedelta(hours=found.session_hours),
            fresh=timedelta(minutes=found.fresh_minutes),
        )
    )
    throttles.forget()
    db.session.commit()
