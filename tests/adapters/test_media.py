"""What a recording says about itself, with ffprobe and without, on real and on broken files."""

import io
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from webinar.adapters import media
from webinar.demo import decks

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mvhd(*, scale: int, length: int, version: int = 0) -> bytes:
    layout = ">B3xQQIQ" if version else ">B3xIIII"
    return box(b"mvhd", struct.pack(layout, version, 0, 0, scale, length) + bytes(80))


def mp4(header: bytes) -> bytes:
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    moov = box(b"moov", header + box(b"trak", box(b"mdia", handler)))
    return box(b"ftyp", b"isom" + bytes(4)) + moov + box(b"mdat", bytes(100))


def film(target: Path, *options: str, seconds: int = 2) -> Path:
    source = ["-f", "lavfi", "-i", f"testsrc=d={seconds}:s=320x180:r=10"]
    subprocess.run(["ffmpeg", "-v", "error", *source, *options, str(target)], check=True)
    return target


@pytest.fixture
def without_ffprobe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


@needs_ffmpeg
def test_probe_knows_length_size_and_that_it_plays() -> None:
    facts = media.probe(decks.RECORDING)
    assert facts is not None
    assert facts.duration_seconds == pytest.approx(18.4, abs=0.3)
    assert (facts.width, facts.height, facts.playable) == (640, 360, True)


def test_probe_without_ffprobe_still_tells_the_minutes(without_ffprobe: None) -> None:
    facts = media.probe(decks.RECORDING)
    assert facts is not None
    assert facts.duration_seconds == pytest.approx(18.4, abs=0.3)
    assert (facts.width, facts.height, facts.playable) == (None, None, None)


@needs_ffmpeg
def test_probe_says_that_444_video_does_not_play(tmp_path: Path) -> None:
    facts = media.probe(film(tmp_path / "a.mp4", "-c:v", "libx264", "-pix_fmt", "yuv444p"))
    assert facts is not None
    assert facts.playable is False


@needs_ffmpeg
def test_probe_reads_webm(tmp_path: Path) -> None:
    facts = media.probe(film(tmp_path / "a.webm", "-c:v", "libvpx", "-b:v", "200k"))
    assert facts is not None
    assert facts.duration_seconds == pytest.approx(2, abs=0.2)
    assert facts.playable is True


@needs_ffmpeg
def test_probe_takes_a_name_that_looks_like_an_option_or_address(tmp_path: Path) -> None:
    for name in ("-version", "http:example.org", "a b'\"$(x).mp4"):
        shutil.copy(decks.RECORDING, tmp_path / name)
        facts = media.probe(tmp_path / name)
        assert facts is not None
        assert facts.width == 640


@pytest.mark.hostile
@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"not a film at all", b"%PDF-1.7 %%EOF"])
def test_probe_of_what_is_no_film_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    assert media.probe(tmp_path / "file") is None


@pytest.mark.hostile
def test_probe_never_follows_a_playlist(tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    shutil.copy(decks.RECORDING, secret)
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:10,\nfile://{secret}\n#EXT-X-ENDLIST\n")
    assert media.probe(playlist) is None


def test_probe_gives_up_on_an_ffprobe_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "ffprobe"
    slow.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(media, "TIMEOUT", 0.2)
    facts = media.probe(decks.RECORDING)
    assert facts is not None
    assert facts.width is None


def test_outline_of_the_sample_is_complete_and_starts_fast() -> None:
    with decks.RECORDING.open("rb") as file:
        outline = media.mp4_outline(file)
    data = decks.RECORDING.read_bytes()
    assert outline is not None
    assert outline.complete
    assert outline.has_video
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (mvhd(scale=1000, length=4_104_000), 4104.0),
        (mvhd(scale=90_000, length=2**33, version=1), 2**33 / 90_000),
        (mvhd(scale=0, length=1), None),
        (mvhd(scale=1000, length=0), None),
        (mvhd(scale=1000, length=2**32 - 1), None),
        (mvhd(scale=1000, length=2**64 - 1, version=1), None),
        (box(b"mvhd", b"\0\0"), None),
        (b"", None),
    ],
)
def test_outline_reads_the_movie_header(header: bytes, seconds: float | None) -> None:
    outline = media.mp4_outline(io.BytesIO(mp4(header)))
    assert outline is not None
    assert outline.duration_seconds == seconds


@pytest.mark.hostile
@pytest.mark.parametrize("cut", [1, 50, 99, 107, 108])
def test_outline_notices_a_missing_end(cut: int) -> None:
    whole = mp4(mvhd(scale=1000, length=1000))
    outline = media.mp4_outline(io.BytesIO(whole[:-cut]))
    assert outline is not None
    assert not outline.complete


@pytest.mark.hostile
def test_outline_ends_on_any_damage() -> None:
    whole = mp4(mvhd(scale=1000, length=1000))
    for at in range(len(whole)):
        for value in (0, 1, 0x7F, 0xFF):
            media.mp4_outline(io.BytesIO(whole[:at] + bytes([value]) + whole[at + 1 :]))


@pytest.mark.hostile
def test_outline_reads_little_of_many_boxes() -> None:
    class Counter(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.count += len(data)
            return data

    swarm = Counter(box(b"ftyp", b"isom") + box(b"free") * 200_000)
    outline = media.mp4_outline(swarm)
    assert outline is not None
    assert not outline.complete
    assert swarm.count < 100_000


@needs_ffmpeg
def test_webm_is_whole_only_with_its_end(tmp_path: Path) -> None:
    data = film(tmp_path / "a.webm", "-c:v", "libvpx").read_bytes()
    assert media.webm_is_whole(io.BytesIO(data)) is True
    assert media.webm_is_whole(io.BytesIO(data[:-1])) is False
    assert media.webm_is_whole(io.BytesIO(data[:45])) is False


@needs_ffmpeg
def test_webm_from_a_live_recorder_counts_as_whole(tmp_path: Path) -> None:
    live = film(tmp_path / "a.webm", "-c:v", "libvpx", "-live", "1")
    assert media.webm_is_whole(io.BytesIO(live.read_bytes())) is True


@needs_ffmpeg
def test_matroska_is_no_webm(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mkv", "-c:v", "libx264").read_bytes()
    assert media.webm_is_whole(io.BytesIO(data)) is None
