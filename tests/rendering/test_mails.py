"""Wrapping, languages and shape of mails. The letters word for word are in tests/jobs."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from jinja2 import UndefinedError

from webinar.config import ROOT
from webinar.models import Format, Mode, Series, Speaker, Talk, TalkSpeaker
from webinar.rendering import mails

TEMPLATES = ROOT / "templates" / "mail"
ADDRESS = "https://termine.lra.example/e/" + "Qm7x2K" * 15


def talk(**values: object) -> Talk:
    return Talk(
        **{
            "title": "eAkte",
            "format": Format.HYBRID,
            "venue": "Großer Sitzungssaal",
            "venue_address": "Hauptstraße 1",
            **values,
        }
    )


def test_wrapped_keeps_72_characters_and_never_breaks_an_address() -> None:
    text = mails.wrapped("Wort " * 40 + f"\n{ADDRESS}\n    {ADDRESS}\n")
    lines = text.rstrip("\n").split("\n")
    assert max(len(line) for line in lines if "http" not in line) <= 72
    assert lines[-2:] == [ADDRESS, f"    {ADDRESS}"]


@pytest.mark.parametrize("start", ["    ", "- ", "12. ", "> "])
def test_wrapped_keeps_the_indentation(start: str) -> None:
    first, second, *_rest = mails.wrapped("X\n" + start + "Wort " * 30).split("\n")[1:]
    assert first.startswith(start + "Wort")
    expected = start if start == "> " else " " * len(start)
    assert second.startswith(expected + "Wort")


def test_wrapped_holds_hard_spaces_until_the_lines_stand() -> None:
    text = mails.wrapped("x" * 67 + " 14.\u00a0Januar 2027")
    assert text == "x" * 67 + "\n14. Januar 2027\n"


def test_wrapped_leaves_one_empty_line_and_the_mark_of_the_signature() -> None:
    assert mails.wrapped("\n\nA\n\n\n\nB\n-- \nC\n\n") == "A\n\nB\n-- \nC\n"


def test_one_line_takes_breaks_out_of_a_subject() -> None:
    assert mails.one_line(" Einladung:\r\n Bcc:\u00a0x\t ") == "Einladung: Bcc: x"


@pytest.mark.parametrize(
    ("values", "wanted", "place"),
    [
        ({}, {}, "Online oder vor Ort: Großer Sitzungssaal"),
        ({}, {"address": True}, "Online oder vor Ort: Großer Sitzungssaal, Hauptstraße 1"),
        ({}, {"mode": Mode.ONLINE}, "Online"),
        ({}, {"mode": Mode.HALL}, "Großer Sitzungssaal"),
        ({"venue": "", "venue_address": ""}, {}, "Online oder vor Ort"),
        ({"format": Format.ONLINE}, {"address": True}, "Online"),
        ({"format": Format.ON_SITE}, {}, "Großer Sitzungssaal"),
        ({"format": Format.ON_SITE, "venue": ""}, {}, "Vor Ort"),
    ],
)
def test_place_says_where_in_one_line(
    values: dict[str, object], wanted: dict[str, Mode], place: str
) -> None:
    assert mails.place(talk(**values), language="de", **wanted) == place


def test_place_is_english_for_english_readers() -> None:
    assert mails.place(talk(), language="en") == "Online or on site: Großer Sitzungssaal"


def test_facts_name_speakers_by_role_else_by_organisation() -> None:
    from tests.factories import at  # noqa: PLC0415  factories need the models to be loaded first

    people = [
        Speaker(title="Dr.", first_name="Katharina", last_name="Brandl", role="Leiterin"),
        Speaker(title="", first_name="Lars", last_name="Ott", role="", organisation="TU München"),
        Speaker(title="", first_name="Kim", last_name="Lang", role="", organisation=""),
    ]
    row = talk(
        zone="Europe/Berlin",
        starts_at=at("2027-01-14T17:00"),
        ends_at=at("2027-01-14T18:30"),
        venue_notes="",
        series=Series(name="After-Work-Wissen"),
        appearances=[TalkSpeaker(speaker=one) for one in people],
    )
    facts = mails.facts(row, language="de")
    assert facts.speakers == ("Dr. Katharina Brandl, Leiterin", "Lars Ott, TU München", "Kim Lang")
    assert facts.when == "Donnerstag, 14.\u00a0Januar 2027, 18:00–19:30\u00a0Uhr"


def test_render_refuses_a_value_that_is_missing() -> None:
    with pytest.raises(UndefinedError):
        mails.render("waiting", language="de", values={})


@pytest.mark.parametrize("folder", sorted(TEMPLATES.glob("*/")), ids=lambda path: path.name)
def test_every_mail_has_its_three_templates(folder: object) -> None:
    names = {path.name for path in TEMPLATES.joinpath(str(folder)).iterdir()}
    assert {"subject.txt", "body.txt", "body.html"} <= names


def test_html_is_written_in_the_colours_of_the_design() -> None:
    """The KERN values by number: mail programs know no variables."""
    text = (TEMPLATES / "base.html").read_text("utf-8")
    light, _, dark = text.partition("prefers-color-scheme: dark")
    colours = set(re.findall(r"#[0-9A-Fa-f]{6}", light + dark.partition("</style>")[2]))
    assert colours == {"#2044AA", "#131525", "#51577A", "#C0C3D5", "#F3F4F7", "#FFFFFF"}
    night = set(re.findall(r"#[0-9A-Fa-f]{6}", dark.partition("</style>")[0]))
    assert night == {"#97AFE1", "#131525", "#B2B6CC", "#454B6B", "#F3F4F7", "#000000"}


def test_templates_read_no_field_of_a_talk_that_facts_do_not_have() -> None:
    known = {field.name for field in fields(mails.TalkFacts)}
    sources = "".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.*"))
    assert set(re.findall(r"\btalk\.(\w+)", sources)) <= known
