"""Changing terms of retention at the desk: within bounds, written down, back to the settings.

A shorter term makes data go at the next run and nothing brings them back, so whoever asks is shown
`due_by` first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import audit
from webinar.domain.retention import AFTER_EVENINGS, KINDS, Bounds
from webinar.domain.retention_terms import GENERAL, Terms
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, RetentionTerm

Chosen = Mapping[str, int | None]
"""By kind, in days; None: as the settings say."""


@dataclass(frozen=True)
class Choice:
    """A term that may be written: what it is without one, and between what it must be."""

    name: str
    usual: int
    bounds: Bounds


@dataclass(frozen=True)
class Change:
    """A kind whose term would be another, and how many records are due then."""

    name: str
    before: int
    after: int
    due: int


def choices(terms: Terms) -> list[Choice]:
    """The general term, and then the kinds in their order."""
    bare = replace(terms, written={k: v for k, v in terms.written.items() if k == GENERAL})
    found = [Choice(GENERAL, terms.settings.retention_days, AFTER_EVENINGS)]
    found += [
        Choice(kind.name, kind.term(bare), kind.bounds) for kind in KINDS if kind.bounds is not None
    ]
    return found


def with_choice(terms: Terms, chosen: Chosen) -> Terms:
    """The terms as they would be; raises `RuleError` `term_out_of_bounds` on the kind (values
    `least` and `most`)."""
    for one in choices(terms):
        days = chosen.get(one.name)
        least, most = one.bounds
        if days is not None and not least <= days <= most:
            raise RuleError("term_out_of_bounds", field=one.name, least=least, most=most)
    return replace(terms, written={k: v for k, v in chosen.items() if v is not None})


def changes(terms: Terms, then: Terms) -> list[Change]:
    """What would be another term, with those that follow the general one."""
    moment, found = now(), []
    if terms.general != then.general:
        found.append(Change(GENERAL, terms.general, then.general, 0))
    for kind in KINDS:
        before, after = kind.term(terms), kind.term(then)
        if before != after:
            found.append(Change(kind.name, before, after, kind.due_by(moment, terms=then)))
    return found


def write(terms: Terms, then: Terms, *, by: Account) -> None:
    """Let the terms be these from the next run on. A line in the audit log for each that was
    written or taken back, with the term in force before and after."""
    rows = {row.kind: row for row in db.session.scalars(select(RetentionTerm).with_for_update())}
    effect = {one.name: (one.before, one.after) for one in changes(terms, then)}
    for one in choices(terms):
        days, row = then.written.get(one.name), rows.get(one.name)
        if days == (row.days if row is not None else None):
            continue
        if row is None:
            row = RetentionTerm(kind=one.name, days=days)
            db.session.add(row)
            db.session.flush()
        said = {f"term_{one.name}": list(effect[one.name])} if one.name in effect else {}
        audit.record("retention.changed", row, by=by, changes=said)
        if days is None:
            db.session.delete(row)
        else:
            row.days = days
    db.session.flush()
