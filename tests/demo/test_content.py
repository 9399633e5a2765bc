"""The invented evenings hold what a sample set-up needs, on any day of any year."""

import re
from datetime import UTC, date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.demo import content
from webinar.demo.content_talks import COMING, PAST
from webinar.demo.content_types import DemoTalk
from webinar.models.materials import MaterialKind
from webinar.models.talks import Format, Visibility

TALKS = PAST + COMING


@given(st.dates(min_value=date(2025, 1, 1), max_value=date(2045, 12, 31)))
def test_evenings_lie_on_thursdays_around_any_day_in_calendar_order(today: date) -> None:
    talks = content.all_talks(today)
    days = [talk.day for talk in talks]
    assert days == sorted(days)
    assert {day.weekday() for day in days} == {content.THURSDAY}
    for talk, least in zip(content.past_talks(today), (180, 119, 58), strict=True):
        assert least <= (today - talk.day).days <= least + 9
    for talk, weeks in zip(content.coming_talks(today), (3, 7, 11), strict=True):
        assert 0 <= (talk.day - today).days - 7 * weeks <= 6


@given(st.dates(min_value=date(2025, 1, 1), max_value=date(2045, 12, 31)))
def test_evening_is_six_to_half_past_seven_in_berlin_and_closes_at_noon_before(
    today: date,
) -> None:
    for talk in content.all_talks(today):
        assert (talk.starts_at.time(), talk.ends_at.time()) == (time(18), time(19, 30))
        assert talk.starts_at.astimezone(UTC).hour in (16, 17)
        assert talk.registration_closes_at.time() == time(12)
        assert talk.registration_closes_at.date() < talk.day


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.slug)
def test_talk_is_complete_for_its_format(talk: DemoTalk) -> None:
    assert talk.format in list(Format)
    assert talk.visibility in list(Visibility)
    assert (talk.places_online is None) == (talk.format == Format.ON_SITE)
    assert (talk.places_hall is None) == (talk.format == Format.ONLINE)
    assert bool(talk.venue and talk.venue_address and talk.venue_notes) == (
        talk.format != Format.ONLINE
    )
    assert 2 <= len([part for part in talk.abstract.split("\n\n") if part[0] != "-"]) <= 4
    times = [time.fromisoformat(at) for at, _ in talk.agenda]
    assert times == sorted(times)
    assert times[0] == time(18)
    assert times[-1] < time(19, 30)


def test_the_formats_and_both_visibilities_all_occur() -> None:
    assert {talk.format for talk in TALKS} == set(Format)
    assert {talk.visibility for talk in TALKS} == set(Visibility)


def test_only_past_evenings_carry_material_and_recordings_were_announced() -> None:
    assert not any(talk.materials for talk in COMING)
    for talk in PAST:
        kinds = {material.kind for material in talk.materials}
        assert (MaterialKind.RECORDING in kinds) == talk.recorded
    all_kinds = {material.kind for talk in PAST for material in talk.materials}
    assert all_kinds == set(MaterialKind) - {MaterialKind.SUBTITLES}


def test_material_is_a_link_or_a_file_that_is_there() -> None:
    for material in (material for talk in PAST for material in talk.materials):
        if material.kind == MaterialKind.LINK:
            assert material.url.startswith("https://")
        else:
            assert (Path(content.__file__).parent / "files" / material.file_name).is_file()


def test_invented_people_are_reachable_by_nobody() -> None:
    speakers = {speaker for talk in TALKS for speaker in talk.speakers}
    assert len({speaker.email for speaker in speakers}) == len(speakers)
    for speaker in speakers:
        assert re.fullmatch(r"[a-z.-]+@[a-z-]+\.example", speaker.email)
        assert speaker.photo_alt == f"Platzhalter für das Foto von {speaker.name}"
        assert len(speaker.biography) > 80


def test_no_gender_sign_stands_inside_a_word() -> None:
    words = [content.SERIES.description, *(talk.abstract for talk in TALKS)]
    assert not re.search(r"\w[*:_·]in", " ".join(words))
