"""Reading slides and handouts: the text of the pages, and their pictures.

Both are begun anew where a worker died; pictures go on behind the last ones that were kept, since a
deck can have hundreds. Texts that change keep the page's time. Neighbour:
`adapters.documents.apart`, which reads in a process of its own.
"""

from __future__ import annotations

from io import BytesIO

from sqlalchemy import select

from webinar.adapters.documents import MAX_PAGES, Drawing, MediaType
from webinar.adapters.documents.apart import Deck, draw_pages, read_pages
from webinar.domain import materials, processing
from webinar.extensions import db, reading
from webinar.jobs.files import Bench
from webinar.models import Material, MaterialPage, Step, StepState

AT_ONCE = 20
"""Pages drawn by one process and kept in one commit."""


def read_text(bench: Bench) -> None:
    """Keep the text of every page. Raises `RuleError` for a file that cannot be read."""
    with bench.local() as path:
        deck = read_pages(path, media_type=MediaType.of(bench.media_type))
    with bench.keeping([]) as row:
        if row is not None:
            _write_texts(row, deck)
            processing.settle(row, Step.TEXT, state=StepState.DONE)


def draw(bench: Bench) -> None:
    """Keep a picture to read and a thumbnail of every page that lacks them. Raises as above."""
    drawn = _drawn(bench)
    with bench.local() as path:
        for first in range(1, MAX_PAGES + 1, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            if drawn.issuperset(numbers):
                continue
            found = draw_pages(path, first=first, last=min(numbers[-1], MAX_PAGES))
            _keep([page for page in found if page.number not in drawn], bench)
            if len(found) < AT_ONCE:
                break
    with bench.keeping([]) as row:
        if row is not None:
            processing.settle(row, Step.PICTURES, state=StepState.DONE)


def _drawn(bench: Bench) -> set[int]:
    """The numbers of the pages that have their pictures."""
    query = select(MaterialPage.number).where(
        MaterialPage.material_id == bench.material_id, MaterialPage.picture_key.is_not(None)
    )
    with reading():
        found = set(db.session.scalars(query))
        db.session.commit()
    return found


def _keep(pages: list[Drawing], bench: Bench) -> None:
    """Store the pictures and name them; none remains where that fails."""
    keys: dict[int, tuple[str, str]] = {}
    made: list[str] = []
    try:
        for page in pages:
            if page.picture is not None and page.thumbnail is not None:
                for data in (page.picture, page.thumbnail):
                    made.append(bench.storage.put(BytesIO(data), limit=len(data)).key)
                keys[page.number] = (made[-2], made[-1])
    except BaseException:
        for key in made:
            bench.storage.delete(key)
        raise
    with bench.keeping(made) as row:
        if row is not None:
            _write_pictures(row, keys)


def _write_texts(row: Material, deck: Deck) -> None:
    there = {page.number: page for page in row.pages}
    texts = {page.number: page.text for page in deck.pages}
    for number, text in texts.items():
        (there.get(number) or _new_page(row, number)).text = text
    gone = [page for number, page in there.items() if number not in texts]
    keys = [key for page in gone for key in (page.thumbnail_key, page.picture_key) if key]
    for page in gone:
        row.pages.remove(page)
    materials.remove_files(keys, cause=f"pages:{row.public_id}")
    row.page_count = deck.count


def _write_pictures(row: Material, keys: dict[int, tuple[str, str]]) -> None:
    there = {page.number: page for page in row.pages}
    obsolete = []
    for number, (picture, thumbnail) in keys.items():
        page = there.get(number) or _new_page(row, number)
        obsolete += [key for key in (page.thumbnail_key, page.picture_key) if key]
        page.picture_key, page.thumbnail_key = picture, thumbnail
    first = min(keys, default=0)
    materials.remove_files(obsolete, cause=f"pages:{row.public_id}:{first}")


def _new_page(row: Material, number: int) -> MaterialPage:
    page = MaterialPage(number=number, text="")
    row.pages.append(page)
    return page
