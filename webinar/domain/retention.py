"""Retention: which data go when, and how (rule 11). `KINDS` is the whole table.

A kind is one entry: what is due, what becomes of it, and its term. A term is what an administrator
wrote at the desk (`domain.retention_terms`), else `WEBINAR_RETENTION_<NAME>_DAYS`, else its own.
Counts stay after people are gone. Running it is `jobs.retention`'s, in batches that can be cut off
anywhere; what each act does stands in `domain.retention_acts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select

from webinar.clock import now
from webinar.config import TERM_GAPS
from webinar.domain import retention_acts as acts
from webinar.domain.contact_imports import KEPT as IMPORTS_STAY
from webinar.domain.recordings import KEPT_ASIDE
from webinar.domain.retention_terms import Terms
from webinar.extensions import db
from webinar.models import RetentionCount

BATCH = 500
SOON = timedelta(days=30)
AUDIT_DAYS = 3 * 365
AUDIT_LEAST = 365
"""PostgreSQL itself refuses to delete younger lines (migration 0017)."""
ARCHIVE_DAYS = 3 * 365
PASSING_DAYS = 30
OPENINGS_DAYS = 90
LONGEST = 3650
"""Ten years: nothing here has a reason to stay longer."""
Bounds = tuple[int, int]
BOUNDS: Bounds = (7, LONGEST)
"""What may be written at the desk, in days. A week at least, so that a slip is noticed in time."""
AFTER_EVENINGS: Bounds = (30, LONGEST)
"""What follows an evening: certificates, materials and questions need it for a month."""


class Act(StrEnum):
    """What becomes of what is due."""

    ANONYMISE = "anonymise"
    DELETE = "delete"


def general(terms: Terms) -> int:
    """The term that the privacy notice names."""
    return terms.general


def fixed(days: int) -> Callable[[Terms], int]:
    """A term of the entry's own."""
    return lambda _terms: days


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of data. `due` finds the numbers of the rows whose term ended before a moment, and
    `let_go` takes them out of that query; it returns how many records that were.

    Without `let_go` another job does it by itself: the kind is listed here and nothing more.
    `count` says how many are due where a row of `due` stands for many. `settable`: by the setting
    with its name. `bounds`: what may be written at the desk; None: nothing.
    """

    name: str
    act: Act
    due: Callable[[datetime], Select[int]]
    let_go: Callable[[Sequence[int]], int] | None = None
    days: Callable[[Terms], int] = general
    least: int = 1
    settable: bool = True
    bounds: Bounds | None = BOUNDS
    batch: int = BATCH
    count: Callable[[datetime], int] | None = None

    def term(self, terms: Terms) -> int:
        """In days."""
        own = terms.own(self.name)
        return max(self.days(terms) if own is None else own, self.least)

    def due_by(self, moment: datetime, *, terms: Terms) -> int:
        """How many records' term will have ended at the moment."""
        before = moment - timedelta(days=self.term(terms))
        if self.count is not None:
            return self.count(before)
        found = self.due(before).subquery()
        return db.session.scalar(select(func.count()).select_from(found)) or 0


