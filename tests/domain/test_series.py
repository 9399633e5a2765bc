"""Series: addresses made from names, editing, and the talks that keep a series alive."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.domain import series, slugs
from webinar.domain.series import SeriesValues
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Series, Talk


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Fördermittel für Gemeinden: was geht?", "foerdermittel-fuer-gemeinden-was-geht"),
        ("Straße, Grün & Ärger", "strasse-gruen-aerger"),
        ("Café Zürich – Ötztal", "cafe-zuerich-oetztal"),
        ("Łódź", "lodz"),
        ("???", "thema"),
        ("事前", "thema"),
    ],
)
def test_slug_writes_umlauts_out_and_drops_the_rest(title: str, slug: str) -> None:
    assert slugs.made_from(title) == slug


def test_slug_is_cut_between_words() -> None:
    slug = slugs.made_from("verwaltung " * 20)
    assert len(slug) <= slugs.LENGTH
    assert set(slug.split("-")) == {"verwaltung"}
    assert len(slugs.made_from("x" * 300)) == slugs.LENGTH


def test_create_gives_each_series_its_own_address(app: Flask, organiser: Account) -> None:
    made = [series.create(SeriesValues(name="Über Land"), by=organiser) for _ in range(3)]
    assert [one.slug for one in made] == ["ueber-land", "ueber-land-2", "ueber-land-3"]


def test_flush_with_takes_the_next_slug_where_a_rival_was_faster(
    app: Flask, organiser: Account
) -> None:
    series.create(SeriesValues(name="Über Land"), by=organiser)
    rival = ["ueber-land", "ueber-land-2"]
    row = Series(name="Über Land")

    def add() -> None:
        row.slug = rival.pop(0)
        db.session.add(row)

    slugs.flush_with(add)
    assert row.slug == "ueber-land-2"
    assert len(db.session.scalars(select(Series)).all()) == 2


def test_edit_keeps_the_address_and_cleans_the_signature(app: Flask, organiser: Account) -> None:
    found = series.create(SeriesValues(name="Über Land"), by=organiser)
    values = SeriesValues(name=" Über  Stadt ", signature="Miriam Hartmann\r\n\r\n Büro \r\n")
    series.edit(found, values, by=organiser)
    assert (found.slug, found.name) == ("ueber-land", "Über Stadt")
    assert found.signature == "Miriam Hartmann\nBüro"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "series.edited")).one()
    assert entry.changes == {"name": ["Über Land", "Über Stadt"], "signature": True}


def test_series_needs_a_name(app: Flask, organiser: Account) -> None:
    with pytest.raises(RuleError) as refused:
        series.create(SeriesValues(name="  "), by=organiser)
    assert (refused.value.code, refused.value.field) == ("name_missing", "name")


def test_delete_takes_only_a_series_without_talks(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    with pytest.raises(RuleError) as refused:
        series.delete(talk.series, by=organiser)
    assert refused.value.values == {"count": 1}
    empty = factories.series()
    series.delete(empty, by=organiser)
    assert db.session.scalars(select(Series)).all() == [talk.series]
    assert db.session.get(Talk, talk.id) is talk
