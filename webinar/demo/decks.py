"""The carried sample files: a slide deck, a leaflet and a short recording, and how they are made.

The finished files lie in `files/` so that a set-up needs neither a browser nor ffmpeg. After a
change to `files/source/`, `python -m webinar.demo.decks` prints the two documents with Chromium
(tagged, with title and language) and films the slides with ffmpeg. Names and figures are invented.
"""

import subprocess
import tempfile
from pathlib import Path

import pypdfium2 as pdfium

FILES = Path(__file__).parent / "files"
SLIDES = FILES / "eakte-posteingang-folien.pdf"
LEAFLET = FILES / "eakte-posteingang-merkblatt.pdf"
RECORDING = FILES / "eakte-posteingang-aufzeichnung.mp4"

_SOURCE = FILES / "source"
_SHOWN = (1, 2, 3, 4, 6, 8)
_SECONDS_EACH = 3
_FADE = 0.3
_TONE = "sine=frequency=196:sample_rate=44100,tremolo=f=0.3:d=0.6,volume=0.03"


def print_pdf(source: Path, target: Path) -> None:
    """Print an HTML page as it looks; needs Chromium."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command += ["--generate-pdf-document-outline", "--virtual-time-budget=5000"]
    command += ["--allow-file-access-from-files", f"--print-to-pdf={target}", source.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 - own files


def film(slides: Path, target: Path) -> None:
    """Show some slides for three seconds each, in 640 by 360, with a soft tone; needs ffmpeg.

    Baseline profile, 4:2:0 and the index in front: the combination that every browser plays while
    it still loads.
    """
    with tempfile.TemporaryDirectory() as folder:
        stills = _stills(slides, Path(folder))
        command = ["ffmpeg", "-v", "error", "-y"]
        for still in stills:
            command += ["-loop", "1", "-framerate", "10", "-t", str(_SECONDS_EACH + _FADE)]
            command += ["-i", str(still)]
        command += ["-f", "lavfi", "-i", _TONE, "-filter_complex", _fades(len(stills))]
        command += ["-map", "[film]", "-map", f"{len(stills)}:a", "-shortest"]
        command += ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryslow"]
        command += ["-crf", "31", "-tune", "stillimage", "-g", "60", "-pix_fmt", "yuv420p"]
        command += ["-c:a", "aac", "-b:a", "32k", "-ac", "1", "-movflags", "+faststart"]
        command += ["-metadata", "title=Die eAkte beginnt im Posteingang"]
        command += ["-metadata:s:a", "language=deu", "-fflags", "+bitexact", str(target)]
        subprocess.run(command, check=True, timeout=300)  # noqa: S603 - own files


def _stills(slides: Path, folder: Path) -> list[Path]:
    document = pdfium.PdfDocument(slides)
    stills = []
    for number in _SHOWN:
        page = document[number - 1]
        still = folder / f"{number}.png"
        picture = page.render(scale=1280 / page.get_width()).to_pil()
        picture.resize((640, 360), reducing_gap=3.0).save(still)
        stills.append(still)
    document.close()
    return stills


def _fades(count: int) -> str:
    steps, before = [], "0:v"
    for index in range(1, count):
        after = "cut" if index == count - 1 else f"x{index}"
        offset = index * _SECONDS_EACH
        steps.append(f"[{before}][{index}:v]xfade=fade:duration={_FADE}:offset={offset}[{after}]")
        before = after
    return ";".join([*steps, "[cut]format=yuv420p[film]"])


def main() -> None:
    """Make all three files anew."""
    print_pdf(_SOURCE / "slides.html", SLIDES)
    print_pdf(_SOURCE / "leaflet.html", LEAFLET)
    film(SLIDES, RECORDING)


if __name__ == "__main__":
    main()