KINDS: tuple[Kind, ...] = (
    Kind(
        name="evenings",
        act=Act.ANONYMISE,
        due=acts.evenings,
        let_go=acts.anonymise_evenings,
        count=acts.people_of_evenings,
        batch=1,
        bounds=AFTER_EVENINGS,
    ),
    Kind(
        name="acceptances",
        act=Act.DELETE,
        due=acts.acceptances,
        let_go=acts.delete_acceptances,
    ),
    Kind(
        name="mails",
        act=Act.ANONYMISE,
        due=acts.mails,
        let_go=acts.anonymise_mails,
        bounds=AFTER_EVENINGS,
    ),
    Kind(
        name="mail_bodies",
        act=Act.DELETE,
        due=acts.bodies,
        let_go=acts.drop_bodies,
        days=lambda terms: terms.settings.mail.bodies_days,
        settable=False,
    ),
    Kind(
        name="inbox",
        act=Act.ANONYMISE,
        due=acts.messages,
        let_go=acts.anonymise_messages,
        bounds=AFTER_EVENINGS,
    ),
    Kind(
        name="inbox_texts",
        act=Act.DELETE,
        due=acts.words,
        let_go=acts.drop_words,
        days=lambda terms: terms.settings.inbox.text_days,
        settable=False,
    ),
    Kind(name="feedback", act=Act.DELETE, due=acts.feedback, let_go=acts.drop_feedback),
    Kind(
        name="openings",
        act=Act.ANONYMISE,
        due=acts.opened,
        let_go=acts.drop_openers,
        days=fixed(OPENINGS_DAYS),
        bounds=(BOUNDS[0], 365),
    ),
    Kind(
        name="archive_access",
        act=Act.DELETE,
        due=acts.archive_access,
        let_go=acts.delete_grants,
        days=fixed(ARCHIVE_DAYS),
        bounds=AFTER_EVENINGS,
    ),
    Kind(
        name="passers_by",
        act=Act.DELETE,
        due=acts.passers_by,
        let_go=acts.forget_contacts,
        days=fixed(PASSING_DAYS),
    ),
    Kind(name="left_office", act=Act.DELETE, due=acts.left_office, let_go=acts.forget_contacts),
    Kind(
        name="speakers",
        act=Act.ANONYMISE,
        due=acts.speakers,
        let_go=acts.drop_speakers_addresses,
        bounds=AFTER_EVENINGS,
    ),
    Kind(
        name="unused_speakers",
        act=Act.DELETE,
        due=acts.unused_speakers,
        let_go=acts.delete_speakers,
    ),
    Kind(
        name="pending_imports",
        act=Act.DELETE,
        due=acts.pending_imports,
        let_go=acts.delete_imports,
        days=fixed(IMPORTS_STAY.days),
        settable=False,
        bounds=None,
    ),
    Kind(name="imports", act=Act.DELETE, due=acts.applied_imports, let_go=acts.delete_imports),
    Kind(
        name="materials",
        act=Act.DELETE,
        due=acts.expired_materials,
        days=fixed(0),
        least=0,
        settable=False,
        bounds=None,
    ),
    Kind(
        name="recordings",
        act=Act.DELETE,
        due=acts.undecided_recordings,
        days=fixed(KEPT_ASIDE.days),
        settable=False,
        bounds=None,
    ),
    Kind(
        name="audit",
        act=Act.DELETE,
        due=acts.log_lines,
        let_go=acts.delete_log_lines,
        days=fixed(AUDIT_DAYS),
        least=AUDIT_LEAST,
        bounds=(AUDIT_LEAST, LONGEST),
    ),
)
"""In the order in which they run: people go after what holds them."""


@dataclass(frozen=True)
class Line:
    """A kind as the desk shows it: how many records are due, and how many more within `SOON`."""

    kind: Kind
    days: int
    due: int
    soon: int


def unknown_terms(names: Iterable[str]) -> list[str]:
    """Those of the settings' names that no kind bears, or whose kind has another setting."""
    known = {kind.name for kind in KINDS if kind.settable}
    return sorted(set(names) - known)


def kind(name: str) -> Kind:
    """The kind of that name."""
    return next(one for one in KINDS if one.name == name)


def gaps(terms: Terms) -> dict[str, int]:
    """What the privacy notice says of the terms, in days, by the names of its gaps."""
    named = {gap: kind(name).term(terms) for gap, name in TERM_GAPS.items()}
    return {"speicherfrist": terms.general, **named}


def forecast(terms: Terms) -> list[Line]:
    """What goes at the next run by these terms, and what in the next thirty days."""
    moment = now()
    lines = []
    for kind in KINDS:
        due = kind.due_by(moment, terms=terms)
        soon = kind.due_by(moment + SOON, terms=terms) - due
        lines.append(Line(kind, kind.term(terms), due, soon))
    return lines


def history(*, limit: int) -> Sequence[RetentionCount]:
    """What went, the latest first."""
    query = select(RetentionCount).order_by(RetentionCount.at.desc(), RetentionCount.id.desc())
    return db.session.scalars(query.limit(limit)).all()


@dataclass
class Round:
    """One run over all kinds by the same terms, as of one moment; `step` does one batch, the caller
    commits."""

    terms: Terms
    moment: datetime = field(default_factory=now)
    counts: dict[str, int] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    def step(self) -> bool:
        """The next batch of the first kind that has any; False when nothing is due any more."""
        return any(self._batch(kind) for kind in KINDS if kind.let_go is not None)

    def _batch(self, kind: Kind) -> bool:
        before = self.moment - timedelta(days=kind.term(self.terms))
        query = kind.due(before)
        (number,) = query.selected_columns
        query = query.where(number > self._last.get(kind.name, 0)).order_by(number)
        ids = db.session.scalars(query.limit(kind.batch)).all()
        if not ids or kind.let_go is None:
            return False
        # What an act leaves behind for whatever reason must not be tried for ever.
        self._last[kind.name] = ids[-1]
        self._note(kind, kind.let_go(ids))
        return True

    def _note(self, kind: Kind, count: int) -> None:
        if not count:
            return
        self.counts[kind.name] = self.counts.get(kind.name, 0) + count
        row = db.session.scalar(
            select(RetentionCount).where(
                RetentionCount.kind == kind.name, RetentionCount.at == self.moment
            )
        )
        if row is None:
            db.session.add(RetentionCount(kind=kind.name, at=self.moment, count=count))
        else:
            row.count += count
        db.session.flush()
