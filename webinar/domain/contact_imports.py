"""An import from upload to confirmation: columns, answers, and the one writing of all good rows.

Reading a row is `domain.contact_import_rows`', comparing `domain.contact_import_review`'; turning
the file's bytes into cells is an adapter's, called by the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from webinar.clock import now
from webinar.domain import audiences, audit, contact_import_review, contacts, organisations
from webinar.domain.contact_import_plans import Choice, Kind, Plan, Review
from webinar.domain.contact_import_rows import (
    REQUIRED,
    Candidate,
    Column,
    TableRow,
    read,
    recognise,
)
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Audience,
    Contact,
    ContactImport,
    Organisation,
    Origin,
    audience_members,
)
from webinar.models.base import public_id

KEPT = timedelta(days=1)
"""How long an upload that nobody confirmed stays."""


def start(file_name: str, *, content: bytes, headers: Sequence[str], by: Account) -> ContactImport:
    """Keep the upload for its preview, with the columns that were recognised."""
    upload = ContactImport(
        public_id=public_id(),
        account_id=by.id,
        file_name=file_name[-255:],
        content=content,
        mapping=recognise(headers),
        decisions={},
        result={},
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def get(name: str) -> ContactImport:
    """The import by its public id; raises `NotThere`."""
    upload = db.session.scalar(select(ContactImport).where(ContactImport.public_id == name))
    if upload is None:
        raise NotThere("record_missing")
    return upload


def mapped(upload: ContactImport) -> bool:
    """Whether every column is known without which no row makes a contact."""
    return all(column in upload.mapping for column in REQUIRED)


def set_mapping(upload: ContactImport, mapping: Mapping[str, int | None]) -> None:
    """Use these columns; raises `RuleError` where one is missing or used twice."""
    chosen = {Column(name).value: index for name, index in mapping.items() if index is not None}
    for column in REQUIRED:
        if column not in chosen:
            raise RuleError("column_missing", field=column)
    used: set[int] = set()
    for name, index in chosen.items():
        if index in used:
            raise RuleError("column_double", field=name)
        used.add(index)
    upload.mapping = chosen
    db.session.flush()


def answer(upload: ContactImport, answers: Mapping[str, str]) -> None:
    """Keep answers to questions: row number to the value of an option."""
    kept = {number: value for number, value in answers.items() if value}
    upload.decisions = {**upload.decisions, **kept}
    db.session.flush()


def candidates(upload: ContactImport, *, rows: Sequence[TableRow], width: int) -> list[Candidate]:
    """The rows as they were understood; `width` is the number of headers."""
    known = {audience.name_key for audience in audiences.everything()}
    return [read(row, mapping=upload.mapping, width=width, known_audiences=known) for row in rows]


def review(upload: ContactImport, rows: Sequence[Candidate]) -> Review:
    """What the import would do now."""
    return contact_import_review.review(rows, decisions=upload.decisions)


def confirm(
    upload: ContactImport, rows: Sequence[Candidate], *, fingerprint: str, by: Account
) -> dict[str, int]:
    """Write all good rows, or none; returns the number of rows by kind.

    `fingerprint` is that of the preview. Raises `RuleError` while a question is open, `Conflict`
    where the import was applied already or the address book changed since the preview.
    """
    db.session.refresh(upload, ["applied_at"], with_for_update=True)
    if upload.applied_at is not None:
        raise Conflict("import_applied")
    found = review(upload, rows)
    if found.fingerprint != fingerprint:
        raise Conflict("import_outdated")
    if found.counts[Kind.QUESTION]:
        raise RuleError("import_questions_open", count=found.counts[Kind.QUESTION])
    try:
        with db.session.no_autoflush:
            _write(found, by=by)
    except IntegrityError as problem:
        # On PostgreSQL another transaction can add the same person between comparing and writing.
        raise Conflict("import_outdated") from problem
    upload.applied_at = now()
    upload.content = None
    upload.result = {kind.value: found.counts[kind] for kind in Kind}
    db.session.flush()
    audit.record("import.applied", upload, by=by, changes=upload.result)
    return dict(upload.result)


def discard(upload: ContactImport) -> None:
    """Forget an upload that was not applied; raises `Conflict` for one that was."""
    if upload.applied_at is not None:
        raise Conflict("import_applied")
    db.session.delete(upload)
    db.session.flush()


def _write(found: Review, *, by: Account) -> None:
    plans = [plan for plan in found.plans if plan.kind in (Kind.NEW, Kind.CHANGED)]
    offices = _organisations(found)
    written: dict[int, Contact] = {}
    lines: list[tuple[str, Contact, dict[str, object]]] = []
    for plan in plans:
        if plan.follows is not None:
            continue
        contact, action = _contact_of(plan), _action(plan)
        _fill(contact, plan, offices)
        written[plan.row.number] = contact
        lines.append((action, contact, audit.changes_of(contact) if plan.contact else {}))
        if _predecessor(plan) is not None:
            lines.append(("contact.retired", _retire(plan), {}))
    db.session.flush()
    _link_successors(plans, written)
    _join(plans, written, _audiences(found))
    for action, contact, changes in lines:
        audit.record(action, contact, by=by, changes=changes)
    db.session.flush()
    # Memberships were written past the session: what it remembers of them is old.
    for row in db.session.identity_map.values():
        if isinstance(row, Contact):
            db.session.expire(row, ["audiences"])


def _contact_of(plan: Plan) -> Contact:
    if plan.contact is not None:
        return plan.contact
    contact = Contact(
        origin=Origin.IMPORT,
        form="",
        title="",
        first_name="",
        office="",
        salutation="",
        language="de",
    )
    db.session.add(contact)
    return contact


def _action(plan: Plan) -> str:
    if plan.contact is None:
        return "contact.imported"
    return "contact.edited" if plan.contact.retired_at is None else "contact.reactivated"


def _fill(contact: Contact, plan: Plan, offices: Mapping[str, Organisation]) -> None:
    for column, value in plan.row.values.items():
        if column != Column.ORGANISATION:
            setattr(contact, column, value)
    old = _predecessor(plan)
    if Column.ORGANISATION in plan.row.values:
        contact.organisation = offices.get(
            organisations.key_of(plan.row.value(Column.ORGANISATION))
        )
    elif old is not None:
        contact.organisation = old.organisation
    contact.retired_at = None
    contact.successor_id = None
    contacts.refresh_keys(contact, organisation=contact.organisation)


def _predecessor(plan: Plan) -> Contact | None:
    answer = plan.answer
    return answer.contact if answer is not None and answer.choice is Choice.SUCCESSOR else None


def _retire(plan: Plan) -> Contact:
    old = _predecessor(plan)
    assert old is not None  # noqa: S101  asked before
    old.retired_at = now()
    return old


def _link_successors(plans: Sequence[Plan], written: Mapping[int, Contact]) -> None:
    for plan in plans:
        old = _predecessor(plan)
        if old is not None and plan.follows is None:
            old.successor_id = written[plan.row.number].id


def _organisations(found: Review) -> dict[str, Organisation]:
    db.session.add_all(organisations.new(name) for name in found.new_organisations)
    db.session.flush()
    names = {plan.row.value(Column.ORGANISATION) for plan in found.plans}
    return organisations.by_key(organisations.key_of(name) for name in names if name)


def _audiences(found: Review) -> dict[str, Audience]:
    db.session.add_all(audiences.new(name) for name in found.new_audiences)
    db.session.flush()
    return {audience.name_key: audience for audience in audiences.everything()}


def _join(
    plans: Sequence[Plan], written: Mapping[int, Contact], known: Mapping[str, Audience]
) -> None:
    """Add memberships: those that rows name, and a successor's from the predecessor."""
    pairs: set[tuple[int, int]] = set()
    heirs: dict[int, int] = {}
    for plan in plans:
        # A follower of an unchanged row adds to a contact that was not written.
        first = plan.follows or plan
        contact = written.get(first.row.number) or first.contact
        if contact is None:
            continue
        pairs |= {(known[audiences.key_of(name)].id, contact.id) for name in plan.joins}
        old = _predecessor(plan)
        if old is not None:
            heirs[old.id] = contact.id
    member = audience_members.c
    inherited = select(member.audience_id, member.contact_id).where(member.contact_id.in_(heirs))
    if heirs:
        pairs |= {(row[0], heirs[row[1]]) for row in db.session.execute(inherited)}
    if pairs:
        rows = [{"audience_id": a, "contact_id": c} for a, c in sorted(pairs)]
        db.session.execute(insert(audience_members), rows)
