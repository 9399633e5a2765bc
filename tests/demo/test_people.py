"""The invented people of the demo, read as an office would import them."""

from collections import Counter
from pathlib import Path

import pytest

from webinar.adapters.spreadsheet import Table, read_table
from webinar.rendering.salutations import salutation
from webinar.text import fold, normalise_address

DATA = Path(__file__).parent.parent.parent / "webinar" / "demo" / "data"
FORMS = {"Herr": "herr", "Frau": "frau", "": ""}


@pytest.fixture(scope="module")
def people() -> list[dict[str, str]]:
    table = _read("contacts.csv")
    return [dict(zip(table.headers, row.cells, strict=True)) for row in table.rows]


def _read(name: str) -> Table:
    table = read_table((DATA / name).read_bytes(), filename=name)
    assert not any(row.ragged for row in table.rows)
    return table


def test_people_have_an_address_of_their_own_that_no_mail_reaches(
    people: list[dict[str, str]],
) -> None:
    addresses = [person["E-Mail"] for person in people]
    assert len(set(addresses)) == len(addresses)
    assert all(normalise_address(address) == address for address in addresses)
    assert all(address.endswith(".example") for address in addresses)
    names = Counter(fold(f"{person['Vorname']} {person['Nachname']}") for person in people)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_municipality_of_the_county_has_its_mayor(people: list[dict[str, str]]) -> None:
    municipalities = {f"{row.cells[1]} {row.cells[0]}" for row in _read("municipalities.csv").rows}
    mayors = [p["Organisation"] for p in people if p["Verteiler"].startswith("Bürgermeister")]
    assert len(municipalities) == 52
    assert sorted(mayors) == sorted(municipalities)


def test_audiences_have_the_size_of_a_county(people: list[dict[str, str]]) -> None:
    sizes = Counter(name for person in people for name in person["Verteiler"].split(", "))
    assert sizes == {
        "Bürgermeisterinnen und Bürgermeister": 52,
        "Kreistag": 69,
        "Führungskräfte": 35,
    }


def test_people_show_every_kind_of_salutation(people: list[dict[str, str]]) -> None:
    lines = {
        salutation(
            form=FORMS[person["Anrede"]],
            title=person["Titel"],
            first_name=person["Vorname"],
            last_name=person["Nachname"],
            office=person["Amt"],
        )
        for person in people
    }
    assert {
        "Sehr geehrte Frau Bürgermeisterin Seubert",
        "Sehr geehrter Herr Landrat Weidner",
        "Sehr geehrte Frau Kreisrätin Dr. Köberlein",
        "Sehr geehrte Frau Professorin Faulhaber",
        "Sehr geehrte Frau Väthjunker",
        "Guten Tag Dr. Kim Weidmüller",
    } <= lines
