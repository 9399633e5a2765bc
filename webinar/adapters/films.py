"""What ffmpeg makes of a recording without touching its pictures: order, cut, a still.

Pictures and sound are copied as they are and never encoded anew, so that nothing loses quality and
an hour takes seconds. ffmpeg and ffprobe come from the operating system; `available` says whether
they are there. Every call is a process of its own under limits, reads one local file and nothing
else, and calls `beat` while it runs, so that a job can hold its lease. Neighbour: `media`, which
only looks.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from webinar.adapters import media
from webinar.errors import RuleError

SECONDS = 1800
"""As long as copying 4 GB twice may take on a slow disk."""
BEAT = 20
MEMORY = 2 * 1024**3
PROCESSOR_SECONDS = 600
POSTER_WIDTH = 1280
TOLERANCE = 2.0
"""Seconds by which a copy may differ from what was asked: frames and sound end apart."""
_INPUT = ("-protocol_whitelist", "file", "-format_whitelist", "mov,mp4,matroska,webm")

Beat = Callable[[], None]


def available() -> bool:
    """Whether ffmpeg and ffprobe are installed."""
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


def put_in_order(path: Path, target: Path, *, beat: Beat) -> None:
    """Write the MP4 with its index in front. Raises `RuleError` `film_failed`, `film_too_slow`."""
    before = media.probe(path)
    options = ["-map", "0", "-c", "copy", "-movflags", "+faststart", "-f", "mp4"]
    _ffmpeg([*_source(path), *options, _name(target)], beat=beat)
    _check_length(target, wanted=before.duration_seconds if before else None)


def poster(path: Path, target: Path, *, seconds: float, beat: Beat) -> None:
    """A still from around a tenth of the film, as WebP. Raises as `put_in_order`."""
    at = min(seconds / 10, 60.0)
    options = ["-frames:v", "1", "-an", "-sn", "-vf", f"thumbnail=25,scale={POSTER_WIDTH}:-2"]
    options += ["-c:v", "libwebp", "-q:v", "80", "-f", "webp"]
    _ffmpeg(["-ss", f"{at:.3f}", *_source(path), *options, _name(target)], beat=beat)


def stand_alone_before(path: Path, *, seconds: float) -> float:
    """The moment of the last picture at or before `seconds` that needs none before it."""
    command = [_tool("ffprobe"), "-v", "error", *_INPUT, "-select_streams", "v:0"]
    command += ["-read_intervals", f"{seconds:.3f}%+#1", "-show_entries", "packet=pts_time"]
    command += ["-of", "csv=p=0", "-i", f"file:{path.resolve()}"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list, no shell, the path is our own key
            _limited(command), capture_output=True, timeout=60, check=True, stdin=subprocess.DEVNULL
        )
        return max(0.0, float(done.stdout.decode().split(",")[0].split()[0]))
    except (subprocess.SubprocessError, OSError, ValueError, IndexError) as error:
        raise RuleError("film_failed", field="start") from error


def cut(path: Path, target: Path, *, start: float, end: float, kind: str, beat: Beat) -> float:
    """Copy from `start`, a moment of `stand_alone_before`, to `end`; the seconds that came out.

    `kind`: "mp4" or "webm". Raises as `put_in_order`.
    """
    # A hair later, or rounding would send ffmpeg one such picture further back.
    window = ["-ss", f"{start + 0.002 if start else 0:.3f}", "-t", f"{end - start:.3f}"]
    options = ["-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-avoid_negative_ts", "make_zero"]
    options += ["-movflags", "+faststart"] if kind == "mp4" else []
    _ffmpeg([*window, *_source(path), *options, "-f", kind, _name(target)], beat=beat)
    return _check_length(target, wanted=end - start)


def _check_length(target: Path, *, wanted: float | None) -> float:
    facts = media.probe(target)
    found = facts.duration_seconds if facts is not None else None
    if found is None or (wanted is not None and abs(found - wanted) > TOLERANCE):
        raise RuleError("film_failed", field="file")
    return found


def _source(path: Path) -> list[str]:
    # As for ffprobe in `media`: only these formats, only local bytes, a name that is no option.
    return [*_INPUT, "-i", f"file:{path.resolve()}"]


def _name(target: Path) -> str:
    return f"file:{target.resolve()}"


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuleError("ffmpeg_missing", field="file")
    return found


def _limited(command: list[str]) -> list[str]:
    """The command under limits of memory and processor time, where util-linux is there."""
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        return command
    return [prlimit, f"--as={MEMORY}", f"--cpu={PROCESSOR_SECONDS}", "--core=0", "--", *command]


def _ffmpeg(arguments: list[str], *, beat: Beat) -> None:
    command = [_tool("ffmpeg"), "-v", "error", "-nostdin", "-y", "-threads", "1", *arguments]
    ends = time.monotonic() + SECONDS
    process = subprocess.Popen(  # noqa: S603 - a fixed list, no shell, the paths are our own
        _limited(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while _still_running(process):
            if time.monotonic() > ends:
                raise RuleError("film_too_slow", field="file")
            beat()
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise RuleError("film_failed", field="file")


def _still_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=BEAT)
    except subprocess.TimeoutExpired:
        return True
    return False
