"""What a person newly wrote above the quotation, and what it seems to mean.

Cautious on purpose: the meaning is a suggestion to an organiser, and where two phrases disagree
there is none. German and English, as they are written to an office.
"""

from __future__ import annotations

import re
from email.message import Message
from html import unescape

from webinar.adapters.inbox.message import MOST_TEXT, clean_line, clean_text, parts, text
from webinar.adapters.inbox.values import Meant

TEXT_LENGTH = 4_000
_SKIPPED = {"script", "style", "head", "title", "blockquote"}
_BREAKS = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "hr", "table"}
_TAG = re.compile(r"<(/?)([A-Za-z!?][A-Za-z0-9]*)([^<>]{0,2000})>")
_QUOTES = re.compile(r"gmail_quote|divRplyFwdMsg|moz-cite-prefix|yahoo_quoted")
_SPACE = re.compile(r"\s+")

_QUOTED = re.compile(
    r"""^\s*(?:
      >                                                     # quoted lines
    | (?:am|le|den)\s.{4,120}\b(?:schrieb|schrieben)\b.{0,120}:\s*$
    | on\s.{4,200}\bwrote:\s*$
    | -{2,}\s*(?:urspr.ngliche\s+nachricht|original\s*nachricht|original\s+message
        |weitergeleitete\s+nachricht|forwarded\s+message|original\s+appointment
        |urspr.nglicher\s+termin)
    | _{20,}\s*$
    | \*?(?:von|from)\s*:\*?\s.{3,}
    | --\s*$                                                # the signature
    | (?:gesendet|von\s+meinem)\s.{0,40}(?:iphone|ipad|android|smartphone|handy)
    | sent\s+from\s+my\s
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_WRAPPED_LEAD = re.compile(r"^\s*(?:am|on)\s.{4,120}$", re.IGNORECASE)
_LEAD_END = re.compile(r"\b(?:schrieb|schrieben|wrote)\b.{0,120}:\s*$", re.IGNORECASE)

_DECLINES = re.compile(
    r"""\b(?:
      (?:kann|k.nnen|konnte|werde|werden|nehme|nehmen|komme|kommen|bin|sind)\b[^.!?\n]{0,60}\bnicht\b
        (?!\s*(?:nur|vor))
    | nicht\s+(?:teilnehmen|kommen|dabei\s*sein|anwesend|wahrnehmen|m.glich)
    | (?:sage|sagen|muss|m.ssen|m.chte|m.chten)\b[^.!?\n]{0,60}\b(?:ab|absagen|entschuldigen)\b
    | (?:bin|sind|ist)\b[^.!?\n]{0,40}\b(?:verhindert|entschuldigt)
    | leider\s+(?:verhindert|absagen|nein|keine\s+zeit)
    | absage
    | (?:can(?:no|')?t|cannot|can\s+not|won't|will\s+not|unable\s+to)\s+(?:[a-z]+\s+){0,3}
        (?:attend|come|join|make\s+it|participate|be\s+there)
    | (?:have|must|need)\s+to\s+decline | i\s+decline | regret(?:fully)?\b[^.!?\n]{0,60}\bdecline
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_ACCEPTS = re.compile(
    r"""\b(?:
      (?:nehme|nehmen)\b[^.!?\n]{0,60}\bteil\b
    | (?:komme|kommen)\s+(?:sehr\s+)?(?:gern|gerne|dazu|mit)
    | (?:ich|wir|bin|sind)\b[^.!?\n]{0,30}\bdabei\b
    | (?:sage|sagen)\b[^.!?\n]{0,60}\bzu\b
    | (?:zusage|zugesagt)
    | (?:melde|melden)\b[^.!?\n]{0,60}\ban\b
    | (?:werde|werden)\b[^.!?\n]{0,60}\b(?:teilnehmen|kommen|dabei\s*sein)
    | freue?n?\s+(?:mich|uns)\s+auf\s+(?:den\s+abend|die\s+veranstaltung|die\s+teilnahme)
    | (?:i|we)(?:'ll|\s+will|\s+am|\s+are|\s+shall)?\s+(?:gladly\s+|happily\s+|be\s+)?
        (?:attend|join|come|coming|attending|participate|there)
    | (?:i|we)\s+accept | happy\s+to\s+(?:attend|join|come) | count\s+me\s+in
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SUBJECTS: tuple[tuple[Meant, re.Pattern[str]], ...] = (
    (Meant.ACCEPT, re.compile(r"^(?:zugesagt|angenommen|accepted|zusage)\s*:", re.IGNORECASE)),
    (
        Meant.DECLINE,
        re.compile(r"^(?:abgelehnt|abgesagt|declined|absage)\s*:", re.IGNORECASE),
    ),
    (
        Meant.TENTATIVE,
        re.compile(
            r"^(?:mit vorbehalt(?: angenommen)?|vorläufig(?: zugesagt)?|tentative(?:ly accepted)?)"
            r"\s*:",
            re.IGNORECASE,
        ),
    ),
)
"""The subjects of calendar answers whose calendar got lost on the way (a gateway, winmail.dat)."""


def body(message: Message) -> str:
    """The message's own words: the plain text, else the HTML without its tags and quotations."""
    for kind, read in (("text/plain", text), ("text/html", _from_html)):
        found = [
            read(part)
            for part in parts(message)
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment"
        ]
        whole = clean_text("\n\n".join(found)[:MOST_TEXT])
        if whole:
            return whole
    return ""


def written(whole: str) -> str:
    """What stands above the quotation and the signature; of a mere quotation nothing."""
    lines = whole.split("\n")
    kept: list[str] = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _QUOTED.match(line[:400]):
            break
        if _WRAPPED_LEAD.match(line[:400]) and _LEAD_END.search(f"{line[:200]} {following[:200]}"):
            break
        kept.append(line)
    return clean_text("\n".join(kept))[:TEXT_LENGTH]


def meaning(words: str, *, subject: str) -> Meant:
    """What the newly written words seem to mean."""
    for meant, pattern in _SUBJECTS:
        if pattern.match(subject):
            return meant
    line = clean_line(words)[:TEXT_LENGTH]
    if "?" in line:
        return Meant.QUESTION
    declines = _DECLINES.search(line) is not None
    # "nehme nicht teil" holds both: what denies is taken out before looking for a yes.
    accepts = _ACCEPTS.search(_DECLINES.sub(" ", line)) is not None
    if declines is accepts:
        return Meant.UNKNOWN
    return Meant.DECLINE if declines else Meant.ACCEPT


def _from_html(part: Message) -> str:
    """Text of HTML without what a mail program quotes. Read tag by tag in one go: Python's own
    parser takes minutes for some purpose-made pages."""
    words: list[str] = []
    skipped, depth, at = "", 0, 0
    source = _without_comments(text(part))
    for tag in _TAG.finditer(source):
        if not skipped:
            words.append(_SPACE.sub(" ", source[at : tag.start()]))
        at = tag.end()
        closing, name = bool(tag[1]), tag[2].lower()
        if skipped:
            depth += (-1 if closing else 1) if name == skipped else 0
            skipped = skipped if depth else ""
        elif not closing and (name in _SKIPPED or _QUOTES.search(tag[3])):
            skipped, depth = name, 1
        elif name in _BREAKS:
            words.append("\n")
    words.append("" if skipped else _SPACE.sub(" ", source[at:]))
    return unescape("".join(words))


def _without_comments(source: str) -> str:
    kept, at = [], 0
    while (start := source.find("<!--", at)) >= 0:
        kept.append(source[at:start])
        end = source.find("-->", start)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join((*kept, source[at:]))
