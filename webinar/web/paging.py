"""Pages of a long list: one query for the rows, one for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import request, url_for
from sqlalchemy import Select, func, select

from webinar.extensions import db

SIZE = 50
UNKNOWN = 10**6
T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """`rows` of page `number` (from 1) of `count`; `total` rows in all."""

    rows: list[T]
    number: int
    count: int
    total: int
    size: int
    endpoint: str = ""
    """Where the pages stand, if not where the request went."""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def around(self) -> list[int]:
        """The page numbers worth a link: the neighbours, the first and the last."""
        near = range(max(1, self.number - 2), min(self.count, self.number + 2) + 1)
        return sorted({1, self.count, *near})

    def address(self, number: int) -> str:
        """This list at another page, with the filters that were chosen."""
        values = self.values if self.endpoint else request.view_args or {}
        kept = {**_filters(), "page": number, **values}
        return url_for(self.endpoint or str(request.endpoint), **kept)


def page_of(query: Select[T], *, size: int = SIZE) -> Page[T]:
    """The page that the address asks for; a number out of range leads to the nearest page."""
    total = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    total = total or 0
    number, count = _asked(total, size)
    rows = db.session.scalars(query.limit(size).offset((number - 1) * size)).unique().all()
    return Page(rows=list(rows), number=number, count=count, total=total, size=size)


def slice_of(found: Sequence[T], *, size: int = SIZE, endpoint: str, **values: Any) -> Page[T]:
    """The page that the address asks for of rows that are already there."""
    number, count = _asked(len(found), size)
    return Page(
        rows=list(found[(number - 1) * size : number * size]),
        number=number,
        count=count,
        total=len(found),
        size=size,
        endpoint=endpoint,
        values=values,
    )


def page_number() -> int:
    """The page that the address asks for, from 1, whether or not there is one."""
    return _asked(UNKNOWN, 1)[0]


def ready(rows: list[T], *, number: int, total: int, size: int, most: int) -> Page[T]:
    """A page of rows that were counted already; no more than `most` pages can be turned."""
    count = min(most, max(1, -(-total // size)))
    return Page(rows=rows, number=number, count=count, total=total, size=size)


def _filters() -> dict[str, Any]:
    """What the address narrows by, without the names that `url_for` takes for itself."""
    given = request.args.to_dict(flat=False)
    return {
        name: value
        for name, value in given.items()
        if name != "endpoint" and not name.startswith("_")
    }


def _asked(total: int, size: int) -> tuple[int, int]:
    """The number of the page asked for, and how many there are."""
    count = max(1, -(-total // size))
    asked = request.args.get("page", "1")
    # A number of thousands of digits makes `int` itself raise.
    return (min(max(1, int(asked[:9])), count) if asked.isdecimal() else 1), count
