"""Comparing an imported table with the address book: what each row would do, and what must be
asked first. Writes nothing; `domain.contact_imports` does, after the same comparison.

Rows are matched by address and name. A new name at a known address is a question, also between
two rows of one file; a row that names somebody who was retired is one too. Nothing is guessed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import audiences, organisations
from webinar.domain.contact_import_plans import (
    Choice,
    Kind,
    Option,
    Plan,
    Review,
    changes,
    written,
)
from webinar.domain.contact_import_rows import Candidate, Column
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Contact, audience_members

CHUNK = 5000
"""Addresses per query: far below the variable limits of SQLite (32766) and PostgreSQL (65535)."""


@dataclass
class Book:
    """The part of the address book that the table touches."""

    contacts: dict[str, list[Contact]]
    members: dict[int, set[str]]
    """Contact id to the keys of the audiences it is in."""
    audiences: set[str]
    organisations: set[str]


def load(addresses: Iterable[str]) -> Book:
    """Everybody at these addresses, retired ones too, in a few queries for any number."""
    wanted = sorted(set(addresses))
    keys = {audience.id: audience.name_key for audience in audiences.everything()}
    found: dict[str, list[Contact]] = {}
    members: dict[int, set[str]] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        query = (
            select(Contact)
            .where(Contact.email.in_(chunk), Contact.erased_at.is_(None))
            .options(joinedload(Contact.organisation))
            .order_by(Contact.id)
        )
        for contact in db.session.scalars(query):
            found.setdefault(contact.email, []).append(contact)
        _load_members(members, chunk, keys)
    return Book(found, members, set(keys.values()), organisations.all_keys())


def _load_members(
    members: dict[int, set[str]], addresses: Sequence[str], keys: Mapping[int, str]
) -> None:
    query = (
        select(audience_members.c.contact_id, audience_members.c.audience_id)
        .join(Contact, Contact.id == audience_members.c.contact_id)
        .where(Contact.email.in_(addresses))
    )
    for contact_id, audience_id in db.session.execute(query):
        members.setdefault(contact_id, set()).add(keys[audience_id])


def review(candidates: Sequence[Candidate], *, decisions: Mapping[str, str]) -> Review:
    """What every row would do under the present data and with these answers (by row number)."""
    good = [row for row in candidates if not row.defects]
    book = load(row.value(Column.EMAIL) for row in good)
    comparison = Comparison(book, decisions=decisions, claimed=_claimed(good, book))
    plans = [comparison.plan(row) for row in candidates]
    used = [plan for plan in plans if plan.kind in (Kind.NEW, Kind.CHANGED)]
    return Review(
        plans=plans,
        counts=Counter(plan.kind for plan in plans),
        new_audiences=_unknown(
            (name for plan in used for name in plan.joins), book.audiences, audiences.key_of
        ),
        new_organisations=_unknown(
            (plan.row.value(Column.ORGANISATION) for plan in used),
            book.organisations,
            organisations.key_of,
        ),
        fingerprint=comparison.fingerprint(),
    )


def _claimed(rows: Iterable[Candidate], book: Book) -> set[int]:
    """The contacts whom the table itself still lists: nobody corrects or succeeds them."""
    keys = {row.key for row in rows}
    return {
        contact.id
        for at_address in book.contacts.values()
        for contact in at_address
        if contact.active and (contact.email, contact.name_key) in keys
    }


def _unknown(
    names: Iterable[str], known: Collection[str], key_of: Callable[[str], str]
) -> list[str]:
    found = {key_of(name): name for name in names if name}
    return [name for key, name in found.items() if key not in known]


class Comparison:
    """Goes through the rows in order and remembers what earlier rows said."""

    def __init__(
        self, book: Book, *, decisions: Mapping[str, str], claimed: Collection[int]
    ) -> None:
        self.book = book
        self.decisions = decisions
        self.unavailable = set(claimed)
        self.seen: dict[tuple[str, str], Plan] = {}
        self.added_at: dict[str, list[Plan]] = {}
        self.digest = hashlib.sha256()

    def plan(self, row: Candidate) -> Plan:
        """What the row does, after all rows that came before."""
        self._remember(row)
        if row.defects:
            return Plan(row, Kind.WRONG, defects=list(row.defects))
        earlier = self.seen.get(row.key)
        if earlier is not None:
            return self._repeated(row, earlier)
        plan = self._first(row)
        plan.notes = list(row.notes)
        self.seen[row.key] = plan
        if plan.kind in (Kind.NEW, Kind.QUESTION):
            self.added_at.setdefault(row.value(Column.EMAIL), []).append(plan)
        return plan

    def fingerprint(self) -> str:
        """Of the rows and of what the address book says at their addresses."""
        return self.digest.hexdigest()[:32]

    def _remember(self, row: Candidate) -> None:
        known = self.book.contacts.get(row.value(Column.EMAIL), []) if not row.defects else []
        state = [
            (
                contact.id,
                contact.active,
                sorted(changes(row, contact).items()),
                sorted(self.book.members.get(contact.id, ())),
            )
            for contact in known
        ]
        said = (row.number, row.key, row.audiences, [defect.code for defect in row.defects])
        self.digest.update(repr((said, state)).encode())

    def _first(self, row: Candidate) -> Plan:
        known = self.book.contacts.get(row.value(Column.EMAIL), [])
        same = [contact for contact in known if contact.name_key == row.key[1]]
        active = [contact for contact in known if contact.active]
        for contact in same:
            if contact.active:
                return self._change(Plan(row, Kind.UNCHANGED), contact)
        if same:
            return self._ask_about_retired(row, same[-1])
        earlier = self.added_at.get(row.value(Column.EMAIL), [])
        if active or earlier:
            return self._ask_about_name(row, active, earlier)
        return Plan(row, Kind.NEW, joins=list(row.audiences))

    def _change(self, plan: Plan, contact: Contact) -> Plan:
        members = self.book.members.get(contact.id, set())
        plan.contact = contact
        plan.changes = changes(plan.row, contact)
        plan.joins = [name for name in plan.row.audiences if audiences.key_of(name) not in members]
        if plan.changes or plan.joins or not contact.active:
            plan.kind = Kind.CHANGED
        return plan

    def _ask_about_retired(self, row: Candidate, contact: Contact) -> Plan:
        question = RuleError("row_retired", name=written(contact))
        options = [Option(Choice.REACTIVATE, contact), Option(Choice.SKIP)]
        return self._decide(Plan(row, Kind.QUESTION, question=question, options=options))

    def _ask_about_name(self, row: Candidate, active: list[Contact], earlier: list[Plan]) -> Plan:
        address = row.value(Column.EMAIL)
        if active:
            names = "; ".join(written(contact) for contact in active)
            question = RuleError("row_address_known", address=address, names=names)
        else:
            number = earlier[0].row.number
            question = RuleError("row_address_in_file", address=address, row=number)
        options = [
            Option(choice, contact)
            for contact in active
            if contact.id not in self.unavailable
            for choice in (Choice.CORRECTION, Choice.SUCCESSOR)
        ]
        options += [Option(Choice.SECOND), Option(Choice.SKIP)]
        return self._decide(Plan(row, Kind.QUESTION, question=question, options=options))

    def _decide(self, plan: Plan) -> Plan:
        given = self.decisions.get(str(plan.row.number))
        plan.answer = next((option for option in plan.options if option.value == given), None)
        if plan.answer is None:
            return plan
        choice, contact = plan.answer.choice, plan.answer.contact
        if contact is not None:
            self.unavailable.add(contact.id)
        if choice is Choice.SKIP:
            plan.kind = Kind.SKIPPED
        elif contact is None or choice is Choice.SUCCESSOR:
            plan.kind, plan.joins = Kind.NEW, list(plan.row.audiences)
        else:
            self._change(plan, contact)
        return plan

    def _repeated(self, row: Candidate, earlier: Plan) -> Plan:
        """The same person again: further audiences are welcome, anything else is a defect."""
        number = earlier.row.number
        if row.values != earlier.row.values:
            return Plan(row, Kind.WRONG, defects=[RuleError("row_contradicts", row=number)])
        listed = {audiences.key_of(name) for name in earlier.row.audiences}
        further = [name for name in row.audiences if audiences.key_of(name) not in listed]
        if not further:
            return Plan(row, Kind.WRONG, defects=[RuleError("row_repeated", row=number)])
        plan = Plan(row, Kind.UNCHANGED, follows=earlier, notes=[*row.notes])
        plan.notes.append(RuleError("row_follows", row=number))
        contact = earlier.contact
        members = self.book.members.get(contact.id, set()) if contact is not None else set()
        plan.joins = [name for name in further if audiences.key_of(name) not in members]
        if earlier.kind is Kind.SKIPPED:
            plan.kind = Kind.SKIPPED
        elif plan.joins:
            plan.kind = Kind.CHANGED
        return plan
