"""A folder of `.eml` files: for small set-ups where another program fetches the mail, and tests.

What was taken goes into `done/`, what could not be understood into `aside/`. Whoever puts files
there writes them under another name first and renames them, as with a Maildir.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from webinar.adapters.inbox.message import MOST_BYTES
from webinar.adapters.inbox.source import SourceTrouble, Waiting

DONE, ASIDE = "done", "aside"


class FolderSource:
    """The folder at `path`, which must exist; links out of it are not followed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def waiting(self, *, most: int) -> Iterator[Waiting]:
        try:
            found = [p for p in self.path.iterdir() if p.suffix.lower() == ".eml" and _plain(p)]
            found.sort(key=lambda p: (p.lstat().st_mtime_ns, p.name))
        except OSError as trouble:
            raise SourceTrouble(f"{type(trouble).__name__}: {trouble.strerror}") from trouble
        for path in found[:most]:
            try:
                with path.open("rb") as file:
                    # One byte more than is read shows that it was too much.
                    content = file.read(MOST_BYTES + 1)
            except FileNotFoundError:
                continue  # another worker has put it away
            except OSError as trouble:
                raise SourceTrouble(f"{type(trouble).__name__}: {trouble.strerror}") from trouble
            yield Waiting(handle=path.name, content=content)

    def put_away(self, message: Waiting, *, aside: bool) -> None:
        target = self.path / (ASIDE if aside else DONE)
        try:
            target.mkdir(exist_ok=True)
            (self.path / message.handle).replace(_free(target, message.handle))
        except FileNotFoundError:
            return
        except OSError as trouble:
            raise SourceTrouble(f"{type(trouble).__name__}: {trouble.strerror}") from trouble

    def close(self) -> None:
        return


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _free(folder: Path, name: str) -> Path:
    """A name that nothing bears there: a second file of one name replaces none."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path
