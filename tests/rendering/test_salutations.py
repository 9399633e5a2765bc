"""Salutations and the writing of names."""

from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from webinar.rendering.salutations import (
    addressed_as,
    after_greeting,
    full_name,
    salutation,
    sorted_name,
)


class Person(TypedDict):
    form: str
    title: str
    first_name: str
    last_name: str
    office: str


def person(
    form: str = "frau", title: str = "", office: str = "", *, name: str = "Kim Müller"
) -> Person:
    first, _, last = name.rpartition(" ")
    return Person(form=form, title=title, first_name=first, last_name=last, office=office)


@pytest.mark.parametrize(
    ("form", "title", "office", "expected"),
    [
        ("herr", "", "Erster Bürgermeister", "Sehr geehrter Herr Bürgermeister Müller"),
        ("frau", "", "Erste Bürgermeisterin", "Sehr geehrte Frau Bürgermeisterin Müller"),
        ("herr", "", "1. Bürgermeister", "Sehr geehrter Herr Bürgermeister Müller"),
        ("herr", "", "Zweiter Bürgermeister", "Sehr geehrter Herr Bürgermeister Müller"),
        ("frau", "Dr.", "Kreisrätin", "Sehr geehrte Frau Kreisrätin Dr. Müller"),
        ("herr", "", "Landrat", "Sehr geehrter Herr Landrat Müller"),
        ("frau", "", "Landrätin", "Sehr geehrte Frau Landrätin Müller"),
        ("herr", "", "Oberbürgermeister", "Sehr geehrter Herr Oberbürgermeister Müller"),
        ("frau", "", "Stadträtin", "Sehr geehrte Frau Stadträtin Müller"),
        ("frau", "", "Bürgermeisterin der Stadt Aub", "Sehr geehrte Frau Bürgermeisterin Müller"),
        ("herr", "", "Bürgermeister Markt Rimpar", "Sehr geehrter Herr Bürgermeister Müller"),
        ("herr", "", "Kreisrat und Bürgermeister", "Sehr geehrter Herr Bürgermeister Müller"),
        ("frau", "", "Bürgermeisterin, Kreisrätin", "Sehr geehrte Frau Bürgermeisterin Müller"),
        ("herr", "", "Kreisrat, Fraktionsvorsitzender", "Sehr geehrter Herr Kreisrat Müller"),
        ("frau", "", "ERSTE BÜRGERMEISTERIN", "Sehr geehrte Frau Bürgermeisterin Müller"),
        ("frau", "", "Bürgermeister", "Sehr geehrte Frau Bürgermeisterin Müller"),
        ("herr", "Prof. Dr.", "Bürgermeister", "Sehr geehrter Herr Bürgermeister Prof. Dr. Müller"),
    ],
)
def test_salutation_speaks_the_office(form: str, title: str, office: str, expected: str) -> None:
    assert salutation(**person(form, title, office)) == expected


@pytest.mark.parametrize(
    "office",
    [
        "",
        "Leiterin Kämmerei",
        "Leiter des Büros des Landrats",
        "Stellvertreterin des Landrats",
        "Stellvertretender Landrat",
        "Altbürgermeister",
        "Bürgermeister a. D.",
        "Bürgermeister a.D.",
        "Bürgermeister der Stadt Aub a. D.",
        "Bürgermeisterkandidatin",
        "Landrats-Stellvertreter",
        "Kreisratsmitglied",
        '=HYPERLINK("http://boese.example")',
    ],
)
def test_salutation_leaves_a_function_out(office: str) -> None:
    assert salutation(**person("frau", "Dr.", office)) == "Sehr geehrte Frau Dr. Müller"


@pytest.mark.parametrize(
    ("title", "man", "woman"),
    [
        ("", "Herr Müller", "Frau Müller"),
        ("Dr.", "Herr Dr. Müller", "Frau Dr. Müller"),
        ("Dr", "Herr Dr. Müller", "Frau Dr. Müller"),
        ("Dr. med. vet.", "Herr Dr. Müller", "Frau Dr. Müller"),
        ("Dr. Dr. h. c.", "Herr Dr. Müller", "Frau Dr. Müller"),
        ("Prof.", "Herr Professor Müller", "Frau Professorin Müller"),
        ("Prof. Dr.", "Herr Professor Müller", "Frau Professorin Müller"),
        ("Prof.Dr.-Ing.", "Herr Professor Müller", "Frau Professorin Müller"),
        ("Professorin Dr.", "Herr Professor Müller", "Frau Professorin Müller"),
        ("Dipl.-Ing. (FH)", "Herr Müller", "Frau Müller"),
        ("M.A.", "Herr Müller", "Frau Müller"),
    ],
)
def test_salutation_speaks_one_degree(title: str, man: str, woman: str) -> None:
    assert salutation(**person("herr", title)) == f"Sehr geehrter {man}"
    assert salutation(**person("frau", title)) == f"Sehr geehrte {woman}"


@pytest.mark.parametrize(
    ("title", "office", "expected"),
    [
        ("", "", "Guten Tag Kim Müller"),
        ("Dr.", "", "Guten Tag Dr. Kim Müller"),
        ("", "Kreisrat", "Guten Tag Kim Müller"),
        ("Prof. Dr. phil.", "", "Guten Tag Prof. Dr. Kim Müller"),
    ],
)
def test_salutation_of_unknown_sex_takes_the_whole_name(
    title: str, office: str, expected: str
) -> None:
    assert salutation(**person("", title, office)) == expected


