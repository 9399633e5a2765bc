"""Imprint, privacy notice and accessibility statement: Markdown with gaps that settings fill."""

from __future__ import annotations

from webinar.config import PLACEHOLDER, Settings

PAGES = ("imprint", "privacy", "accessibility")


def text(page: str, *, language: str, settings: Settings, own: str | None = None) -> str:
    """The Markdown of a page of `PAGES`: the office's `own`, else the one that comes with the
    program, in German where the language has none of its own.

    A gap that nothing fills stays visible: production does not start with one.
    """
    values = settings.legal_values
    given = own if own is not None else template(page, language=language, settings=settings)
    return PLACEHOLDER.sub(lambda gap: values.get(gap[1].lower()) or gap[0], given)


def template(page: str, *, language: str, settings: Settings) -> str:
    """The text that comes with the program, with its gaps."""
    folder = settings.legal_folder
    path = folder / f"{page}.{language}.md"
    if not path.is_file():
        path = folder / f"{page}.de.md"
    return path.read_text(encoding="utf-8")


def filled(settings: Settings) -> frozenset[str]:
    """The names of the gaps that the settings fill, in lower case."""
    return frozenset(name for name, value in settings.legal_values.items() if value)
