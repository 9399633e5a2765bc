"""Imprint, privacy notice and accessibility statement: Markdown with gaps that settings fill, and
terms of retention that those in force fill."""

from __future__ import annotations

from collections.abc import Mapping

from webinar.config import PLACEHOLDER, TERM_GAPS, Settings

PAGES = ("imprint", "privacy", "accessibility")
GENERAL = "speicherfrist"
"""The gap of the general term: the bare number of days, since texts say the word themselves."""
YEAR = 365
_WORDS = {"de": ("1 Tag", "Tage", "Jahre"), "en": ("1 day", "days", "years")}


def text(
    page: str,
    *,
    language: str,
    settings: Settings,
    terms: Mapping[str, int],
    own: str | None = None,
) -> str:
    """The Markdown of a page of `PAGES`: the office's `own`, else the one that comes with the
    program, in German where the language has none of its own. `terms` are those in force, in days,
    by the names of the gaps (`domain.retention.gaps`).

    A gap that nothing fills stays visible: production does not start with one.
    """
    given = own if own is not None else template(page, language=language, settings=settings)
    said = language if own is not None or _is_there(page, language, settings) else "de"
    values = settings.legal_values | {name: term(days, said) for name, days in terms.items()}
    if GENERAL in terms:
        values[GENERAL] = str(terms[GENERAL])
    return PLACEHOLDER.sub(lambda gap: values.get(gap[1].lower()) or gap[0], given)


def term(days: int, language: str) -> str:
    """ "90 Tage", "3 years": in years where it is two or more of them and nothing else."""
    one, many, years = _WORDS[language]
    if days % YEAR == 0 and days >= 2 * YEAR:
        return f"{days // YEAR} {years}"
    return one if days == 1 else f"{days} {many}"


def template(page: str, *, language: str, settings: Settings) -> str:
    """The text that comes with the program, with its gaps."""
    given = language if _is_there(page, language, settings) else "de"
    return (settings.legal_folder / f"{page}.{given}.md").read_text(encoding="utf-8")


def filled(settings: Settings) -> frozenset[str]:
    """The names of the gaps that something fills, in lower case."""
    values = {name for name, value in settings.legal_values.items() if value}
    return frozenset(values | set(TERM_GAPS))


def _is_there(page: str, language: str, settings: Settings) -> bool:
    return (settings.legal_folder / f"{page}.{language}.md").is_file()
