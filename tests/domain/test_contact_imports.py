"""Imports: every row is named as what it is, questions are asked, all good rows are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import factories
from tests.queries import counted
from webinar import clock, settings_of
from webinar.domain import contact_imports
from webinar.domain.contact_import_plans import Kind, Plan, Review
from webinar.domain.contact_import_rows import recognise
from webinar.domain.retention import Round
from webinar.domain.retention_terms import in_force
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Audience,
    AuditEntry,
    Contact,
    ContactImport,
    Organisation,
    audience_members,
)

HEADERS = "Anrede;Titel;Vorname;Nachname;Amt;Organisation;E-Mail;Verteiler"
MAYORS = "Bürgermeisterinnen und Bürgermeister"
CLEAN = f"""{HEADERS}
Herr;;Volker;Roth;Erster Bürgermeister;Stadt Sommerach;buergermeister@sommerach.example;{MAYORS}
Frau;Dr.;Zoë;Schäfer;Kreisrätin;Fraktion A;zoe.schaefer@kreistag.example;Kreistag
Frau;Prof. Dr.;Katharina;Weiß;Leiterin IT;Landratsamt;k.weiss@lra.example;Führungskräfte
Herr;;Karl-Heinz;Weiß;Leiter Kämmerei;Landratsamt;k.weiss@lra.example;Führungskräfte
"""


@dataclass(frozen=True)
class Row:
    number: int
    cells: tuple[str, ...]
    ragged: bool = False


def table(text: str) -> tuple[list[str], list[Row]]:
    """Headers and rows of a table written with semicolons, rows counted as a spreadsheet does."""
    lines = text.strip("\n").split("\n")
    headers = lines[0].split(";")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(";")
        filled = (*cells, *[""] * (len(headers) - len(cells)))
        rows.append(Row(number, filled, ragged=len(cells) != len(headers)))
    return headers, rows


class Import:
    """An upload and its rows, read anew for every look as the pages do."""

    def __init__(self, text: str, by: Account) -> None:
        self.headers, self.rows = table(text)
        self.by = by
        self.upload = contact_imports.start(
            "kontakte.csv", content=text.encode(), headers=self.headers, by=by
        )

    def review(self, **answers: str) -> Review:
        given = {number.removeprefix("row"): value for number, value in answers.items()}
        contact_imports.answer(self.upload, given)
        return contact_imports.review(self.upload, self._candidates())

    def confirm(self, fingerprint: str = "") -> dict[str, int]:
        counts = contact_imports.confirm(
            self.upload,
            self._candidates(),
            fingerprint=fingerprint or self.review().fingerprint,
            by=self.by,
        )
        db.session.commit()
        return counts

    def _candidates(self) -> list[contact_imports.Candidate]:
        return contact_imports.candidates(self.upload, rows=self.rows, width=len(self.headers))


def kinds(review: Review) -> list[str]:
    return [plan.kind.value for plan in review.plans]


def codes(plan: Plan) -> list[str]:
    return [remark.code for remark in (*plan.defects, *plan.notes)]


def contacts() -> Sequence[Contact]:
    db.session.expire_all()
    return db.session.scalars(select(Contact).order_by(Contact.id)).all()


def imported(text: str, by: Account) -> None:
    Import(text, by).confirm()


def test_import_names_every_row_and_writes_nothing_before_the_confirmation(
    organiser: Account,
) -> None:
    review = Import(CLEAN, organiser).review()

    assert kinds(review) == ["new", "new", "new", "question"]
    assert review.new_audiences == [MAYORS, "Kreistag", "Führungskräfte"]
    assert review.new_organisations == ["Stadt Sommerach", "Fraktion A", "Landratsamt"]
    assert contacts() == []


def test_import_asks_about_two_people_at_one_address_of_the_file(organiser: Account) -> None:
    found = Import(CLEAN, organiser)
    asked = found.review().questions[0]

    assert asked.row.number == 5
    assert asked.question is not None
    assert asked.question.code == "row_address_in_file"
    assert asked.question.values["row"] == 4
    assert [option.value for option in asked.options] == ["second", "skip"]


def test_import_is_refused_while_a_question_is_open(organiser: Account) -> None:
    found = Import(CLEAN, organiser)

    with pytest.raises(RuleError) as refused:
        found.confirm()

    assert refused.value.code == "import_questions_open"
    assert contacts() == []


def test_import_writes_names_offices_organisations_and_audiences(organiser: Account) -> None:
    found = Import(CLEAN, organiser)
    found.review(row5="second")
    counts = found.confirm()

    assert counts["new"] == 4
    roth, schaefer, katharina, karl = contacts()
    assert (roth.form, roth.last_name, roth.email) == (
        "herr",
        "Roth",
        "buergermeister@sommerach.example",
    )
    assert roth.organisation is not None
    assert (roth.organisation.name, roth.organisation.kind) == ("Stadt Sommerach", "municipality")
    assert schaefer.organisation is not None
    assert schaefer.organisation.kind == "group"
    assert [audience.name for audience in schaefer.audiences] == ["Kreistag"]
    assert katharina.email == karl.email
    assert "schafer" in schaefer.search_key
    assert found.upload.content is None
    assert found.upload.applied_at is not None


def test_import_leaves_an_audit_line_for_each_contact(organiser: Account) -> None:
    found = Import(CLEAN, organiser)
    found.review(row5="second")
    found.confirm()

    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["contact.imported"] * 4 + ["import.applied"]


def test_import_of_the_same_file_again_changes_nothing(organiser: Account) -> None:
    first = Import(CLEAN, organiser)
    first.review(row5="second")
    first.confirm()
    before = [(contact.id, contact.changed_at) for contact in contacts()]

    again = Import(CLEAN, organiser)
    assert kinds(again.review()) == ["unchanged"] * 4
    again.confirm()

    assert [(contact.id, contact.changed_at) for contact in contacts()] == before
    assert db.session.scalar(select(func.count()).select_from(Organisation)) == 3
    assert db.session.scalar(select(func.count()).select_from(audience_members)) == 4


def test_import_cannot_be_confirmed_twice(organiser: Account) -> None:
    found = Import(CLEAN, organiser)
    fingerprint = found.review(row5="second").fingerprint
    found.confirm()

    with pytest.raises(Conflict) as refused:
        found.confirm(fingerprint)
    assert refused.value.code == "import_applied"


FAULTY = f"""{HEADERS}
Herr;;Volker;Roth;Erster Bürgermeister;Stadt A;buergermeister@a.example;{MAYORS}
Frau;;Yasemin;Christ;Erste Bürgermeisterin;Stadt B;BUERGERMEISTER@B.EXAMPLE ;{MAYORS}
Herr;;Thomas;Endres;Erster Bürgermeister;Stadt C;kein-at-zeichen.example;{MAYORS}
Herr;;Jürgen;Lauter;Erster Bürgermeister;Stadt D;;{MAYORS}
Frau;;Zoë;Schäfer;Erste Bürgermeisterin;Markt E;buergermeister@e.example;{MAYORS}
Frau;;Zoë;Schäfer;Erste Bürgermeisterin;Markt E;buergermeister@e.example;{MAYORS}
Herr;;Dieter;Löffler;=HYPERLINK("http://boese.example");Markt F;buergermeister@f.example;{MAYORS}
Herr;;Volker;  Müller ;Erster Bürgermeister;Markt G;buergermeister@g.example;{MAYORS}
Herr;Prof. Dr.;Wolfgang;Übel;Bürgermeister;Markt H;buergermeister@h.example;Kreistag, Führungskräfte
Divers;;Jörg;Göbel;Erster Bürgermeister;Markt I;buergermeister@i.example;{MAYORS}
Frau;;Petra;Kraiß;Erste Bürgermeisterin
Herr;;Ohne;;Erster Bürgermeister;Markt K;buergermeister@k.example;{MAYORS}
"""


@pytest.mark.parametrize(
    ("number", "kind", "remarks"),
    [
        (2, "new", []),
        (3, "new", ["address_normalised"]),
        (4, "wrong", ["address_without_at"]),
        (5, "wrong", ["address_missing"]),
        (6, "new", []),
        (7, "wrong", ["row_repeated"]),
        (8, "wrong", ["cell_formula"]),
        (9, "new", ["blanks_removed"]),
        (10, "new", ["audiences_split"]),
        (11, "new", ["form_neutral"]),
        (12, "wrong", ["row_short"]),
        (13, "wrong", ["last_name_missing"]),
    ],
)
def test_import_names_the_defect_of_a_row(
    organiser: Account, number: int, kind: str, remarks: list[str]
) -> None:
    plans = {plan.row.number: plan for plan in Import(FAULTY, organiser).review().plans}

    assert plans[number].kind == kind
    assert codes(plans[number]) == remarks


def test_import_writes_the_good_rows_of_a_faulty_file(organiser: Account) -> None:
    counts = Import(FAULTY, organiser).confirm()

    assert (counts["new"], counts["wrong"]) == (6, 6)
    found = {contact.last_name: contact for contact in contacts()}
    assert sorted(found) == ["Christ", "Göbel", "Müller", "Roth", "Schäfer", "Übel"]
    assert found["Christ"].email == "buergermeister@b.example"
    assert found["Göbel"].form == ""
    assert [a.name for a in found["Übel"].audiences] == ["Führungskräfte", "Kreistag"]


def test_import_keeps_an_audience_whose_name_has_a_comma(organiser: Account) -> None:
    factories.audience("Bau, Planung, Umwelt")
    text = "Nachname;E-Mail;Verteiler\nRoth;roth@a.example;Bau, Planung, Umwelt, Kreistag"

    review = Import(text, organiser).review()

    assert review.plans[0].joins == ["Bau, Planung, Umwelt", "Kreistag"]
    assert review.new_audiences == ["Kreistag"]


def test_import_adds_the_further_audience_of_a_repeated_person(organiser: Account) -> None:
    text = (
        "Nachname;E-Mail;Verteiler\nRoth;roth@a.example;Kreistag\nRoth;roth@a.example;Bauausschuss"
    )
    found = Import(text, organiser)
    assert kinds(found.review()) == ["new", "changed"]
    found.confirm()

    assert [a.name for a in contacts()[0].audiences] == ["Bauausschuss", "Kreistag"]
    assert kinds(Import(text, organiser).review()) == ["unchanged", "unchanged"]


def test_import_refuses_a_repeated_person_with_other_data(organiser: Account) -> None:
    text = "Nachname;Amt;E-Mail\nRoth;Kreisrat;roth@a.example\nRoth;Landrat;roth@a.example"

    plan = Import(text, organiser).review().plans[1]

    assert (plan.kind, codes(plan)) == (Kind.WRONG, ["row_contradicts"])


def test_import_does_not_touch_what_the_file_does_not_say(organiser: Account) -> None:
    audience = factories.audience("Kreistag")
    contact = factories.contact(
        first_name="", last_name="Roth", email="roth@a.example", title="Dr."
    )
    contact.audiences = [audience]
    db.session.commit()

    found = Import("Nachname;E-Mail;Amt\nRoth;roth@a.example;Kreisrat", organiser)
    plan = found.review().plans[0]
    assert plan.changes == {"office": ("Erste Bürgermeisterin", "Kreisrat")}
    found.confirm()

    contact = contacts()[0]
    assert (contact.title, contact.form, contact.office) == ("Dr.", "frau", "Kreisrat")
    assert [a.name for a in contact.audiences] == ["Kreistag"]


NEW_NAME = "Vorname;Nachname;E-Mail;Verteiler\nPetra;Kraiß;buergermeister@a.example;Kreistag"


@pytest.fixture
def mayor(app: Flask) -> Contact:
    """Who holds the functional address before the election."""
    office = factories.organisation("Gemeinde A")
    contact = factories.contact(
        first_name="Volker",
        last_name="Roth",
        email="buergermeister@a.example",
        organisation_id=office.id,
    )
    contact.audiences = [factories.audience(MAYORS)]
    db.session.commit()
    return contact


def test_import_asks_what_a_new_name_at_a_known_address_means(
    organiser: Account, mayor: Contact
) -> None:
    plan = Import(NEW_NAME, organiser).review().plans[0]

    assert plan.kind is Kind.QUESTION
    assert plan.question is not None
    assert plan.question.values["names"] == "Roth, Volker"
    assert [option.value for option in plan.options] == [
        f"correction:{mayor.id}",
        f"successor:{mayor.id}",
        "second",
        "skip",
    ]


def test_import_corrects_the_name_of_the_same_contact(organiser: Account, mayor: Contact) -> None:
    found = Import(NEW_NAME, organiser)
    found.review(row2=f"correction:{mayor.id}")
    found.confirm()

    (contact,) = contacts()
    assert (contact.id, contact.first_name, contact.last_name) == (mayor.id, "Petra", "Kraiß")
    assert {a.name for a in contact.audiences} == {MAYORS, "Kreistag"}


def test_import_retires_the_predecessor_and_hands_over_the_audiences(
    organiser: Account, mayor: Contact
) -> None:
    found = Import(NEW_NAME, organiser)
    found.review(row2=f"successor:{mayor.id}")
    found.confirm()

    old, new = contacts()
    assert old.retired_at is not None
    assert old.successor_id == new.id
    assert {a.name for a in new.audiences} == {MAYORS, "Kreistag"}
    assert new.organisation_id == old.organisation_id
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"contact.imported", "contact.retired"} <= actions


def test_import_adds_a_second_person_at_the_address(organiser: Account, mayor: Contact) -> None:
    found = Import(NEW_NAME, organiser)
    found.review(row2="second")
    found.confirm()

    assert [(c.last_name, c.retired_at) for c in contacts()] == [("Roth", None), ("Kraiß", None)]


def test_import_leaves_a_row_out_on_request(organiser: Account, mayor: Contact) -> None:
    found = Import(NEW_NAME, organiser)
    assert kinds(found.review(row2="skip")) == ["skipped"]
    found.confirm()

    assert len(contacts()) == 1
    assert db.session.scalar(select(Audience).where(Audience.name == "Kreistag")) is None


def test_import_offers_no_successor_for_whom_the_file_still_lists(
    organiser: Account, mayor: Contact
) -> None:
    text = NEW_NAME + "\nVolker;Roth;buergermeister@a.example;"

    plans = Import(text, organiser).review().plans

    assert [option.value for option in plans[0].options] == ["second", "skip"]
    assert plans[1].kind is Kind.UNCHANGED


def test_import_gives_an_office_to_one_successor_only(organiser: Account, mayor: Contact) -> None:
    text = NEW_NAME + "\nKurt;Haag;buergermeister@a.example;"
    answer = f"successor:{mayor.id}"

    review = Import(text, organiser).review(row2=answer, row3=answer)

    assert kinds(review) == ["new", "question"]


def test_import_reactivates_nobody_without_asking(organiser: Account, mayor: Contact) -> None:
    mayor.retired_at = clock.now()
    db.session.commit()
    text = "Vorname;Nachname;E-Mail\nVolker;Roth;buergermeister@a.example"
    found = Import(text, organiser)
    plan = found.review().plans[0]
    assert plan.kind is Kind.QUESTION
    assert [option.value for option in plan.options] == [f"reactivate:{mayor.id}", "skip"]

    found.review(row2=f"reactivate:{mayor.id}")
    found.confirm()

    (contact,) = contacts()
    assert contact.retired_at is None


def test_import_writes_nothing_when_the_address_book_changed_since_the_preview(
    organiser: Account,
) -> None:
    found = Import(NEW_NAME, organiser)
    fingerprint = found.review().fingerprint
    factories.contact(last_name="Roth", email="buergermeister@a.example")

    with pytest.raises(Conflict) as refused:
        found.confirm(fingerprint)

    assert refused.value.code == "import_outdated"
    assert len(contacts()) == 1


def test_import_keeps_its_fingerprint_when_a_question_is_answered(
    organiser: Account, mayor: Contact
) -> None:
    found = Import(NEW_NAME, organiser)

    assert found.review().fingerprint == found.review(row2="second").fingerprint


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (["E-MAIL", "Name"], {"email": 0, "last_name": 1}),
        (
            ["e mail adresse", "Familienname", "VORNAME"],
            {"email": 0, "last_name": 1, "first_name": 2},
        ),
        (["Dienststelle", "Behoerde", "Mail"], {"organisation": 0, "email": 2}),
        (["Spalte 1", ""], {}),
    ],
)
def test_import_recognises_headers(headers: list[str], found: dict[str, int]) -> None:
    assert recognise(headers) == found


def test_import_takes_columns_chosen_by_hand(organiser: Account) -> None:
    found = Import("A;B;C\nRoth;roth@a.example;Kreisrat", organiser)
    assert not contact_imports.mapped(found.upload)

    contact_imports.set_mapping(found.upload, {"last_name": 0, "email": 1, "office": None})

    assert found.review().plans[0].row.values == {"last_name": "Roth", "email": "roth@a.example"}


@pytest.mark.parametrize(
    ("mapping", "code", "field"),
    [
        ({"last_name": 0}, "column_missing", "email"),
        ({"last_name": 0, "email": 0}, "column_double", "email"),
    ],
)
def test_import_refuses_columns_that_make_no_contact(
    organiser: Account, mapping: dict[str, int], code: str, field: str
) -> None:
    found = Import("A;B\nx;y", organiser)

    with pytest.raises(RuleError) as refused:
        contact_imports.set_mapping(found.upload, mapping)

    assert (refused.value.code, refused.value.field) == (code, field)


def test_import_asks_the_database_as_often_for_many_rows_as_for_one(organiser: Account) -> None:
    def statements(count: int) -> int:
        rows = "\n".join(f"Roth{n};roth{n}@a.example;Kreistag" for n in range(count))
        found = Import(f"Nachname;E-Mail;Verteiler\n{rows}", organiser)
        found.confirm()
        db.session.expire_all()
        with counted() as sent:
            found.review()
        return len(sent)

    assert statements(1) == statements(60)


def _go(app: Flask) -> bool:
    """Let go of what is due; whether anything was."""
    return Round(in_force(settings_of(app))).step()


def test_import_that_nobody_confirmed_goes_after_a_day(app: Flask, organiser: Account) -> None:
    found = Import(NEW_NAME, organiser)
    db.session.commit()
    assert not _go(app)

    with clock.frozen(found.upload.created_at + timedelta(hours=25)):
        assert _go(app)
    assert db.session.scalar(select(func.count()).select_from(ContactImport)) == 0


def test_import_that_was_applied_stays_as_a_record_without_its_bytes(
    app: Flask, organiser: Account
) -> None:
    imported(NEW_NAME, organiser)

    with clock.frozen(clock.now() + timedelta(days=30)):
        _go(app)
    kept = db.session.scalars(select(ContactImport)).one()
    assert (kept.content, kept.result["new"]) == (None, 1)
