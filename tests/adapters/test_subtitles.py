"""WebVTT and SRT from outside: what is understood, mended, refused; and what is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.adapters import subtitles
from webinar.adapters.subtitles import Cue, read, write
from webinar.errors import RuleError

SRT = "1\r\n00:00:01,000 --> 00:00:03,500\r\n<i>Grüß Gott</i>\r\n\r\n2\r\n{a} --> {b}\r\nÄmter\r\n"
TWO = SRT.format(a="00:00:04,000", b="00:01:05,25")
FOUND = (Cue(1000, 3500, "Grüß Gott"), Cue(4000, 65250, "Ämter"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_srt_is_read_in_every_usual_encoding(encoding: str) -> None:
    assert read(TWO.encode(encoding)).cues == FOUND


def test_webvtt_keeps_words_and_times_and_nothing_else() -> None:
    text = """WEBVTT - Abend
Kind: captions

STYLE
::cue { background: url(https://evil.example/) }

REGION
id:x

NOTE Anna --> Bernd ist kein Zeitpunkt

intro
00:01.000 --> 01:00:02.000 align:left position:10%
<v.loud Anna>Guten <b>Abend</b> &amp; <00:01.500>willkommen</v>
<c.red>zweite Zeile</c> \u202eecetx
"""
    assert read(text.encode()).cues == (
        Cue(1000, 3602000, "Anna: Guten Abend & willkommen\nzweite Zeile ecetx"),
    )


def test_lines_out_of_order_and_overlapping_are_mended_and_counted() -> None:
    blocks = ["00:00:05,000 --> 00:00:09,000\nB", "00:00:01,000 --> 00:00:06,000\nA"]
    blocks += ["00:00:05,000 --> 00:00:07,000\nzugleich"]
    found = read("\n\n".join(blocks).encode())
    assert (found.moved, found.shortened) == (1, 1)
    assert found.cues == (Cue(1000, 5000, "A"), Cue(5000, 9000, "zugleich\nB"))


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "subtitles_none", None),
        (b"WEBVTT\n\nnur Text", "subtitles_none", None),
        (b"WEBVTT\n\n\n1:2 --> 3:4\nx", "subtitles_time", 4),
        (b"00:00:61.000 --> 00:00:62.000\nx", "subtitles_time", 1),
        (b"x\n00:00:05.000 --> 00:00:05.000\nx", "subtitles_backwards", 2),
        (b"00:00:01.000 --> 00:00:02.000\n" + b"x" * 1001, "subtitles_too_long", 1),
        (b"00:00:01.000 --> 00:00:02.000\n" + b"<a" * 500_000, "subtitles_too_long", 1),
        (b"\x00\x01\x02\x81", "subtitles_encoding", None),
        (b"MZ\x90\x00" * 50, "subtitles_encoding", None),
        (b"\xff\xfe\x00", "subtitles_encoding", None),
        (b"1" * (subtitles.MAX_BYTES + 1), "file_too_large", None),
        (
            b"00:01.000 --> 00:02.000\nx\n\n" * (subtitles.MAX_CUES + 1),
            "subtitles_too_many",
            None,
        ),
    ],
)
def test_what_is_no_subtitles_is_refused_with_its_line(
    data: bytes, code: str, line: int | None
) -> None:
    with pytest.raises(RuleError) as refused:
        read(data)
    assert (refused.value.code, refused.value.values.get("line")) == (code, line)


def test_written_file_holds_no_markup() -> None:
    written = write([Cue(0, 1500, "</v><script>a & b --> c</script>"), Cue(3600000, 3601000, "x")])
    assert written.decode() == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\n"
        "&lt;/v&gt;&lt;script&gt;a &amp; b --&gt; c&lt;/script&gt;\n\n"
        "2\n01:00:00.000 --> 01:00:01.000\nx\n"
    )


words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@pytest.mark.property
@given(st.lists(st.tuples(st.integers(1, 5000), words), min_size=1, max_size=20))
def test_what_was_written_reads_the_same(given: list[tuple[int, str]]) -> None:
    cues, at = [], 0
    for length, text in given:
        plain = "".join(c for c in text if c not in "<>{}&")
        if plain:
            cues.append(Cue(at, at + length, plain))
            at += length
    if cues:
        assert read(write(cues)).cues == tuple(cues)
