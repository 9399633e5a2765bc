"""How people are addressed and how their names are written.

The rules are those of German official letters (Bundesministerium des Innern, Anschriften und
Anreden): the office is spoken, "Erste/r" is not, of several degrees one is, and a function ("Leiter
der Kämmerei") is no form of address. A contact's own field overrides all of it. Leaves sorting to
`webinar.text.sort_key`. Neighbour: `dates`.

Forms are those of `ContactForm`: `herr`, `frau`, or empty where the sex is not known or not wanted.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from webinar.text import clean


class _Office(NamedTuple):
    """An office that is spoken: to a man, to a woman, in English if there is a usual word."""

    man: str
    woman: str
    english: str = ""


# In order of rank: who is mayor and county councillor is addressed as mayor.
_OFFICES = (
    _Office("Ministerpräsident", "Ministerpräsidentin", "Minister-President"),
    _Office("Staatsminister", "Staatsministerin", "Minister"),
    _Office("Minister", "Ministerin", "Minister"),
    _Office("Staatssekretär", "Staatssekretärin"),
    _Office("Regierungspräsident", "Regierungspräsidentin"),
    _Office("Bezirkstagspräsident", "Bezirkstagspräsidentin"),
    _Office("Landrat", "Landrätin", "District Administrator"),
    _Office("Oberbürgermeister", "Oberbürgermeisterin", "Mayor"),
    _Office("Bürgermeister", "Bürgermeisterin", "Mayor"),
    _Office("Bezirksrat", "Bezirksrätin"),
    _Office("Kreisrat", "Kreisrätin"),
    _Office("Kreisbrandrat", "Kreisbrandrätin"),
    _Office("Stadtrat", "Stadträtin"),
    _Office("Marktgemeinderat", "Marktgemeinderätin"),
    _Office("Marktrat", "Markträtin"),
    _Office("Gemeinderat", "Gemeinderätin"),
    _Office("Pfarrer", "Pfarrerin"),
)
_BY_WORD = {
    word.casefold(): rank
    for rank, office in enumerate(_OFFICES)
    for word in (office.man, office.woman)
}
_SEVERAL = re.compile(r"\s*[,;/&]\s*|\s+und\s+")
_ORDINAL = re.compile(r"^(erste|zweite|dritte|weitere)[rn]?\s+|^(\d|i{1,3})\.\s*", re.IGNORECASE)
# What may follow an office without making it a former or a wished-for one.
_OF_WHERE = re.compile(
    r"(der|des|von|vom|im|in|für|stadt|markt|gemeinde|landkreis)\b", re.IGNORECASE
)
_PROFESSOR = re.compile(r"\bprof(\.|essor(in)?\b)", re.IGNORECASE)
_DOCTOR = re.compile(r"\bdr\.|\bdr\b", re.IGNORECASE)


def salutation(
    *,
    form: str,
    title: str,
    first_name: str,
    last_name: str,
    office: str,
    override: str = "",
    language: str = "de",
) -> str:
    """The salutation without its comma: "Sehr geehrte Frau Kreisrätin Dr. Weiß".

    Without a known sex "Guten Tag Kim Müller"; a person without any name gets the general form.
    """
    if clean(override):
        return clean(override).rstrip(" ,")
    name = full_name(title=_short(title), first_name=first_name, last_name=last_name)
    if not name:
        return "Dear Sir or Madam" if language == "en" else "Sehr geehrte Damen und Herren"
    addressed = addressed_as(
        form=form,
        title=title,
        first_name=first_name,
        last_name=last_name,
        office=office,
        language=language,
    )
    if language == "en":
        return f"Dear {addressed}"
    if addressed == name:
        return f"Guten Tag {name}"
    return f"{'Sehr geehrte' if form == 'frau' else 'Sehr geehrter'} {addressed}"


def addressed_as(
    *,
    form: str,
    title: str,
    first_name: str,
    last_name: str,
    office: str,
    language: str = "de",
    accusative: bool = False,
) -> str:
    """The person as spoken to within a sentence: "Frau Bürgermeisterin Seubert", "Kim Müller".

    `accusative` for what stands after "für" or "an": "Herrn Landrat Müller". Only "Herr" bends;
    office and name behind it stay as they are.
    """
    last = clean(last_name)
    name = full_name(title=_short(title), first_name=first_name, last_name=last_name)
    if not last:
        return name
    if language == "en":
        return _english(form=form, title=title, last_name=last, office=office) or name
    if form not in {"herr", "frau"}:
        return name
    parts = ["Frau" if form == "frau" else "Herrn" if accusative else "Herr"]
    if spoken := _spoken(office):
        parts += [spoken.woman if form == "frau" else spoken.man, _short(title)]
    else:
        parts.append(_degree(title, form=form))
    return " ".join([*filter(None, parts), last])


def full_name(*, title: str, first_name: str, last_name: str) -> str:
    """ "Dr. Elisabeth Weiß": the name as on a badge or in a list of speakers."""
    return " ".join(filter(None, map(clean, (title, first_name, last_name))))


def sorted_name(*, title: str, first_name: str, last_name: str) -> str:
    """ "Weiß, Dr. Elisabeth": the name as in a sorted list."""
    given = full_name(title=title, first_name=first_name, last_name="")
    return ", ".join(filter(None, (clean(last_name), given)))


@lru_cache(maxsize=256)
def _spoken(office: str) -> _Office | None:
    """The highest of the offices named that is a form of address."""
    ranks = [rank for part in _SEVERAL.split(clean(office)) if (rank := _rank(part)) is not None]
    return _OFFICES[min(ranks)] if ranks else None


def _rank(part: str) -> int | None:
    word, _, rest = _ORDINAL.sub("", part).partition(" ")
    if rest and not _OF_WHERE.match(rest):
        return None
    if re.search(r"\ba\. ?d\.|\bi\. ?r\.", rest, re.IGNORECASE):
        return None
    return _BY_WORD.get(word.casefold())


def _degree(title: str, *, form: str) -> str:
    """The one degree that is spoken, without an office: Professor is written out."""
    if _PROFESSOR.search(title):
        return "Professorin" if form == "frau" else "Professor"
    return "Dr." if _DOCTOR.search(title) else ""


def _short(title: str) -> str:
    """The degrees that stand before a name: "Prof. Dr." of "Prof. Dr. med. habil."."""
    professor = "Prof." if _PROFESSOR.search(title) else ""
    return " ".join(filter(None, (professor, "Dr." if _DOCTOR.search(title) else "")))


def _english(*, form: str, title: str, last_name: str, office: str) -> str:
    """Office, degree or Mr and Ms, whichever comes first; empty where none of them is known."""
    spoken = _spoken(office)
    usual = {"herr": "Mr", "frau": "Ms"}.get(form, "")
    degree = "Professor" if _PROFESSOR.search(title) else "Dr" if _DOCTOR.search(title) else usual
    word = spoken.english if spoken and spoken.english else degree
    return f"{word} {last_name}" if word else ""


_SMALL = (
    "ab alle am an auf bei bis das dem den der des die dies diese dieser dieses ein eine einem"
    " einen einer es für heute hier im in jemand jetzt leider mit nach noch online unser unsere"
    " von vor wenn wie wir zu zum zur"
)
"""Words that are small in German wherever they do not begin a sentence. Nouns, names and "Sie" are
not among them, nor what an organiser may begin with otherwise."""
_FIRST = re.compile(rf"\A(\s*(?:<p>)?\s*)((?:{'|'.join(_SMALL.split())})\b)", re.IGNORECASE)


def after_greeting(text: str, *, language: str) -> str:
    """What follows on "Sehr geehrte Frau Kern,": in German a comma goes on in small letters."""
    if language != "de":
        return text
    return type(text)(_FIRST.sub(lambda found: found[1] + found[2].lower(), str(text), count=1))