def test_salutation_is_overridden_by_the_field() -> None:
    mayor = person("herr", "", "Landrat")
    assert salutation(**mayor, override=" Lieber  Kim, ") == "Lieber Kim"
    assert salutation(**mayor, override=" \t") == "Sehr geehrter Herr Landrat Müller"


def test_salutation_without_names_is_general() -> None:
    assert salutation(**person(name="")) == "Sehr geehrte Damen und Herren"
    assert salutation(**person(name=""), language="en") == "Dear Sir or Madam"
    assert salutation(**person("", name="Müller")) == "Guten Tag Müller"


@pytest.mark.parametrize(
    ("form", "title", "office", "expected"),
    [
        ("herr", "", "Erster Bürgermeister", "Dear Mayor Müller"),
        ("frau", "Dr.", "Erste Bürgermeisterin", "Dear Mayor Müller"),
        ("herr", "", "Landrat", "Dear District Administrator Müller"),
        ("frau", "Dr.", "Kreisrätin", "Dear Dr Müller"),
        ("herr", "Prof. Dr.", "", "Dear Professor Müller"),
        ("frau", "", "Leiterin Kämmerei", "Dear Ms Müller"),
        ("herr", "", "Kreisrat", "Dear Mr Müller"),
        ("", "", "", "Dear Kim Müller"),
        ("", "Dr.", "", "Dear Dr Müller"),
    ],
)
def test_salutation_in_english(form: str, title: str, office: str, expected: str) -> None:
    assert salutation(**person(form, title, office), language="en") == expected


@pytest.mark.parametrize(
    ("who", "german", "english"),
    [
        (
            person(office="Erste Bürgermeisterin", name="Hannah Seubert"),
            "Frau Bürgermeisterin Seubert",
            "Mayor Seubert",
        ),
        (
            person("herr", "Dr.", name="Max von-der-Tann"),
            "Herr Dr. von-der-Tann",
            "Dr von-der-Tann",
        ),
        (person("", "", "Kreisrat"), "Kim Müller", "Kim Müller"),
    ],
)
def test_addressed_as_within_a_sentence(who: Person, german: str, english: str) -> None:
    assert addressed_as(**who) == german
    assert addressed_as(**who, language="en") == english


@pytest.mark.parametrize(
    ("who", "german"),
    [
        (person("herr", "", "Kreisrat", name="Josef Kraus"), "Herrn Kreisrat Kraus"),
        (person("herr", "Prof. Dr.", "", name="Uwe Lang"), "Herrn Professor Lang"),
        (person("herr", "Dr.", "Landrat", name="Uwe Lang"), "Herrn Landrat Dr. Lang"),
        (person("herr", "", "", name="Uwe Lang"), "Herrn Lang"),
        (person("frau", "", "Kreisrätin", name="Eva Herr"), "Frau Kreisrätin Herr"),
        (person("", "", "", name="Kim Herr"), "Kim Herr"),
    ],
)
def test_addressed_as_bends_after_a_preposition(who: Person, german: str) -> None:
    assert addressed_as(**who, accusative=True) == german
    english = addressed_as(**who, language="en")
    assert addressed_as(**who, language="en", accusative=True) == english


def test_names_are_written_and_sorted() -> None:
    weiss = {"title": "Dr.", "first_name": " Elisabeth ", "last_name": "Weiß"}
    assert full_name(**weiss) == "Dr. Elisabeth Weiß"
    assert sorted_name(**weiss) == "Weiß, Dr. Elisabeth"
    assert sorted_name(title="", first_name="Hannah", last_name="Seubert") == "Seubert, Hannah"
    assert sorted_name(title="", first_name="", last_name="Weiß") == "Weiß"


@pytest.mark.property
@given(st.builds(person, st.sampled_from(["herr", "frau", "", "x"]), st.text(), st.text()))
def test_salutation_is_always_one_line_with_the_name(who: Person) -> None:
    found = salutation(**who)
    assert found.endswith("Müller")
    assert "\n" not in found
    assert "  " not in found


@pytest.mark.parametrize(
    ("language", "text", "begins"),
    [
        ("de", "Der Saal ist voll.", "der Saal"),
        ("de", "\n  <p>Eine Aufzeichnung ist da.</p>", "\n  <p>eine Aufzeichnung"),
        ("de", "Sie haben zugesagt.", "Sie haben"),
        ("de", "Ihre Teilnahme ist bestätigt.", "Ihre"),
        ("de", "Dieter Weiß vertritt Sie.", "Dieter"),
        ("de", "Onlinezugänge folgen.", "Onlinezugänge"),
        ("de", "Wärme. Der Saal ist voll.", "Wärme. Der Saal"),
        ("en", "The hall is full.", "The hall"),
    ],
)
def test_text_goes_on_small_after_the_greeting(language: str, text: str, begins: str) -> None:
    assert after_greeting(text, language=language).startswith(begins)


def test_safe_text_stays_safe_after_the_greeting() -> None:
    assert isinstance(after_greeting(Markup("<p>Der"), language="de"), Markup)
