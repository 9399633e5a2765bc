"""Imprint, privacy notice and accessibility statement: Markdown with gaps that settings fill."""

from __future__ import annotations

from webinar.config import PLACEHOLDER, Settings

PAGES = ("imprint", "privacy", "accessibility")


def text(page: str, *, language: str, settings: Settings) -> str:
    """The Markdown of a page of `PAGES`, in German where the language has none of its own.

    A gap that nothing fills stays visible: production does not start with one.
    """
    folder = settings.legal_folder
    path = folder / f"{page}.{language}.md"
    if not path.is_file():
        path = folder / f"{page}.de.md"
    values = settings.legal_values
    return PLACEHOLDER.sub(
        lambda gap: values.get(gap[1].lower()) or gap[0], path.read_text(encoding="utf-8")
    )
