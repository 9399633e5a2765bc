"""The forms of a page as a browser would send them, for tests that fill in every form there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass
class PageForm:
    """One form: where it goes, what it would send untouched, and which fields hold files."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Every name that it sends, once."""
        return list(dict.fromkeys(name for name, _value in self.fields))


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[PageForm] = []
        self._form: PageForm | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.address, given.get("action") or self.address)
            self._form = PageForm(given.get("method", "get").lower(), action)
            self.found.append(self._form)
        elif self._form is None:
            return
        elif tag == "option":
            if self._select and "selected" in given:
                self._form.fields.append((self._select, given.get("value", "")))
        elif tag == "select":
            self._select = given.get("name")
            if self._select and self._select not in self._form.names:
                self._form.fields.append((self._select, ""))
        elif tag == "textarea":
            self._area, self._text = given.get("name"), ""
        elif tag == "button":
            self._form.buttons.append((given.get("name", ""), given.get("value", "")))
        elif tag == "input" and given.get("name"):
            self._input(given)

    def _input(self, given: dict[str, str]) -> None:
        assert self._form is not None
        kind, name = given.get("type", "text"), given["name"]
        if kind == "file":
            self._form.files.append(name)
        elif kind not in ("radio", "checkbox") or "checked" in given:
            self._form.fields.append((name, given.get("value", "on")))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._area is not None and self._form is not None:
            self._form.fields.append((self._area, self._text.removeprefix("\n")))
            self._area = None


def forms_of(page: str, *, address: str) -> list[PageForm]:
    """All forms of the page, in order."""
    reader = _Reader(address)
    reader.feed(page)
    return reader.found
