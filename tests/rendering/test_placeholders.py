"""Placeholders and wording: what an organiser may type, and what it becomes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import at
from webinar.models import Format, MailingKind, Placeholder, Series, Speaker, Talk, TalkSpeaker
from webinar.rendering import markdown, placeholders
from webinar.rendering.placeholders import Addressee, fill
from webinar.rendering.wording import LANGUAGES, localised, tonight, wording

PLAIN = {name: str(name).upper() for name in Placeholder}


def filled(**changes: object) -> dict[Placeholder, str]:
    speakers = [
        Speaker(title="Dr.", first_name="Katharina", last_name="Brandl"),
        Speaker(title="", first_name="Lars", last_name="Ott"),
    ]
    talk = Talk(
        **{
            "title": "Der digitale Bauantrag",
            "abstract": "Ein *Abend*.\n",
            "zone": "Europe/Berlin",
            "starts_at": at("2027-01-14T17:00"),
            "ends_at": at("2027-01-14T18:30"),
            "format": Format.ONLINE,
            "series": Series(name="After-Work-Wissen", host="Landrat Johannes Weidner"),
            "appearances": [TalkSpeaker(speaker=one) for one in speakers],
            **changes,
        }
    )
    return placeholders.values(
        talk,
        to=Addressee(greeting="Sehr geehrte Frau Seubert", name="Frau Seubert", office="Rätin"),
        answer_by=at("2027-01-13T11:00"),
        office="Landratsamt Würzburg",
        language="de",
    )


def test_values_say_what_the_guide_says() -> None:
    space = "\u00a0"
    assert filled() == {
        Placeholder.ANREDE: "Sehr geehrte Frau Seubert",
        Placeholder.NAME: "Frau Seubert",
        Placeholder.AMT: "Rätin",
        Placeholder.ORGANISATION: "",
        Placeholder.TITEL: "Der digitale Bauantrag",
        Placeholder.REIHE: "After-Work-Wissen",
        Placeholder.GASTGEBER: "Landrat Johannes Weidner",
        Placeholder.WOCHENTAG: "Donnerstag",
        Placeholder.DATUM: f"14.{space}Januar 2027",
        Placeholder.UHRZEIT: f"18:00–19:30{space}Uhr",
        Placeholder.ORT: "Online",
        Placeholder.REFERENTEN: "Dr. Katharina Brandl und Lars Ott",
        Placeholder.ANTWORTFRIST: f"Mittwoch, 13.{space}Januar 2027, 12:00{space}Uhr",
        Placeholder.BESCHREIBUNG: "Ein *Abend*.",
    }


def test_host_is_the_office_where_the_series_names_none() -> None:
    series = Series(name="Reihe", host="")
    assert filled(series=series)[Placeholder.GASTGEBER] == "Landratsamt Würzburg"


def test_talk_without_speakers_fills_in_nothing() -> None:
    assert filled(appearances=[])[Placeholder.REFERENTEN] == ""


def test_fill_knows_every_placeholder_and_leaves_other_braces() -> None:
    text = " ".join(f"{{{name}}}" for name in Placeholder) + " {foo} {titel {}"
    expected = " ".join(str(name).upper() for name in Placeholder) + " {foo} {titel {}"
    assert fill(text, PLAIN) == expected


def test_fill_fills_once() -> None:
    values = {**PLAIN, Placeholder.TITEL: "{name}"}
    assert fill("{titel}", values, markdown=False) == "{name}"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1))
def test_value_is_text_in_markdown_whatever_it_holds(value: str) -> None:
    """Neither a title nor a name can become formatting, a link or a heading."""
    text = fill("Titel: {titel}.", {**PLAIN, Placeholder.TITEL: value})
    assert " ".join(markdown.plain(text).split()) == " ".join(f"Titel: {value}.".split())
    assert "<a" not in markdown.html(text)
    assert "<em>" not in markdown.html(text)


def test_description_is_markdown() -> None:
    assert "<em>Abend</em>" in markdown.html(fill("{beschreibung}", filled()))


def test_wording_uses_placeholders_that_exist_in_both_languages() -> None:
    for kind in MailingKind:
        for language in LANGUAGES:
            words = wording(kind, language=language)
            assert words.subject
            assert "{" not in fill(words.subject + words.text, PLAIN)


def test_wording_differs_by_language() -> None:
    german, english = (wording(MailingKind.INVITATION, language=one) for one in LANGUAGES)
    assert german.subject.startswith("Einladung: ")
    assert english.subject.startswith("Invitation: ")


def test_unchanged_words_are_read_in_the_own_language_changed_ones_as_written() -> None:
    german, english = (wording(MailingKind.INVITATION, language=one) for one in LANGUAGES)
    found = localised("invitation", subject=german.subject, text="Anders.", language="en")
    assert (found.subject, found.text) == (english.subject, "Anders.")
    assert localised("invitation", subject="", text="", language="de") == german


def test_words_of_the_evening_are_read_in_the_own_language_too() -> None:
    german, english = (tonight(language=one) for one in LANGUAGES)
    assert "{" not in fill(german.subject + german.text, PLAIN)
    found = localised("message", subject=german.subject, text=german.text, language="en")
    assert found == english
    usual = wording(MailingKind.MESSAGE, language="de")
    assert localised("message", subject="", text="", language="de") == usual
